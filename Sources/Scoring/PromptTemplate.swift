import Domain

/// How samples become text: the words around a query, and around an example shown before it. A template is data; the
/// run's specification names the one that was used.
///
/// The model reads, with E the end-of-sequence token:
///
///     alone:          aloneOpening x queryClosing E y E
///     with example:   exampleOpening xj exampleMiddle yj queryOpening x queryClosing E y E
///
/// where x is a sample's query text and y its response text; the loss is on y and the last E (methods.md 1.1).
public struct PromptTemplate: Sendable, Hashable {
  public var name: String
  public var aloneOpening: String
  public var exampleOpening: String
  public var exampleMiddle: String
  public var queryOpening: String
  public var queryClosing: String
  /// Stands before the input in the query text; the instruction stands before that, after `instructionOpening`.
  public var instructionOpening: String
  public var inputOpening: String
  public var inputClosing: String
  public var responseOpening: String

  /// The text of a sample's query, called x in the formulas.
  public func queryText(of sample: Sample) -> String {
    let (instruction, input) = sample.query.instructionAndInput
    return instructionOpening + instruction + inputOpening + input + inputClosing
  }

  /// The text of a sample's response, called y in the formulas.
  public func responseText(of sample: Sample) -> String { responseOpening + sample.response }

  /// The words of DELIFT's authors (their public code, utility kernel), taken over to the letter because the utilities
  /// depend on each of them.
  public static let delift = PromptTemplate(
    name: "delift",
    aloneOpening: "Instruction: Please generate a response to the following query.\n\n\nQuery: ",
    exampleOpening: "Instruction:\nUse the following example as a guide to answer the query in the same format and "
      + "style, providing a clear and concise response.\n\n\nExample:\n",
    exampleMiddle: "\n",
    queryOpening: "\n\n\nQuery:\n",
    queryClosing: "\n",
    instructionOpening: "Instruction: ",
    inputOpening: "\nInput: ",
    inputClosing: "\n",
    responseOpening: " ")

  /// All templates by name.
  public static let all: [PromptTemplate] = [.delift]

  public static func named(_ name: String) throws(ScoringError) -> PromptTemplate {
    guard let template = all.first(where: { $0.name == name }) else { throw .unknownTemplate(name) }
    return template
  }

  /// Names all of the template's words, for cache keys.
  var contentHash: ContentHash {
    ContentHash(
      combining: [
        aloneOpening, exampleOpening, exampleMiddle, queryOpening, queryClosing, instructionOpening, inputOpening,
        inputClosing, responseOpening,
      ].map { ContentHash(of: $0) })
  }
}
