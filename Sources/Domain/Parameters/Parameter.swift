/// A parameter of a run: what the form shows, what the command line takes, how it is checked, and where its value lives. All of
/// them stand in ``all``, a line each.
package struct Parameter: Sendable, Identifiable {
  /// Names a parameter, in sessions too.
  package struct ID: RawRepresentable, Sendable, Hashable, Codable, ExpressibleByStringLiteral {
    package var rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
    package init(stringLiteral value: String) { rawValue = value }
  }

  package let id: ID
  /// Its name in the form.
  package let title: String
  /// Its option on the command line, without dashes; nil where other options say it.
  package let flag: String?
  package let kind: Kind
  /// The value where none is given; empty where nothing has a meaning of its own.
  let standard: @Sendable (RunDraft) -> String
  /// What an empty value stands for, in a few words, for a pool of so many rows.
  let empty: @Sendable (RunDraft, Int?) -> String?
  let meaning: @Sendable (Method) -> String
  let applies: @Sendable (RunDraft) -> Bool
  let value: Value

  /// - Parameters:
  ///   - flag: nil for the identifier with dashes.
  ///   - value: where it lives in a specification.
  ///   - applies: whether it has a say in such a run.
  init(
    _ id: ID, _ title: String, _ kind: Kind, _ standard: String = "", at value: Value = .elsewhere,
    flag: String? = nil, empty: String? = nil, when applies: @escaping @Sendable (RunDraft) -> Bool = { _ in true },
    _ meaning: String
  ) {
    self.init(
      id, title, kind, standard: { _ in standard }, at: value, flag: flag, empty: { _, _ in empty }, when: applies
    ) { _ in meaning }
  }

  init(
    _ id: ID, _ title: String, _ kind: Kind, standard: @escaping @Sendable (RunDraft) -> String = { _ in "" },
    at value: Value = .elsewhere, flag: String? = nil,
    empty: @escaping @Sendable (RunDraft, Int?) -> String? = { _, _ in nil },
    when applies: @escaping @Sendable (RunDraft) -> Bool = { _ in true },
    meaning: @escaping @Sendable (Method) -> String
  ) {
    self.id = id
    self.title = title
    self.flag = flag == "" ? nil : flag ?? Self.dashed(id.rawValue)
    self.kind = kind
    self.standard = standard
    self.empty = empty
    self.meaning = meaning
    self.applies = applies
    self.value = value
  }

  private static func dashed(_ name: String) -> String {
    name.reduce(into: "") { $0 += $1.isUppercase ? "-" + $1.lowercased() : String($1) }
  }

  private static let byID = Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0) })

  /// The parameter of an identifier; nil where an older session names one that is gone.
  package static func named(_ id: ID) -> Parameter? { byID[id] }
}

extension Parameter.ID {
  /// The parameter of an identifier that the table has.
  package var parameter: Parameter {
    guard let parameter = Parameter.named(self) else { preconditionFailure("there is no parameter \(rawValue)") }
    return parameter
  }
}

extension Parameter {
  /// What values it can have.
  package enum Kind: Sendable {
    /// A whole number from a least one up.
    case count(from: Int)
    /// The same, or nothing.
    case optionalCount(from: Int)
    /// A seed: any whole number of 64 bits.
    case seed
    /// A number of 0 and above.
    case real
    /// A number above 0; or nothing, if it is optional.
    case positive(isOptional: Bool)
    /// A number between 0 and 1, both excluded.
    case share
    case choice([String])
    case budget
    /// A count, a share, all, or nothing.
    case landmarks
    case projection
    /// A method and a share, or nothing.
    case prefilter
    case labelShares
    case text
    case address
    /// The file of a role, which is opened as it is named.
    case role(DatasetRole)
    case folder(isOptional: Bool)
    /// A file of numbers; for matrices its name ends in `.npy`.
    case matrix
    case vectors(isOptional: Bool)

    static func choice<Value: CaseIterable & RawRepresentable<String>>(of type: Value.Type) -> Kind {
      .choice(type.allCases.map(\.rawValue))
    }
  }

  /// Where a value lives in a specification, and how it is read from a text that its kind takes.
  package struct Value: Sendable {
    let put: @Sendable (String, inout RunSpecification) -> Void
    let text: @Sendable (RunSpecification) -> String?

    /// It is put together with others, by the draft.
    static let elsewhere = Value(put: { _, _ in }, text: { _ in nil })

    typealias Path<Root> = WritableKeyPath<RunSpecification, Root> & Sendable

    static func parsed<Wrapped: Sendable>(
      _ path: Path<Wrapped>, text: @escaping @Sendable (Wrapped) -> String?,
      _ parse: @escaping @Sendable (String) -> Wrapped?
    ) -> Value {
      Value(
        put: { text, run in if let value = parse(text) { run[keyPath: path] = value } },
        text: { text($0[keyPath: path]) })
    }

    static func at(_ path: Path<Double>) -> Value { parsed(path, text: { "\($0)" }) { Double($0) } }
    static func at(_ path: Path<Double?>) -> Value { parsed(path, text: { $0.map { "\($0)" } }) { Double($0) } }
    static func at(_ path: Path<Int>) -> Value { parsed(path, text: { "\($0)" }) { Int($0) } }
    static func at(_ path: Path<Int?>) -> Value { parsed(path, text: { $0.map { "\($0)" } }) { Int($0) } }
    static func at(_ path: Path<UInt64>) -> Value { parsed(path, text: { "\($0)" }) { UInt64($0) } }
    static func at(_ path: Path<String>) -> Value { parsed(path, text: { $0 }) { $0 } }
    static func at(_ path: Path<String?>) -> Value { parsed(path, text: { $0 }) { $0.isEmpty ? nil : .some($0) } }
    static func at<Choice: RawRepresentable<String> & Sendable>(_ path: Path<Choice>) -> Value {
      parsed(path, text: { $0.rawValue }) { Choice(rawValue: $0) }
    }
  }
}

extension Parameter {
  /// The values to choose among; nil where text is typed.
  package var choices: [String]? { if case .choice(let choices) = kind { choices } else { nil } }

  /// The role whose file it names.
  package var role: DatasetRole? { if case .role(let role) = kind { role } else { nil } }

  /// Whether what is typed is a path, so that it can be completed.
  package var isPath: Bool {
    switch kind {
    case .role, .folder, .matrix, .vectors: true
    default: false
    }
  }

  /// Whether white space in what is typed can mean something.
  package var keepsSpace: Bool {
    if case .labelShares = kind { return true }
    return isPath
  }

  /// What it can be, in a few words.
  package var bounds: String {
    switch kind {
    case .count(let least): "a whole number from \(least) up"
    case .optionalCount(let least): "a whole number from \(least) up, or nothing"
    case .seed: "a whole number from 0 up"
    case .real: "0 and above"
    case .positive(let isOptional): isOptional ? "above 0, or nothing" : "above 0"
    case .share: "between 0 and 1"
    case .choice(let choices): choices.joined(separator: ", ")
    case .budget: "a count of rows, or a share such as 10% or 0.1"
    case .landmarks: "a count, a share, all, or nothing"
    case .projection: "hadamard:8192, rademacher:4096, or nothing"
    case .prefilter: "a method and a share, such as rds:20%, or nothing"
    case .labelShares: "label=number, label=number, or nothing"
    case .text: "a name, or nothing"
    case .address: "http://… or https://…"
    case .role: "a file"
    case .folder(let isOptional): isOptional ? "a folder, or nothing" : "a folder"
    case .matrix: "a .npy file"
    case .vectors(let isOptional):
      isOptional ? "a .npy or .safetensors file, or nothing" : "a .npy or .safetensors file"
    }
  }

  /// What is wrong with a value, said so that it can be mended; nil if nothing is. One rule for form and command line.
  package func problem(with text: String) -> String? {
    func unless(_ holds: Bool, _ words: String) -> String? { holds ? nil : words }
    switch kind {
    case .count(let least): return unless(Int(text).map { $0 >= least } == true, "A whole number from \(least) up.")
    case .optionalCount(let least):
      return unless(
        text.isEmpty || Int(text).map { $0 >= least } == true, "A whole number from \(least) up, or nothing.")
    case .seed: return unless(UInt64(text) != nil, "A whole number from 0 up.")
    case .real: return unless(Self.number(text).map { $0 >= 0 } == true, "A number from 0 up.")
    case .positive(let isOptional):
      return unless(isOptional && text.isEmpty || Self.number(text).map { $0 > 0 } == true, "A number above 0.")
    case .share: return unless(Self.number(text).map { $0 > 0 && $0 < 1 } == true, "A number between 0 and 1.")
    case .choice(let choices): return unless(choices.contains(text), "Not one of \(choices.joined(separator: ", ")).")
    case .budget:
      if text.isEmpty { return "Give a count (120) or a share (10%)." }
      do throws(ErrorReport) { _ = try Budget(parsing: text) } catch { return error.problem }
      return nil
    case .landmarks:
      let isGood = text.isEmpty || text == "all" || (try? Budget(parsing: text)) != nil
      return unless(isGood, "A count (200), a share (5%), all, or nothing.")
    case .projection:
      return unless(
        text.isEmpty || (try? ProjectionSetting(parsing: text)) != nil,
        "hadamard or rademacher, a colon and a size, as in hadamard:8192; or nothing.")
    case .prefilter:
      return unless(
        text.isEmpty || Prefilter(parsing: text) != nil,
        "A method, a colon and a share or count, as in rds:20%; or nothing. Methods: "
          + "\(Prefilter.methods.map(\.rawValue).joined(separator: ", ")).")
    case .labelShares:
      return unless(LabelShares.parse(text) != nil, "Labels with numbers above 0: sort-words=2, add-numbers=1.")
    case .address:
      let isAddress = ["http://", "https://"].contains { text.hasPrefix($0) && text.count > $0.count }
      return unless(isAddress, "An address such as http://localhost:8000/v1.")
    case .folder(let isOptional): return unless(isOptional || !text.isEmpty, "Name a model folder.")
    case .matrix:
      if text.isEmpty { return "Name a .npy file." }
      return unless(text.hasSuffix(".npy"), "The name of a .npy file ends in .npy.")
    case .vectors(let isOptional):
      return unless(isOptional || !text.isEmpty, "Name the file of the target's gradients.")
    case .text, .role: return nil
    }
  }

  private static func number(_ text: String) -> Double? { Double(text).flatMap { $0.isFinite ? $0 : nil } }

  /// What it means, for someone who has not read the paper.
  package func meaning(with method: Method) -> String { meaning(method) }

  /// What an empty value stands for; nil where it is never empty or has no meaning.
  package func emptyText(in draft: RunDraft, rows: Int?) -> String? { empty(draft, rows) }

  /// Whether it has a say in such a run.
  package func applies(to draft: RunDraft) -> Bool { applies(draft) }
}

/// Shares by label, as in `sort-words=2, add-numbers=1`.
package enum LabelShares {
  /// Blanks around labels and numbers do not count; a label that is named twice or a share that is not above 0 makes it none.
  package static func parse(_ text: String) -> [String: Double]? {
    var shares: [String: Double] = [:]
    for part in text.split(separator: ",") {
      guard let sign = part.lastIndex(of: "="),
        let share = Double(String(part[part.index(after: sign)...]).trimmingSpaces()), share.isFinite, share > 0,
        shares.updateValue(share, forKey: String(part[..<sign]).trimmingSpaces()) == nil
      else { return nil }
    }
    return shares
  }

  /// What ``parse(_:)`` reads, in the order of the labels.
  package static func text(_ shares: [String: Double]) -> String {
    shares.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
  }
}
