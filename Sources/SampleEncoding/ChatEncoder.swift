import Domain
import LanguageModel
import Tokenizers

/// Samples as tokens in a model's chat template.
///
/// The loss stands on the assistant's words and on the special token that ends its turn. Where they are is found by rendering
/// the chat once more with a mark in place of the words: what stays the same before and after the mark is the template's.
///
/// Behind an example the sample's chat goes on from the example's. The two are cut where the sample's first turn begins, at
/// the last special token before its words, so that the tokens of both parts do not depend on each other. A system prompt
/// then stands at the head of the first user turn: templates know of one system prompt, and the example comes before it.
package struct ChatEncoder: Sendable {
  package let template: ChatTemplate
  package let tokenizer: Tokenizer
  /// Put behind a response that no special token ends.
  package let endOfSequence: Int32

  /// Private-use characters, which no template and hardly a text has.
  private static let mark = "\u{F8FF}\u{F8FE}\u{F8FF}"
  /// Any example: the tokens of a query do not depend on it.
  private static let someExample = [
    Turn(role: "user", content: "Hello."), Turn(role: "assistant", content: "Hello."),
  ]

  /// The sample by itself.
  package func alone(_ sample: Sample) throws -> EncodedSample {
    try encode(sample.turns, tools: sample.tools, from: 0, hasLossOnAllTurns: sample.hasLossOnAllTurns)
  }

  /// What stands before a query when the sample is its example.
  package func example(_ sample: Sample) throws -> [Int32] { try example([sample]) }

  /// The same of several samples, one behind the other.
  package func example(_ samples: [Sample]) throws -> [Int32] {
    tokenizer.encode(try opening(behind: samples.flatMap { Self.withoutSystem($0) }))
  }

  /// The sample behind an example, from the cut on.
  package func query(_ sample: Sample) throws -> EncodedSample {
    let before = tokenizer.encode(try opening(behind: Self.someExample))
    let whole = try encode(
      Self.someExample + Self.withoutSystem(sample), from: Self.someExample.count,
      hasLossOnAllTurns: sample.hasLossOnAllTurns)
    guard whole.tokens.starts(with: before), whole.promptCount >= before.count else {
      throw EncodingError.chatNotDivisible
    }
    return EncodedSample(
      tokens: Array(whole.tokens.dropFirst(before.count)), losses: whole.losses.map { $0 - before.count })
  }

  /// The text of an example's chat and of the next turn's opening, up to the last special token in it.
  private func opening(behind turns: [Turn]) throws -> String {
    let text = try template.render(turns + [Turn(role: "user", content: Self.mark)])
    guard let mark = Self.marked(text) else { throw EncodingError.chatNotDivisible }
    let before = String(decoding: Array(text.utf8)[..<mark.lowerBound], as: UTF8.self)
    guard let end = tokenizer.endOfLastAddedToken(in: before) else { return before }
    return String(decoding: Array(before.utf8)[..<end], as: UTF8.self)
  }

  private func encode(
    _ turns: [Turn], tools: String? = nil, from first: Int, hasLossOnAllTurns: Bool
  ) throws -> EncodedSample {
    let text = Array(try template.render(turns, tools: tools).utf8)
    let answers = turns.indices.filter { turn in
      turn >= first && turns[turn].role == "assistant"
        && (turn == turns.count - 1 || hasLossOnAllTurns && turns[turn].isTrained)
    }
    let spans = try answers.map { try span(of: $0, turns, tools, text) }
    guard let last = spans.last else { throw EncodingError.chatNotDivisible }
    var tokens = tokenizer.encode(Self.string(text[..<last.range.upperBound]))
    var losses: [Int] = []
    for span in spans {
      let start = shared(tokens, text[..<span.range.lowerBound])
      let end = shared(tokens, text[..<span.range.upperBound])
      losses += max(start, losses.last.map { $0 + 1 } ?? 0)..<max(start, end)
    }
    if !last.isEnded {
      losses.append(tokens.count)
      tokens.append(endOfSequence)
    }
    return EncodedSample(tokens: tokens, losses: losses)
  }

  /// How many tokens of the whole are those of its beginning too.
  private func shared(_ tokens: [Int32], _ beginning: ArraySlice<UInt8>) -> Int {
    zip(tokens, tokenizer.encode(Self.string(beginning))).prefix { $0 == $1 }.count
  }

  private struct Span {
    var range: Range<Int>
    /// A special token ends it.
    var isEnded: Bool
  }

  /// Where an assistant turn's words stand in the text, and the special token behind them.
  ///
  /// Where the turn has reasoning or calls of tools, the model writes all that stands behind the words with which the template lets it begin.
  private func span(of turn: Int, _ turns: [Turn], _ tools: String?, _ text: [UInt8]) throws -> Span {
    var marked = turns
    marked[turn] = Turn(role: turns[turn].role, content: Self.mark)
    let other = try template.render(marked, tools: tools)
    guard let mark = Self.marked(other) else { throw EncodingError.turnLeftOut(turn + 1) }
    let bytes = Array(other.utf8)
    var start = zip(text, bytes[..<mark.lowerBound]).prefix { $0 == $1 }.count
    if turns[turn].message != nil,
      let before = try? template.render(Array(turns[..<turn]), tools: tools, addingGenerationPrompt: true),
      text.starts(with: before.utf8)
    {
      start = before.utf8.count
    }
    let after = zip(text.reversed(), bytes[mark.upperBound...].reversed()).prefix { $0 == $1 }.count
    var end = max(start, text.count - after)
    let rest = text[end...].drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
    guard let length = tokenizer.lengthOfLeadingSpecialToken(in: rest) else {
      return Span(range: start..<end, isEnded: false)
    }
    end = min(rest.startIndex + length, text.count)
    return Span(range: start..<end, isEnded: true)
  }

  /// Where the mark is; of several, from the first to the last.
  private static func marked(_ text: String) -> Range<Int>? {
    let bytes = Array(text.utf8)
    let wanted = Array(mark.utf8)
    var found: Range<Int>?
    var offset = 0
    while offset + wanted.count <= bytes.count {
      if bytes[offset] == wanted[0], bytes[offset..<offset + wanted.count].elementsEqual(wanted) {
        found = (found?.lowerBound ?? offset)..<offset + wanted.count
        offset += wanted.count
      } else {
        offset += 1
      }
    }
    return found
  }

  private static func string(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

  /// A system prompt, and tools in plain words, at the head of the first user turn.
  private static func withoutSystem(_ sample: Sample) -> [Turn] {
    var turns = sample.turns
    var head = sample.tools.map { [Sample.plain(tools: $0)] } ?? []
    if turns.count > 1, turns[0].role == "system", turns[1].role == "user" { head.append(turns.removeFirst().content) }
    if head.isEmpty { return turns }
    guard turns[0].role == "user" else { return [Turn(role: "user", content: head.joined(separator: "\n\n"))] + turns }
    turns[0].content = (head + [turns[0].content]).filter { !$0.isEmpty }.joined(separator: "\n\n")
    return turns
  }
}
