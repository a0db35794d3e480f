import Domain
import LanguageModel
import Tokenizers
import Transformer

/// Samples as sequences with their loss on the response and the end-of-sequence token behind it, in a template's words: alone, or
/// behind another sample shown as an example.
package struct TrainingSamples: Sendable {
  package let samples: [Sample]
  private let template: PromptTemplate
  private let tokenizer: Tokenizer
  private let endOfSequence: Int32
  private let contextLength: Int
  /// The samples of each label.
  private let ofLabel: [String?: [Int]]

  package init(_ samples: [Sample], template: PromptTemplate, model: Model) {
    self.samples = samples
    self.template = template
    tokenizer = model.tokenizer
    endOfSequence = model.configuration.endOfSequence
    contextLength = model.configuration.contextLength
    ofLabel = Dictionary(grouping: samples.indices) { samples[$0].label }
  }

  /// A response that does not fit the context is cut at its end; nil where nothing of it fits.
  ///
  /// Errors: `EncodingError.refusedByTemplate` for a chat that the model's template does not take.
  package func sample(_ number: Int, behind example: Int? = nil) throws(EncodingError) -> LossSample? {
    let sample = try encoded(number, behind: example).lossSample
    return sample.targets.isEmpty ? nil : sample
  }

  /// All tokens of a sample, prompt and response, as many as the context holds. Errors: as above.
  package func tokens(_ number: Int) throws(EncodingError) -> [Int32] { try encoded(number, behind: nil).tokens }

  private func encoded(_ number: Int, behind example: Int?) throws(EncodingError) -> EncodedSample {
    do {
      return try encode(samples[number], behind: example.map { samples[$0] }).prefix(contextLength)
    } catch {
      throw .refusedByTemplate(row: samples[number].index, path: nil, problem: ErrorReport(describing: error).problem)
    }
  }

  private func encode(_ sample: Sample, behind example: Sample?) throws -> EncodedSample {
    guard let example else { return try template.alone(sample, tokenizer: tokenizer, endOfSequence: endOfSequence) }
    switch template {
    case .words(let words):
      let encoder = WordEncoder(template: words, tokenizer: tokenizer, endOfSequence: endOfSequence)
      return encoder.encoded(words.opening(behind: example), sample)
    case .chat(let chat):
      let encoder = ChatEncoder(template: chat, tokenizer: tokenizer, endOfSequence: endOfSequence)
      return try encoder.query(sample).behind(encoder.example(example))
    }
  }

  /// A sample of a step of training: with probability `fewShotShare` behind an example of the same label, if there is another (any
  /// other sample where there are no labels), which helps a model to learn from its context. The same for the same seed and number.
  package func draw(_ number: Int, fewShotShare: Double, seed: UInt64) throws(EncodingError) -> LossSample? {
    var chance = SeededGenerator(seed: seed)
    guard fewShotShare > 0, chance.unit() < fewShotShare else { return try sample(number) }
    let alike = ofLabel[samples[number].label] ?? []
    guard alike.count > 1 else { return try sample(number) }
    // A few tries suffice to find another one that fits before it.
    for _ in 0..<64 {
      let example = alike[chance.below(alike.count)]
      if example != number, let found = try sample(number, behind: example) { return found }
    }
    return try sample(number)
  }
}
