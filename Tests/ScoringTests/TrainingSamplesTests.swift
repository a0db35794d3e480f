import Domain
import LanguageModel
import SampleEncoding
import Scoring
import TestSupport
import Testing

@Suite struct TrainingSamplesTests {
  private func samples() throws -> (Model, TrainingSamples) {
    let model = try Model(directory: Places.fixtures.appendingPathComponent("LanguageModel/models/llama-tied").path)
    let rows = (0..<6).map { row in
      Sample(
        index: RowIndex(row), label: row < 3 ? "upper" : "lower",
        query: .instruction("Change the case.", input: "word \(row)"),
        response: row < 3 ? "WORD" : "word")
    }
    return (model, TrainingSamples(rows, template: .delift, model: model))
  }

  @Test func theLossStandsOnTheResponseAndTheEndBehindIt() throws {
    let (model, samples) = try samples()
    let sample = try #require(try samples.sample(1))
    let end = model.configuration.endOfSequence
    let response = model.tokenizer.encode(" WORD") + [end]
    #expect(sample.targets.map(\.token) == response)
    #expect(sample.tokens.last == end && sample.tokens.filter { $0 == end }.count == 2)
    #expect(
      model.tokenizer.decode(sample.tokens, skippingSpecialTokens: true)
        == "Instruction: Please generate a response to the following query.\n\n\nQuery: "
        + "Instruction: Change the case.\nInput: word 1\n\n WORD")
  }

  @Test func anExampleComesBeforeAndHasTheSameLabel() throws {
    let (model, samples) = try samples()
    let alone = try #require(try samples.sample(4))
    var seen: Set<String> = []
    for seed in 0..<40 {
      let drawn = try #require(try samples.draw(4, fewShotShare: 1, seed: UInt64(seed)))
      let again = try samples.draw(4, fewShotShare: 1, seed: UInt64(seed))
      #expect(drawn == again)
      #expect(drawn.targets.map(\.token) == alone.targets.map(\.token))
      seen.insert(model.tokenizer.decode(drawn.tokens, skippingSpecialTokens: true))
    }
    // Behind the two others of its label, never itself.
    #expect(seen.count == 2)
    #expect(seen.allSatisfy { $0.contains("Example:\nInstruction: Change the case.") && $0.contains("\n word\n") })
    let never = try samples.draw(4, fewShotShare: 0, seed: 1)
    #expect(never == alone)
  }
}
