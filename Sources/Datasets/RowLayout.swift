import Domain

/// Which fields of a row hold what: found by looking at the first rows, then applied to all.
struct RowLayout: Sendable, Hashable {
  /// Where question and answer stand.
  enum Shape: Sendable, Hashable {
    case fields(instruction: String, input: String?, response: String)
    /// A list of turns; the last assistant turn is the response.
    case chat(turns: String)
  }

  var schema: RowSchema
  var shape: Shape
  var id: String?
  var label: String?

  /// The shape of a schema, the more telling ones first: of two that fit the same rows, the earlier is meant.
  static let known: [(schema: RowSchema, shape: Shape)] = [
    (.messages, .chat(turns: "messages")),
    (.alpaca, .fields(instruction: "instruction", input: "input", response: "output")),
    (.promptCompletion, .fields(instruction: "prompt", input: nil, response: "completion")),
    (.promptResponse, .fields(instruction: "prompt", input: nil, response: "response")),
    (.questionAnswer, .fields(instruction: "question", input: nil, response: "answer")),
    (.inputOutput, .fields(instruction: "input", input: nil, response: "output")),
    (.inputTarget, .fields(instruction: "input", input: nil, response: "target")),
    (.inputsTargets, .fields(instruction: "inputs", input: nil, response: "targets")),
  ]

  /// Fields that are taken for a label when no one says, the first that the data has.
  static let labelNames = ["family", "task", "category", "source", "dataset"]
}

extension RowLayout.Shape {
  /// Fields without which a row does not have this shape.
  fileprivate var required: [String] {
    switch self {
    case .fields(let instruction, _, let response): [instruction, response]
    case .chat(let turns): [turns]
    }
  }

  fileprivate var all: Set<String> {
    switch self {
    case .fields(let instruction, let input, let response): Set([instruction, input, response].compactMap(\.self))
    case .chat(let turns): [turns]
    }
  }
}

/// Counts the fields of the first rows, and says which layout fits most of them.
struct LayoutSurvey {
  private var rows = 0
  private var fits = [Int](repeating: 0, count: RowLayout.known.count)
  /// Field names in the order they came, and how many rows have a scalar there.
  private var names: [String] = []
  private var scalars: [String: Int] = [:]

  /// Takes a row into account; what is not an object has no fields.
  mutating func look(at row: JSONValue) {
    var present: Set<String> = []
    row.forEachChild { name, value in
      guard let name else { return }
      present.insert(name)
      if scalars[name] == nil {
        names.append(name)
        scalars[name] = 0
      }
      if value.scalarText != nil { scalars[name, default: 0] += 1 }
    }
    rows += 1
    for (place, known) in RowLayout.known.enumerated() where known.shape.required.allSatisfy(present.contains) {
      fits[place] += 1
    }
  }

  /// The names of all fields seen.
  var fields: [String] { names }

  /// The layout that fits most rows; nil if none fits any.
  var layout: RowLayout? {
    guard let most = fits.max(), most > 0, let place = fits.firstIndex(of: most) else { return nil }
    let (schema, shape) = RowLayout.known[place]
    let used = shape.all
    // A label or id that only some odd rows have is none.
    func common(_ name: String) -> Bool { !used.contains(name) && scalars[name, default: 0] * 2 > rows }
    return RowLayout(
      schema: schema, shape: shape, id: common("id") ? "id" : nil, label: RowLayout.labelNames.first(where: common))
  }
}
