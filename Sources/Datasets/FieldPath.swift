import JSONBytes

/// A way into lists and objects: `answers.text[0]`, `turns.0.content`, `messages[-1].content`.
struct FieldPath {
  private enum Step {
    case name(String)
    /// From the end where negative.
    case index(Int)
  }

  let first: String
  private var rest: [Step] = []

  /// Nil for a name that is no such way.
  init?(_ text: String) {
    guard text.utf8.contains(where: { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "[") }) else { return nil }
    let parts = text.replacing("[", with: ".[").split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count > 1, let head = parts.first, !head.isEmpty else { return nil }
    first = String(head)
    for part in parts.dropFirst() {
      if part.hasPrefix("[") {
        guard part.hasSuffix("]"), let index = Int(part.dropFirst().dropLast()) else { return nil }
        rest.append(.index(index))
      } else if let index = Int(part) {
        rest.append(.index(index))
      } else {
        guard !part.isEmpty else { return nil }
        rest.append(.name(String(part)))
      }
    }
  }

  /// What stands there; nil where the way ends before.
  func value(in row: JSONValue) -> JSONValue? {
    var value = row.find(first)?.value
    for step in rest {
      switch step {
      case .name(let name): value = value?.find(name)?.value
      case .index(let index):
        // A field may have a number for a name.
        if value?.isObject == true {
          value = value?.find("\(index)")?.value
        } else {
          let elements = value?.elements ?? []
          let position = index < 0 ? elements.count + index : index
          value = elements.indices.contains(position) ? elements[position] : nil
        }
      }
    }
    return value
  }
}
