import Domain
import LanguageModel

/// Samples as token sequences, ready to be put behind one another: tokenised once each, not once a pair.
///
/// A prompt is tokenised as one text in the formulas; here it is cut at the opening of the query, so that the part
/// before (an example) and the part behind (a query) can be combined freely. The cut is placed where no token spans
/// it: the opening is tokenised alone and with each query behind it, and what the two do not share goes to the query.
struct TokenizedSamples: Sendable {
  /// For each sample as a query behind an example: the tokens behind the cut, up to and without E.
  let queries: [[Int32]]
  /// For each sample as a query alone: the whole prompt without E.
  let alone: [[Int32]]
  /// For each sample: response tokens, without the last E.
  let responses: [[Int32]]
  /// For each sample as an example: the tokens before the cut.
  let prefixes: [[Int32]]

  init(queries querySamples: [Sample], examples: [Sample], template: PromptTemplate, tokenizer: Tokenizer) {
    func encode(_ text: String) -> [Int32] { tokenizer.encode(text, addingSpecialTokens: false) }

    let opening = encode(template.queryOpening)
    let opened = querySamples.map { sample in
      encode(template.queryOpening + template.queryText(of: sample) + template.queryClosing)
    }
    let shared = opened.reduce(opening.count) { least, tokens in
      min(least, zip(opening, tokens).prefix { $0 == $1 }.count)
    }
    queries = opened.map { Array($0[shared...]) }
    alone = querySamples.map { sample in
      encode(template.aloneOpening + template.queryText(of: sample) + template.queryClosing)
    }
    responses = querySamples.map { encode(template.responseText(of: $0)) }

    let moved = opening[shared...]
    prefixes = examples.map { sample in
      let example =
        template.exampleOpening + template.queryText(of: sample) + template.exampleMiddle
        + template.responseText(of: sample)
      let tokens = encode(example + template.queryOpening)
      // The opening's last tokens stand at the end of the whole text too, unless the tokenizer merged across its
      // start; then the parts are tokenised apart.
      if tokens.suffix(moved.count).elementsEqual(moved) { return Array(tokens.dropLast(moved.count)) }
      return encode(example) + opening[..<shared]
    }
  }
}
