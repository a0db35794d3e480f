import Domain
import Foundation

/// The words that a template of words puts around a query, and around an example shown before it.
///
/// The model reads, with E the end-of-sequence token:
///
///     alone:          aloneOpening x queryClosing E y E
///     with example:   exampleOpening xj exampleMiddle yj queryOpening x queryClosing E y E
///
/// where x is a sample's query text and y its response text; the loss is on y and the last E (Methods 1.1). The first E
/// is left out where `endsPrompt` is false.
package struct WordTemplate: Sendable, Hashable {
  package var aloneOpening: String
  package var exampleOpening: String
  package var exampleMiddle: String
  package var queryOpening: String
  package var queryClosing: String
  /// Stands before the input in the query text; the instruction stands before that, after `instructionOpening`.
  package var instructionOpening: String
  package var inputOpening: String
  package var inputClosing: String
  package var responseOpening: String
  package var endsPrompt: Bool
  /// What stands around an input is left out where there is none.
  package var leavesOutEmptyInput: Bool

  /// A piece of a query's text. Earlier answers of a chat carry the loss where all turns do.
  package struct Piece: Sendable, Hashable {
    var text: String
    var hasLoss: Bool
  }

  /// The text of a sample's query, called x in the formulas, in pieces that are tokenised apart.
  package func queryPieces(of sample: Sample) -> [Piece] {
    let (instruction, input) = sample.instructionAndInput
    let ending = input.isEmpty && leavesOutEmptyInput ? "" : inputOpening + input + inputClosing
    guard sample.hasLossOnAllTurns, case .conversation(let turns) = sample.query else {
      return [Piece(text: instructionOpening + instruction + ending, hasLoss: false)]
    }
    let tools = sample.tools.map { Sample.plain(tools: $0) + "\n" } ?? ""
    var pieces = [Piece(text: instructionOpening + tools, hasLoss: false)]
    for (number, turn) in turns.enumerated() {
      let opening = (number > 0 ? "\n" : "") + "\(turn.role): "
      if turn.role == "assistant" && turn.isTrained {
        pieces[pieces.count - 1].text += opening
        pieces.append(Piece(text: turn.content, hasLoss: true))
        pieces.append(Piece(text: "", hasLoss: false))
      } else {
        pieces[pieces.count - 1].text += opening + turn.content
      }
    }
    pieces[pieces.count - 1].text += ending
    return pieces
  }

  package func queryText(of sample: Sample) -> String { queryPieces(of: sample).map(\.text).joined() }

  /// The text of a sample's response, called y in the formulas.
  package func responseText(of sample: Sample) -> String { responseOpening + sample.response }

  /// What stands before a query's opening where the sample is its example.
  package func exampleText(of sample: Sample) -> String {
    exampleOpening + queryText(of: sample) + exampleMiddle + responseText(of: sample)
  }

  /// The same of several samples: each after the first behind what a query stands behind, as an example.
  package func exampleText(of samples: [Sample]) -> String {
    samples.enumerated().map { number, sample in
      (number == 0 ? exampleOpening : nextExampleOpening) + queryText(of: sample) + exampleMiddle
        + responseText(of: sample)
    }.joined()
  }

  /// What stands between an example and the next: as before the first, from its last words on.
  private var nextExampleOpening: String {
    let opening = exampleOpening.components(separatedBy: "\n\n\n").last ?? ""
    return exampleOpening.isEmpty ? queryOpening : "\n\n\n" + opening
  }

  /// What stands before a query behind an example.
  package func opening(behind example: Sample) -> String { exampleText(of: example) + queryOpening }

  /// The words of DELIFT's authors (their public code, utility kernel), taken over to the letter because the utilities
  /// depend on each of them.
  package static let delift = WordTemplate(
    aloneOpening: "Instruction: Please generate a response to the following query.\n\n\nQuery: ",
    exampleOpening: "Instruction:\nUse the following example as a guide to answer the query in the same format and "
      + "style, providing a clear and concise response.\n\n\nExample:\n",
    exampleMiddle: "\n",
    queryOpening: "\n\n\nQuery:\n",
    queryClosing: "\n",
    instructionOpening: "Instruction: ",
    inputOpening: "\nInput: ",
    inputClosing: "\n",
    responseOpening: " ",
    endsPrompt: true,
    leavesOutEmptyInput: false)

  /// Nothing but the sample: instruction, input and response on lines of their own, an example a blank line before.
  package static let plain = WordTemplate(
    aloneOpening: "", exampleOpening: "", exampleMiddle: "", queryOpening: "\n\n", queryClosing: "\n",
    instructionOpening: "", inputOpening: "\n", inputClosing: "", responseOpening: "", endsPrompt: false,
    leavesOutEmptyInput: true)

  /// Names all of the template's words, for cache keys.
  package var contentHash: ContentHash {
    ContentHash(
      combining: [
        aloneOpening, exampleOpening, exampleMiddle, queryOpening, queryClosing, instructionOpening, inputOpening,
        inputClosing, responseOpening, "\(endsPrompt) \(leavesOutEmptyInput)",
      ].map { ContentHash(of: $0) })
  }
}
