import Domain
import JSONBytes

/// What a field holds, over the rows that were looked at.
package struct FieldSummary: Sendable, Hashable, Codable {
  /// Fields of objects have a way: `meta.source`.
  package var name: String
  /// How many rows hold text, a number, true or false, a list, an object, null.
  package var kinds: [String: Int] = [:]
  /// Rows in which there is something: not null, no empty text, list or object.
  package var filled = 0
  /// Values, cut after some characters.
  package var examples: [String] = []
  /// What it is read for; nil where nothing reads it.
  package var role: String?
}

extension DatasetFile {
  /// Rows of each file that are looked at for its fields.
  package static let rowsForFields = 100_000
  private static let mostFields = 500
  private static let exampleLength = 80

  /// The fields of the rows in the order they come, those of objects in rows among them.
  ///
  /// `limit`: so many rows of each file. Errors: those of reading; a row that is no object has no fields.
  package func fields(limit: Int = rowsForFields, cancellation: Cancellation? = nil) throws -> [FieldSummary] {
    let json: JSONReader
    do { json = try JSONReader() } catch { throw DatasetError.outOfMemory(path: summary.path) }
    var fields: [FieldSummary] = []
    var places: [String: Int] = [:]
    func note(_ name: String, _ value: JSONValue) {
      guard let place = places[name] ?? (fields.count < Self.mostFields ? fields.count : nil) else { return }
      if place == fields.count {
        places[name] = place
        fields.append(FieldSummary(name: name))
      }
      fields[place].kinds[Self.kind(value), default: 0] += 1
      if Self.isFilled(value) {
        fields[place].filled += 1
        if fields[place].examples.count < 3 {
          let text = value.scalarText ?? value.json
          let cut = text.count > Self.exampleLength ? text.prefix(Self.exampleLength) + "…" : text[...]
          if !fields[place].examples.contains(String(cut)) { fields[place].examples.append(String(cut)) }
        }
      }
    }
    let bytes = RowBytes(files)
    for file in files {
      let rows = file.indices.lowerBound..<min(file.indices.upperBound, file.first.advanced(by: limit))
      try bytes.forEach(rows) { row, _, bytes throws(DatasetError) in
        guard let bytes, let object = try? json.read(bytes), object.isObject else { return true }
        object.forEachChild { name, value in
          guard let name else { return }
          note(name, value)
          if value.isObject {
            value.forEachChild { inner, value in if let inner { note("\(name).\(inner)", value) } }
          }
        }
        return row.value & 1023 != 0 || cancellation?.isCancelled != true
      }
      try cancellation?.check()
    }
    let roles = roles
    for place in fields.indices {
      let name = fields[place].name
      fields[place].role =
        roles.first { $0.field == name }?.role
        ?? roles.first { $0.field.hasPrefix(name + ".") || $0.field.hasPrefix(name + "[") }?.role
    }
    return fields
  }

  /// What fields are read for, in all files.
  package var roles: [(field: String, role: String)] {
    var roles: [(field: String, role: String)] = []
    for file in files {
      for role in file.layout.roles where !roles.contains(where: { $0.field == role.field }) { roles.append(role) }
    }
    return roles
  }

  /// The same of one of the files.
  package func roles(ofFile number: Int) -> [(field: String, role: String)] { files[number].layout.roles }

  private static func kind(_ value: JSONValue) -> String {
    switch value.kind {
    case .null: "null"
    case .bool: "true or false"
    case .string: "text"
    case .array: "list"
    case .object: "object"
    default: "number"
    }
  }

  private static func isFilled(_ value: JSONValue) -> Bool {
    switch value.kind {
    case .null: return false
    case .string: return value.text?.isBlank == false
    case .array: return !value.elements.isEmpty
    case .object:
      var isEmpty = true
      value.forEachMember { _, _ in isEmpty = false }
      return !isEmpty
    default: return true
    }
  }
}

extension RowLayout {
  /// What fields are read for.
  var roles: [(field: String, role: String)] {
    let beside: [(String?, String)] = [
      (system, "system prompt"), (history, "exchanges before the prompt"), (tools, "tools that may be called"),
      (wanted, "whether the answer is wanted"), (label, "label"), (id, "identifier"),
    ]
    return Schema(name: schema, users: "", shape: shape).roles
      + beside.compactMap { field, role in field.map { (field: $0, role: role) } }
  }
}
