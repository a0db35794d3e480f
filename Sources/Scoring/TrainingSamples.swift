import Domain
import LanguageModel

/// Samples as sequences with their loss on the response and the end-of-sequence token behind it, in a template's words: alone, or
/// behind another sample shown as an example.
public struct TrainingSamples: Sendable {
  public let samples: [Sample]
  private let template: PromptTemplate
  private let tokenizer: Tokenizer
  private let endOfSequence: Int32
  private let contextLength: Int

  public init(_ samples: [Sample], template: PromptTemplate, model: Model) {
    self.samples = samples
    self.template = template
    tokenizer = model.tokenizer
    endOfSequence = model.configuration.endOfSequence
    contextLength = model.configuration.contextLength
  }

  /// A response that does not fit the context is cut at its end; nil where nothing of it fits.
  public func sample(_ place: Int, behind example: Int? = nil) -> LossSample? {
    let sample = samples[place]
    var opening = template.aloneOpening
    if let example = example.map({ samples[$0] }) {
      opening =
        template.exampleOpening + template.queryText(of: example) + template.exampleMiddle
        + template.responseText(of: example) + template.queryOpening
    }
    let prompt =
      tokenizer.encode(opening + template.queryText(of: sample) + template.queryClosing) + [endOfSequence]
    let response = tokenizer.encode(template.responseText(of: sample)) + [endOfSequence]
    guard prompt.count < contextLength else { return nil }
    return LossSample(prompt: prompt, response: Array(response.prefix(contextLength - prompt.count)))
  }

  /// A sample of a step of training: with probability `fewShotShare` behind an example of the same label (any other sample where
  /// there are no labels), which helps a model to learn from its context. The same for the same seed and place.
  public func draw(_ place: Int, fewShotShare: Double, seed: UInt64) -> LossSample? {
    var chance = SeededGenerator(seed: seed)
    guard fewShotShare > 0, chance.unit() < fewShotShare else { return sample(place) }
    // A few tries suffice: a label too rare to be met is trained alone.
    for _ in 0..<64 {
      let example = chance.below(samples.count)
      if example != place, samples[example].label == samples[place].label, let found = sample(place, behind: example) {
        return found
      }
    }
    return sample(place)
  }
}
