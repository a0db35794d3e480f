import Domain
import Tokenizers

/// Lengths of responses: in tokens of a model's tokenizer, or in words where no model is named.
struct LengthMeasure: Sendable {
  private let tokenizer: Tokenizer?

  /// Errors: `TokenizerError`; `WorkbenchError.cannotCombine` for a server.
  init(_ specification: RunSpecification) throws {
    switch specification.source {
    case .model(let directory)?: tokenizer = try Tokenizer(directory: directory)
    case .endpoint?:
      throw WorkbenchError.cannotCombine(
        "--method \(specification.method.rawValue)", "--endpoint", "tokens are counted here, with --model or not at all"
      )
    case .matrices?, .embeddings?, nil: tokenizer = nil
    }
  }

  func lengths(of samples: [Sample], in context: RunContext) throws -> [Int] {
    context.say(
      tokenizer == nil ? "lengths are counted in words (tokens: --model DIR)" : "lengths are counted in tokens")
    let clock = context.clock(.tokenize, unit: "samples")
    var lengths = [Int](repeating: 0, count: samples.count)
    try context.workers.fill(
      &lengths, by: 64, cancellation: context.cancellation, progress: { clock.advance($0, of: samples.count) }
    ) { rows, lengths, _ in
      for (row, line) in zip(rows, lengths.indices) {
        let text = samples[row].response
        lengths[line] = tokenizer.map { $0.encode(text).count } ?? text.split(whereSeparator: \.isWhitespace).count
      }
    }
    return lengths
  }
}
