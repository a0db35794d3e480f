import Domain
import Foundation
import LanguageModel
import SampleEncoding
import Scoring

/// The model that utilities are measured with: one on this machine, or one behind a server.
enum ModelBackend: Sendable {
  case local(Model, directory: String)
  case remote(Endpoint, ServerAccess)

  /// The model itself, where it is on this machine.
  var model: Model? {
    if case .local(let model, _) = self { model } else { nil }
  }

  func scorer(
    template: PromptTemplate, queries: [Sample], examples: [Sample], queryPath: String?, workers: Int,
    observe: @escaping @Sendable (RunEvent) -> Void = { _ in }
  ) throws -> any UtilityScorer {
    try scorer(
      template: template, queries: queries, contexts: examples.map { [$0] }, measure: .distance, queryPath: queryPath,
      workers: workers, observe: observe)
  }

  /// The same with examples of several samples, one behind the other, and another measure.
  func scorer(
    template: PromptTemplate, queries: [Sample], contexts: [[Sample]], measure: PassMeasure, queryPath: String?,
    workers: Int, observe: @escaping @Sendable (RunEvent) -> Void = { _ in }
  ) throws -> any UtilityScorer {
    switch self {
    case .local(let model, _):
      try LocalScorer(
        model: model, template: template, queries: queries, contexts: contexts, measure: measure, queryPath: queryPath,
        workers: workers)
    case .remote(let endpoint, let access):
      try RemoteScorer(
        endpoint: endpoint, access: access, template: template, queries: queries, contexts: contexts,
        measure: measure, queryPath: queryPath, workers: workers, notice: { observe(.notice($0)) })
    }
  }

  /// What the score cache's list calls its scores.
  func cacheName(template: String) -> String {
    switch self {
    case .local(_, let directory): "\(RunSpecification.absoluteModel(directory)), \(template)"
    case .remote(let endpoint, _): "\(endpoint.model ?? "") at \(endpoint.url), \(template)"
    }
  }

  /// Its context, in words for a note.
  var context: String {
    let tokens: Int? =
      switch self {
      case .local(let model, _): model.configuration.contextLength
      case .remote(let endpoint, _): endpoint.context
      }
    return tokens.map { "the context of \($0) tokens" } ?? "the server's context"
  }
}

extension UtilitySource {
  /// The folder with the model's own words for a chat: the model's, or its tokenizer's.
  var templateDirectory: String? {
    switch self {
    case .model(let directory): directory
    case .endpoint(let endpoint): endpoint.tokenizer
    case .matrices, .embeddings: nil
    }
  }

  /// The template that a model is asked in; nil where none takes part.
  /// Errors: see ``PromptTemplate/named(_:model:)``; `EndpointError` for a chat without a tokenizer.
  func template(_ name: String) throws -> PromptTemplate? {
    switch self {
    case .matrices, .embeddings: nil
    case .endpoint(let endpoint) where name == "chat" && endpoint.tokenizer == nil:
      throw EndpointError.templateNeedsTokenizer(name)
    case .model, .endpoint: try .named(name, model: templateDirectory ?? "")
    }
  }

  /// The same with what the server says of itself, so that a run's record tells which model it was.
  ///
  /// Errors: `EndpointError`; `CancellationError`.
  func resolved(_ access: ServerAccess, cancellation: Cancellation) throws -> UtilitySource {
    guard case .endpoint(let endpoint) = self else { return self }
    return .endpoint(try RemoteScorer.resolve(endpoint, access: access, cancellation: cancellation))
  }
}

extension RunEngine {
  /// The model that a source names; nil for one that was computed elsewhere.
  func backend(of source: UtilitySource?) throws -> ModelBackend? {
    switch source {
    case .model(let directory)?:
      return .local(try Model(directory: directory, precision: precision), directory: directory)
    case .endpoint(let endpoint)?: return .remote(endpoint, access)
    case .matrices?, .embeddings?, nil: return nil
    }
  }
}
