import ArgumentParser
import Domain

/// Some parameters of a run as options of a command.
protocol ParameterSet {
  static var parameters: [Parameter] { get }
}

/// Every parameter that has an option.
enum AllParameters: ParameterSet {
  static var parameters: [Parameter] { Parameter.all.filter { $0.flag != nil } }
}

/// What says where utilities come from and how they are measured.
enum ScoringParameters: ParameterSet {
  static var parameters: [Parameter] {
    Parameter.all.filter { [.model, .endpoint, .servedModel, .tokenizer, .template, .kernel, .limit].contains($0.id) }
  }
}

/// What the workbench can be opened with.
enum OpeningParameters: ParameterSet {
  static var parameters: [Parameter] {
    Parameter.all.filter { [.model, .endpoint, .servedModel, .tokenizer, .budget, .limit, .method].contains($0.id) }
  }
}

/// Options made from the table of parameters: name, help and completion of each stand there and nowhere else.
///
/// The parser finds a type's options by reflection, and so takes those that a mirror is made of.
struct ParameterOptions<Set: ParameterSet>: ParsableArguments, CustomReflectable {
  /// What was given.
  private(set) var draft = RunDraft()

  private var problem: ErrorReport?

  init() {}

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    for parameter in Set.parameters {
      let given = try container.decode(Option<[String]>.self, forKey: Key(stringValue: parameter.id.rawValue))
        .wrappedValue
      guard let text = given.first else { continue }
      if given.count > 1 {
        note("it is given \(given.count) times", at: parameter, remedy: "Give it once.")
      } else if parameter.problem(with: text) != nil, problem == nil {
        problem = ParameterError(parameter: parameter, text: text).report
      }
      draft[parameter.id] = text
    }
    for id in [Parameter.ID.servedModel, .tokenizer] where draft.isGiven(id) && !draft.isGiven(.endpoint) {
      note("there is no server that it could belong to", at: id.parameter, remedy: "Name one with --endpoint URL.")
    }
    for id in [Parameter.ID.explore, .audit] where draft.isGiven(id) && !draft.isGiven(.neighbours) {
      note(
        "all pairs are scored", at: id.parameter, remedy: "Score a part of them with --neighbours K, or leave it out.")
    }
  }

  /// What is wrong is said when the parser asks: it takes what is thrown in decoding for a fault of its own.
  func validate() throws {
    if let problem { throw problem }
  }

  private mutating func note(_ words: String, at parameter: Parameter, remedy: String) {
    problem = problem ?? ErrorReport(words, at: "--\(parameter.flag ?? "")", remedy: remedy, status: .unusableArguments)
  }

  var customMirror: Mirror {
    Mirror(
      self,
      children: Set.parameters.map { parameter -> Mirror.Child in
        // The command line has no standard budget.
        let standard = parameter.id == .budget ? "" : RunDraft()[parameter.id]
        let help = parameter.meaning(with: .deliftInstruction) + (standard.isEmpty ? "" : " (default: \(standard))")
        return (
          label: "_" + parameter.id.rawValue,
          value: Option<[String]>(
            wrappedValue: [], name: .customLong(parameter.flag ?? parameter.id.rawValue),
            parsing: .unconditionalSingleValue,
            help: ArgumentHelp(stringLiteral: help).named(Self.valueName(of: parameter)),
            completion: Self.completion(of: parameter))
        )
      })
  }

  /// The text of a parameter; nil where it was not given.
  subscript(id: Parameter.ID) -> String? { draft.isGiven(id) ? draft[id] : nil }

  private static func valueName(of parameter: Parameter) -> String {
    switch parameter.kind {
    case .count, .optionalCount, .seed: "n"
    case .real, .positive, .share: "number"
    case .choice(let choices): choices.joined(separator: "|")
    case .budget, .landmarks: "count|share"
    case .projection: "kind:size"
    case .prefilter: "method:share"
    case .labelShares: "list"
    case .text: "name"
    case .address: "url"
    case .folder: "dir"
    case .role, .vectors: "file"
    case .matrix: "npy"
    }
  }

  private static func completion(of parameter: Parameter) -> CompletionKind {
    if let choices = parameter.choices { return .list(choices) }
    if case .folder = parameter.kind { return .directory }
    return parameter.isPath ? .file() : .default
  }

  private struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}

extension ArgumentHelp {
  fileprivate func named(_ valueName: String) -> ArgumentHelp {
    var help = self
    help.valueName = valueName
    return help
  }
}
