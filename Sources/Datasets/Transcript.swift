import Domain
import Glibc

/// A chat in one text, told apart by marks where each speaker begins: `\n\nHuman: … \n\nAssistant: …`, `<|im_start|>user … <|im_end|>`,
/// `### Instruction: … ### Response: …` and the like.
struct Transcript {
  /// How speakers are marked, one way an entry.
  private struct Marks: Sendable {
    /// What opens a turn, and whose it is.
    var openings: [(mark: String, role: String)]
    /// What closes one, and is no part of it.
    var closings: [String] = []
    /// Marks stand at the start of a line.
    var areOnLines = true
  }

  private static let known: [Marks] = [
    Marks(
      openings: [
        ("<|im_start|>system\n", "system"), ("<|im_start|>user\n", "user"), ("<|im_start|>assistant\n", "assistant"),
        ("<|im_start|>tool\n", "tool"),
      ], closings: ["<|im_end|>", "<|endoftext|>"], areOnLines: false),
    Marks(
      openings: ["system", "user", "assistant", "ipython"].map {
        ("<|start_header_id|>\($0)<|end_header_id|>\n\n", $0 == "ipython" ? "tool" : $0)
      }, closings: ["<|eot_id|>", "<|begin_of_text|>", "<|end_of_text|>"], areOnLines: false),
    Marks(
      openings: [("<start_of_turn>user\n", "user"), ("<start_of_turn>model\n", "assistant")],
      closings: ["<end_of_turn>", "<bos>", "<eos>"], areOnLines: false),
    Marks(
      openings: [("<|system|>", "system"), ("<|user|>", "user"), ("<|assistant|>", "assistant")],
      closings: ["</s>", "<s>", "<|end|>", "<|endoftext|>"], areOnLines: false),
    Marks(
      openings: [("[INST]", "user"), ("[/INST]", "assistant")], closings: ["</s>", "<s>"], areOnLines: false),
    Marks(
      openings: [
        ("### Instruction:", "instruction"), ("### Input:", "input"), ("### Response:", "assistant"),
        ("### Output:", "assistant"),
      ], closings: ["</s>", "<|endoftext|>", "### End"]),
    Marks(
      openings: [
        ("### Human:", "user"), ("### User:", "user"), ("### Assistant:", "assistant"), ("### System:", "system"),
      ], closings: ["</s>", "<|endoftext|>"], areOnLines: false),
    Marks(
      openings: [("Human:", "user"), ("Assistant:", "assistant"), ("System:", "system")], closings: ["<|endoftext|>"]),
    Marks(
      openings: [("USER:", "user"), ("ASSISTANT:", "assistant"), ("SYSTEM:", "system")], closings: ["</s>"],
      areOnLines: false),
  ]

  /// A task with what it works on, where the marks are those of one.
  struct Instruction {
    var instruction: String
    var input: String
    var response: String
  }

  private(set) var turns: [Turn] = []
  private(set) var instruction: Instruction?
  /// Words of a template before the first instruction, which are no part of it.
  private(set) var hasTemplateWords = false

  /// Nil for a text without marks of both user and assistant. A `prompt` may end with the assistant's mark, and need not have it.
  init?(_ text: String, isPrompt: Bool = false) {
    let bytes = Array(text.utf8)
    for marks in Self.known {
      guard let pieces = Self.pieces(of: bytes, marks) else { continue }
      let roles = Set(pieces.map(\.role))
      guard roles.contains("user") || roles.contains("instruction"),
        roles.contains("assistant") || isPrompt && pieces.first?.role.isEmpty == false
      else { continue }
      take(pieces, isPrompt: isPrompt)
      return
    }
    return nil
  }

  /// What stands between the marks, the words before the first one with an empty role; nil where the first mark of all is missing.
  private static func pieces(of bytes: [UInt8], _ marks: Marks) -> [(role: String, text: String)]? {
    let openings = marks.openings.map { (mark: Array($0.mark.utf8), role: $0.role) }
    // Most texts have none.
    guard openings.contains(where: { contains(bytes, $0.mark) }) else { return nil }
    var pieces: [(role: String, text: String)] = []
    var role = ""
    var start = 0
    func close(at end: Int) {
      var piece = String(decoding: bytes[start..<end], as: UTF8.self)
      for closing in marks.closings { piece = piece.replacing(closing, with: "") }
      pieces.append((role, piece.trimmed))
    }
    var offset = 0
    while offset < bytes.count {
      let begins = !marks.areOnLines || offset == 0 || bytes[offset - 1] == 0x0A
      if begins,
        let opening = openings.first(where: { $0.mark[0] == bytes[offset] && bytes[offset...].starts(with: $0.mark) })
      {
        close(at: offset)
        role = opening.role
        offset += opening.mark.count
        start = offset
      } else {
        offset += 1
      }
    }
    close(at: bytes.count)
    if pieces.first?.text.isEmpty == true { pieces.removeFirst() }
    return pieces
  }

  /// Whether a mark stands anywhere.
  private static func contains(_ bytes: [UInt8], _ mark: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return false }
      var offset = 0
      while offset + mark.count <= bytes.count,
        let found = memchr(base + offset, Int32(mark[0]), bytes.count - offset - mark.count + 1)
      {
        offset = UnsafeRawPointer(found) - base
        if bytes[offset..<offset + mark.count].elementsEqual(mark) { return true }
        offset += 1
      }
      return false
    }
  }

  private mutating func take(_ pieces: [(role: String, text: String)], isPrompt: Bool) {
    if pieces.contains(where: { $0.role == "instruction" }) {
      hasTemplateWords = pieces.first?.role == ""
      let spoken = pieces.filter { $0.role != "" }
      if spoken.filter({ $0.role == "instruction" }).count == 1, !isPrompt {
        func text(_ role: String) -> String { spoken.first { $0.role == role }?.text ?? "" }
        instruction = Instruction(instruction: text("instruction"), input: text("input"), response: text("assistant"))
      }
      for piece in spoken {
        if piece.role == "input", let last = turns.last, last.role == "user" {
          turns[turns.count - 1].content = [last.content, piece.text].filter { !$0.isEmpty }.joined(separator: "\n\n")
        } else {
          turns.append(Turn(role: piece.role == "assistant" ? "assistant" : "user", content: piece.text))
        }
      }
    } else {
      for piece in pieces {
        // Llama 2 has the system prompt in the first turn of the user.
        if piece.role == "user", let open = piece.text.range(of: "<<SYS>>"),
          let close = piece.text.range(of: "<</SYS>>"),
          open.upperBound <= close.lowerBound
        {
          turns.append(Turn(role: "system", content: String(piece.text[open.upperBound..<close.lowerBound]).trimmed))
          turns.append(Turn(role: "user", content: String(piece.text[close.upperBound...]).trimmed))
        } else {
          turns.append(Turn(role: piece.role.isEmpty ? "system" : piece.role, content: piece.text))
        }
      }
    }
    // A prompt ends where the assistant is to begin; a text may end with a mark that nothing follows.
    if let last = turns.last, last.role == "assistant", last.content.isEmpty { turns.removeLast() }
  }
}

extension String {
  /// Without white space at both ends.
  var trimmed: String {
    var text = self[...]
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
