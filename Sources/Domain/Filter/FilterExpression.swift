/// Which rows are meant, in the one language of search, filter and `winnow rows`: words and regular expressions
/// (`label:noise`), numbers (`len>200`), what was chosen (`chosen`, `run:3`, `in:A&!B`) and what was marked (`pin`,
/// `tag:x`), joined by `and`, `or`, `not` and parentheses.
package struct FilterExpression: Sendable, Hashable {
  /// As it was typed.
  package let text: String
  let root: Node

  /// Reads what was typed. Errors: ``FilterProblem`` with the character where reading stopped.
  package init(parsing text: String) throws(FilterProblem) {
    self.text = text
    root = try FilterParser.parse(text)
  }

  indirect enum Node: Sendable, Hashable {
    case both([Node])
    case either([Node])
    case not(Node)
    case test(Test)
  }

  enum Test: Sendable, Hashable {
    /// Taken by the run that is looked at.
    case chosen
    /// Taken by the run of this number; by any run, or by none.
    case run(Int64), anyRun, noRun
    case sets(SetExpression)
    case pinned, banned
    case tag(TextTest)
    /// The same words as an earlier row.
    case duplicate
    /// No sample can be read from it.
    case unreadable
    case text(Field, TextTest)
    case number(Quantity, Relation, Double)
    /// A field that has this very text.
    case equals(Field, String)
    /// One that has a text, and another one.
    case differs(Field, String)
  }

  /// Where a text is looked for.
  enum Field: Sendable, Hashable {
    /// Prompt, response, label and id.
    case all
    case label, id, prompt, response
    /// A field of the row as it stands in its file; steps into objects and lists.
    case named([String])

    init(_ name: String) {
      switch name {
      case "label": self = .label
      case "id": self = .id
      case "prompt": self = .prompt
      case "response": self = .response
      default: self = .named(name.split(separator: ".").map(String.init))
      }
    }
  }

  /// A number that a row has.
  enum Quantity: Sendable, Hashable {
    /// As the survey of the file counts it: tokens with a model, otherwise characters.
    case length
    case words, characters
    /// Of the run that is looked at; a row that it did not take has none.
    case gain, weight, rank
    /// Rows with the same words, this one among them.
    case copies
    case field([String])

    init(_ name: String) {
      switch name {
      case "len", "length", "tokens": self = .length
      case "words": self = .words
      case "chars": self = .characters
      case "gain": self = .gain
      case "weight": self = .weight
      case "rank": self = .rank
      case "copies": self = .copies
      default: self = .field(name.split(separator: ".").map(String.init))
      }
    }

    /// Whether it is a number that every row has, and no field of the file.
    var isKnown: Bool {
      if case .field = self { return false }
      return true
    }
  }

  enum Relation: String, Sendable, Hashable, CaseIterable {
    case atMost = "<=", atLeast = ">=", differs = "!=", below = "<", above = ">", equals = "="

    func holds(_ left: Double, _ right: Double) -> Bool {
      switch self {
      case .atMost: left <= right
      case .atLeast: left >= right
      case .differs: left != right
      case .below: left < right
      case .above: left > right
      case .equals: left == right
      }
    }
  }

  /// Runs by letter (as Compare has them) or number, with `&`, `|` and `!`.
  indirect enum SetExpression: Sendable, Hashable {
    /// By its place among the compared runs.
    case compared(Int)
    case number(Int64)
    case none, any, all
    case both([SetExpression])
    case either([SetExpression])
    case not(SetExpression)
  }
}

/// Why a filter can't be used, and at which character it goes wrong.
package struct FilterProblem: ReportableError, Hashable {
  /// A clause without a full stop.
  package var reason: String
  package var remedy: String
  /// Counted from 1; nil where it is not in the text.
  package var character: Int?

  package init(_ reason: String, remedy: String, character: Int? = nil) {
    self.reason = reason
    self.remedy = remedy
    self.character = character
  }

  package var report: ErrorReport {
    ErrorReport(
      reason, at: character.map { "character \($0) of the filter" } ?? "the filter", remedy: remedy,
      status: .unusableArguments)
  }
}

extension FilterExpression {
  /// What must be known beside the rows themselves.
  package struct Needs: Sendable, Hashable {
    /// The length of each row, as a survey counts it.
    package var length = false
    /// Which rows have the same words.
    package var copies = false
    /// Runs, marks or tags: an answer changes with them.
    package var context = false
    /// The row's sample, or the row as it stands in its file.
    package var sample = false
    /// First steps of the fields that are looked up in the file's rows.
    package var fields: [String] = []
  }

  package var needs: Needs {
    var needs = Needs()
    root.gather(&needs)
    return needs
  }

  /// Nil where it can be answered with what is known of runs; otherwise what is missing.
  package func problem(in context: FilterContext) -> FilterProblem? { root.problem(in: context) }
}

extension FilterExpression.Node {
  fileprivate func gather(_ needs: inout FilterExpression.Needs) {
    switch self {
    case .both(let parts), .either(let parts): for part in parts { part.gather(&needs) }
    case .not(let part): part.gather(&needs)
    case .test(let test):
      switch test {
      case .chosen, .run, .anyRun, .noRun, .sets, .pinned, .banned, .tag: needs.context = true
      case .duplicate: needs.copies = true
      case .unreadable: needs.sample = true
      case .text(let field, _), .equals(let field, _), .differs(let field, _):
        needs.sample = true
        if case .named(let steps) = field { needs.fields += steps.prefix(1) }
      case .number(let quantity, _, _):
        switch quantity {
        case .length: needs.length = true
        case .words, .characters: needs.sample = true
        case .gain, .weight, .rank: needs.context = true
        case .copies: needs.copies = true
        case .field(let steps): needs.fields += steps.prefix(1)
        }
      }
    }
  }

  fileprivate func problem(in context: FilterContext) -> FilterProblem? {
    switch self {
    case .both(let parts), .either(let parts): return parts.lazy.compactMap { $0.problem(in: context) }.first
    case .not(let part): return part.problem(in: context)
    case .test(.chosen) where context.current == nil, .test(.number(.gain, _, _)) where context.current == nil,
      .test(.number(.weight, _, _)) where context.current == nil,
      .test(.number(.rank, _, _)) where context.current == nil:
      return FilterProblem(
        "there is no run that chose rows of this file", remedy: "Make one, or name one by its number.")
    case .test(.run(let number)): return context.problem(withRun: number)
    case .test(.sets(let sets)): return sets.problem(in: context)
    case .test: return nil
    }
  }
}

extension FilterExpression.SetExpression {
  fileprivate func problem(in context: FilterContext) -> FilterProblem? {
    switch self {
    case .both(let parts), .either(let parts): return parts.lazy.compactMap { $0.problem(in: context) }.first
    case .not(let part): return part.problem(in: context)
    case .number(let number): return context.problem(withRun: number)
    case .compared(let place) where !context.compared.indices.contains(place):
      let count = context.compared.count
      return FilterProblem(
        "there is no run \(FilterContext.letter(place))",
        remedy: count == 0
          ? "No runs are compared." : "The compared runs are A to \(FilterContext.letter(count - 1)).")
    case .compared, .none, .any, .all: return nil
    }
  }
}

/// Written as it was typed.
extension FilterExpression: Codable {
  package init(from decoder: any Decoder) throws {
    try self.init(parsing: decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
