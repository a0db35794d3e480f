import Domain
import Tokenizers

/// Samples as token sequences, ready to be put behind one another: tokenised once each, not once a pair.
///
/// A prompt is tokenised as one text in the formulas; here it is cut at the opening of the query, so that the part
/// before (an example) and the part behind (a query) can be combined freely. The cut is placed where no token spans it.
package struct TokenizedSamples: Sendable {
  /// For each sample as a query behind an example: the tokens behind the cut.
  package let queries: [EncodedSample]
  /// For each sample as a query alone.
  package let alone: [EncodedSample]
  /// For each example, of one sample or of several one behind the other: the tokens before the cut.
  package let prefixes: [[Int32]]

  /// Errors: `EncodingError` for a chat that the model's template does not take; `path` names the queries' file.
  package init(
    queries querySamples: [Sample], examples: [Sample], template: PromptTemplate, tokenizer: Tokenizer,
    endOfSequence: Int32, path: String?
  ) throws {
    try self.init(
      queries: querySamples, contexts: examples.map { [$0] }, template: template, tokenizer: tokenizer,
      endOfSequence: endOfSequence, path: path)
  }

  /// The same with examples of several samples, one behind the other.
  package init(
    queries querySamples: [Sample], contexts: [[Sample]], template: PromptTemplate, tokenizer: Tokenizer,
    endOfSequence: Int32, path: String?
  ) throws {
    switch template {
    case .words(let words):
      self.init(querySamples, contexts, words, tokenizer, endOfSequence)
    case .chat(let chat):
      let encoder = ChatEncoder(template: chat, tokenizer: tokenizer, endOfSequence: endOfSequence)
      func each<Result>(_ samples: [Sample], _ body: (Sample) throws -> Result) throws -> [Result] {
        try samples.map { sample in
          do {
            return try body(sample)
          } catch {
            throw EncodingError.refusedByTemplate(
              row: sample.index, path: path, problem: ErrorReport(describing: error).problem)
          }
        }
      }
      self.init(
        queries: try each(querySamples, encoder.query), alone: try each(querySamples, encoder.alone),
        prefixes: try contexts.map { context in
          // Each by itself first, so that a refusal names its row.
          if context.count > 1 { _ = try each(context, encoder.example) }
          return try each(Array(context.prefix(1))) { _ in try encoder.example(context) }.first ?? []
        })
    }
  }

  /// The responses by themselves, without query or example: what of a sample's tokens, cut to the context, carries the loss.
  package func responses(contextLength: Int) -> TokenizedSamples {
    let alone = alone.map { sample in
      let cut = sample.prefix(contextLength)
      return EncodedSample(tokens: cut.losses.map { cut.tokens[$0] }, losses: Array(cut.losses.indices))
    }
    return TokenizedSamples(queries: alone, alone: alone, prefixes: [])
  }

  /// Responses that are cut at their end to fit the model's context, over all queries alone and behind each example.
  package func truncated(contextLength: Int) -> Int {
    var truncated = 0
    func count(_ lengths: [Int], _ prompts: [Int], room: Int) {
      // In ascending order those that are too long stand at the end.
      let tooLong = lengths.count - Self.firstIndex(in: lengths) { $0 > room }
      let hopeless = prompts.count - Self.firstIndex(in: prompts) { $0 >= room }
      truncated += tooLong - hopeless
    }
    count(
      alone.map(\.tokens.count).sorted(), alone.map(\.promptCount).sorted(), room: contextLength)
    let lengths = queries.map(\.tokens.count).sorted()
    let prompts = queries.map(\.promptCount).sorted()
    for prefix in prefixes { count(lengths, prompts, room: contextLength - prefix.count) }
    return truncated
  }

  /// The first index of an ascending list from which on `isBeyond` holds.
  private static func firstIndex(in values: [Int], _ isBeyond: (Int) -> Bool) -> Int {
    var low = 0
    var high = values.count
    while low < high {
      let middle = (low + high) / 2
      if isBeyond(values[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  private init(queries: [EncodedSample], alone: [EncodedSample], prefixes: [[Int32]]) {
    self.queries = queries
    self.alone = alone
    self.prefixes = prefixes
  }

  // The opening is tokenised alone and with each query behind it, and what the two do not share goes to the query.
  private init(
    _ querySamples: [Sample], _ contexts: [[Sample]], _ template: WordTemplate, _ tokenizer: Tokenizer, _ end: Int32
  ) {
    func encode(_ text: String) -> [Int32] { tokenizer.encode(text, addingSpecialTokens: false) }

    /// A sample behind an opening, without the first so many tokens, which belong to the opening.
    func encoded(_ opening: String, _ sample: Sample) -> EncodedSample {
      WordEncoder(template: template, tokenizer: tokenizer, endOfSequence: end).encoded(opening, sample)
    }

    let opening = encode(template.queryOpening)
    let opened = querySamples.map { encoded(template.queryOpening, $0) }
    let shared = opened.reduce(opening.count) { least, query in
      min(least, zip(opening, query.tokens).prefix { $0 == $1 }.count)
    }
    queries = opened.map { query in
      EncodedSample(tokens: Array(query.tokens[shared...]), losses: query.losses.map { $0 - shared })
    }
    alone = querySamples.map { encoded(template.aloneOpening, $0) }

    let moved = opening[shared...]
    prefixes = contexts.map { context in
      let example = template.exampleText(of: context)
      let tokens = encode(example + template.queryOpening)
      // The opening's last tokens stand at the end of the whole text too, unless the tokenizer merged across its
      // start; then the parts are tokenised apart.
      if tokens.suffix(moved.count).elementsEqual(moved) { return Array(tokens.dropLast(moved.count)) }
      return encode(example) + opening[..<shared]
    }
  }
}

/// Samples as tokens in a template of words: prompt and response are tokenised apart (Methods 1.1).
package struct WordEncoder: Sendable {
  package let template: WordTemplate
  package let tokenizer: Tokenizer
  package let endOfSequence: Int32

  /// A sample behind the words before its query.
  package func encoded(_ opening: String, _ sample: Sample) -> EncodedSample {
    var texts = template.queryPieces(of: sample)
    texts[0].text = opening + texts[0].text
    texts[texts.count - 1].text += template.queryClosing
    var pieces = texts.map { (tokens: tokenizer.encode($0.text), hasLoss: $0.hasLoss) }
    if template.endsPrompt { pieces.append(([endOfSequence], false)) }
    pieces.append((tokenizer.encode(template.responseText(of: sample)) + [endOfSequence], true))
    return EncodedSample(pieces: pieces)
  }
}
