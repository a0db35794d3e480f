import Domain
import JSONBytes

/// Looks fields up in rows as they stand in their file. For one thread at a time.
package final class RowFieldReader {
  private let bytes: RowBytes
  /// The row that was looked at last.
  private var last: (row: RowIndex, json: JSON?)?

  package init(_ file: DatasetFile) { bytes = RowBytes(file.files) }

  /// The texts at a path of field names and list indices: one for a text, a number or a truth value, of a list those of its
  /// elements, and none where nothing stands there or the row is no JSON.
  package func texts(of row: RowIndex, at path: [String]) -> [String] {
    if last?.row != row {
      let json: JSON? = (try? bytes.copy(of: row)).flatMap { copy in
        copy.withUnsafeBytes { buffer in
          do { return try JSON.parse(buffer) } catch { return nil }
        }
      }
      last = (row, json)
    }
    guard let json = last?.json else { return [] }
    return json.texts(at: path[...])
  }
}

extension JSON {
  /// A name that a list is asked for is looked up in each of its elements.
  fileprivate func texts(at path: ArraySlice<String>) -> [String] {
    guard let step = path.first else { return ownTexts }
    let rest = path.dropFirst()
    if let list = array {
      if let index = Int(step) { return list.indices.contains(index) ? list[index].texts(at: rest) : [] }
      return list.flatMap { $0.texts(at: path) }
    }
    // A name may have dots in it itself.
    if !rest.isEmpty, let found = self[path.joined(separator: ".")] { return found.ownTexts }
    return self[step]?.texts(at: rest) ?? []
  }

  private var ownTexts: [String] {
    switch self {
    case .null: []
    case .bool(let value): [value ? "true" : "false"]
    case .number(let value): [Int(exactly: value).map(String.init) ?? String(value)]
    case .string(let bytes): [String(decoding: bytes, as: UTF8.self)]
    case .array(let list): list.flatMap(\.ownTexts)
    case .object: []
    }
  }
}
