import Domain
import JSONBytes

/// Turns the articles of a SQuAD file (`data[].paragraphs[].qas[]`) into a row a question. Questions that are marked
/// impossible, or that have no answer, are left out and counted.
final class ReadingConversion {
  private(set) var unanswerable = 0
  private let conversion: RowConversion

  /// Whether rows with these fields are such articles.
  static func isMeant(fields: [String]) -> Bool { fields.contains("paragraphs") }

  /// `path`: of the file that the articles come from, for messages. `limit`: questions to take.
  init(from path: String, limit: Int?) throws(DatasetError) {
    conversion = try RowConversion(from: path, limit: limit)
  }

  /// The questions of all articles, each on the line of its article.
  func convert(_ articles: ByteFile, _ index: RowOffsets) throws(DatasetError) -> (ByteFile, RowOffsets) {
    let json: JSONReader
    do { json = try JSONReader() } catch { throw .outOfMemory(path: articles.path) }
    try RowReader(file: articles, index: index).forEach(0..<index.count) { row, bytes throws(DatasetError) in
      let line = index.line(of: row)
      do {
        guard let bytes else { throw JSONProblem.invalid(RowDecoder.tooLong) }
        for question in Self.questions(of: try json.read(bytes)) { try append(question, line: line) }
      } catch JSONProblem.invalid(let reason) {
        conversion.refuse("not valid JSON: \(reason)")
        try conversion.endRow(line: line)
      } catch let error as DatasetError {
        throw error
      } catch {
        throw .outOfMemory(path: articles.path)
      }
      return true
    }
    return try conversion.finish()
  }

  private func append(_ question: Question, line: Int) throws(DatasetError) {
    guard let answer = question.answer else {
      unanswerable += 1
      return
    }
    conversion.append("{")
    if let id = question.id {
      conversion.append("\"id\": ")
      conversion.append(string: id)
      conversion.append(", ")
    }
    conversion.append("\"context\": ")
    conversion.append(string: question.context)
    conversion.append(", \"question\": ")
    conversion.append(string: question.text)
    conversion.append(", \"answers\": [{\"text\": ")
    conversion.append(string: answer)
    conversion.append("}]}")
    try conversion.endRow(line: line)
  }

  private struct Question {
    var id: String?
    var context: String
    var text: String
    /// The first of its answers; nil for one that has none.
    var answer: String?
  }

  private static func questions(of article: JSONValue) -> [Question] {
    var questions: [Question] = []
    for paragraph in article.find("paragraphs")?.value.elements ?? [] {
      let context = paragraph.find("context")?.value.text ?? ""
      for question in paragraph.find("qas")?.value.elements ?? [] {
        let answers = question.find("answers")?.value.elements ?? []
        let answer = answers.first?.find("text")?.value.text
        let isImpossible = question.find("is_impossible")?.value.scalarText == "true"
        questions.append(
          Question(
            id: question.find("id")?.value.scalarText, context: context,
            text: question.find("question")?.value.text ?? "", answer: isImpossible || answer == "" ? nil : answer))
      }
    }
    return questions
  }
}
