import Domain
import JSONBytes

/// Trees of messages, each an answer to its parent (OpenAssistant): a chat is the path from the first message along the answers that people
/// ranked best.
enum MessageTree {
  /// The path from a message with `replies` down; it ends with the last answer of an assistant.
  static func bestPath(from root: JSONValue) throws(RowProblem) -> [Turn] {
    var turns: [Turn] = []
    var message: JSONValue? = root
    while let said = message {
      guard let text = try said.textField("text"), let role = try said.textField("role") else {
        throw RowProblem(reason: "message \(turns.count + 1) of the path has no \"text\" or no \"role\"")
      }
      turns.append(Turn(role: JSONValue.role(role), content: text))
      let replies = said.find("replies")?.value.elements ?? []
      message = replies.filter { !$0.isDeleted }.min { $0.rank < $1.rank }
    }
    return turns
  }

  /// A message as it stands in a file with a row each.
  private struct Message {
    var row: Int
    var rank: Double
  }

  /// A row for each first message of a file with a row a message, on the line of its first message: `messages`, with its id and language.
  static func convert(
    _ file: ByteFile, _ index: RowOffsets, limit: Int?
  ) throws(DatasetError) -> (file: ByteFile, rows: RowOffsets, messages: Int) {
    let json: JSONReader
    do { json = try JSONReader() } catch { throw .outOfMemory(path: file.path) }
    var roots: [(id: String, row: Int)] = []
    var best: [String: (id: String, message: Message)] = [:]
    let conversion = try RowConversion(from: file.path, limit: limit)
    var faults: [(row: Int, reason: String)] = []
    try RowReader(file: file, index: index).forEach(0..<index.count) { row, bytes throws(DatasetError) in
      guard let bytes, index.faults[row] == nil, let message = try? json.read(bytes),
        let id = message.find("message_id")?.value.scalarText
      else {
        faults.append((row, index.faults[row] ?? "the row is no message with a \"message_id\""))
        return true
      }
      if message.isDeleted { return true }
      let own = Message(row: row, rank: message.rank)
      guard let parent = message.find("parent_id")?.value.scalarText, !parent.isEmpty else {
        roots.append((id, row))
        return true
      }
      // Of equals the first in the file counts.
      if best[parent].map({ own.rank < $0.message.rank }) ?? true { best[parent] = (id, own) }
      return true
    }
    let reader = RowReader(file: file, index: index)
    for root in roots {
      conversion.append("{\"id\": ")
      conversion.append(string: root.id)
      var next: (id: String, row: Int)? = root
      // A message may name itself, or one below it, for its parent.
      var seen: Set<String> = []
      var isFirst = true
      while let (id, row) = next, seen.insert(id).inserted {
        try reader.forEach(row..<row + 1) { _, bytes throws(DatasetError) in
          guard let bytes, let message = try? json.read(bytes) else { return true }
          if isFirst {
            if let language = message.find("lang")?.value.text {
              conversion.append(", \"lang\": ")
              conversion.append(string: language)
            }
            conversion.append(", \"messages\": [")
          } else {
            conversion.append(", ")
          }
          isFirst = false
          conversion.append("{\"role\": ")
          conversion.append(string: JSONValue.role(message.find("role")?.value.text ?? ""))
          conversion.append(", \"content\": ")
          conversion.append(string: message.find("text")?.value.text ?? "")
          conversion.append("}")
          return true
        }
        next = best[id].map { ($0.id, $0.message.row) }
      }
      conversion.append("]}")
      try conversion.endRow(line: index.line(of: root.row))
    }
    for fault in faults {
      conversion.refuse(fault.reason)
      try conversion.endRow(line: index.line(of: fault.row))
    }
    let (converted, rows) = try conversion.finish()
    return (converted, rows, index.count)
  }
}

extension JSONValue {
  fileprivate var isDeleted: Bool { find("deleted")?.value.bool == true }

  /// 0 for the best answer; what was not ranked comes last.
  fileprivate var rank: Double {
    let rank = find("rank")?.value.number ?? .nan
    return rank.isNaN ? .infinity : rank
  }
}
