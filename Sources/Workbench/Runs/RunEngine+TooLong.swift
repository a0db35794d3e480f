import Checkpoints
import Datasets
import Domain
import SampleEncoding
import Tokenizers

extension RunContext {
  /// The rows of each role whose prompt alone fills the context of a model on this machine; nil where there are none, or no model looks
  /// at rows one by one.
  ///
  /// Only rows with so many bytes are tokenised: a token stands for a byte at least.
  /// Errors: `ErrorReport` for the first where the specification says stop, for a role without any row left; those of the model's files.
  func tooLong(_ specification: RunSpecification, _ inputs: RunInputs) throws -> [String: RowSet]? {
    guard case .model(let directory)? = specification.source,
      [.utilities, .gradients, .passes].contains(specification.method.signal)
    else { return nil }
    let files = try ModelFiles(directory)
    let document = try files.required("config.json")
    let length = try ModelConfiguration(document.json(), file: document.path).contextLength
    // Words of a template, and tokens that stand for none.
    let margin = 256
    var found: [String: RowSet] = [:]
    var encoder: (template: PromptTemplate, tokenizer: Tokenizer)?
    for role in DatasetRole.allCases {
      guard let file = inputs[role], role == .pool || specification.method.needs.contains(role) else { continue }
      var rows: [RowIndex] = []
      for start in stride(from: 0, to: file.count, by: 4096) {
        try cancellation.check()
        for sample in try file.samples(at: start..<min(file.count, start + 4096))
        where sample.tools != nil || sample.promptBytes + margin >= length {
          let (template, tokenizer) =
            try encoder ?? (
              .named(specification.template, model: directory), Tokenizer(files)
            )
          encoder = (template, tokenizer)
          // A chat that the template refuses is named where rows are scored.
          guard
            let encoded = try? template.alone(
              sample, tokenizer: tokenizer, endOfSequence: tokenizer.endOfSequence ?? 0),
            encoded.promptCount >= length
          else { continue }
          let place = file.location(of: sample.index)
          if specification.tooLong == .stop {
            throw ErrorReport(
              "a prompt of \(encoded.promptCount) tokens, and the model's context holds \(length)",
              at: "\(place.file):\(place.line)",
              remedy:
                "Shorten the row, use a model with a longer context, or leave such rows out with --too-long leave-out.",
              status: .badData)
          }
          rows.append(sample.index)
        }
      }
      guard !rows.isEmpty else { continue }
      guard rows.count < file.count else {
        throw ErrorReport(
          "every row of the \(role.rawValue) has a prompt that fills the model's context of \(length) tokens",
          at: file.summary.path, remedy: "Use a model with a longer context.", status: .badData)
      }
      let shown = rows.prefix(10).map { "row \($0)" }.joined(separator: ", ") + (rows.count > 10 ? ", …" : "")
      say(
        "\(rows.count) of \(file.count) rows of the \(role.rawValue) are left out: their prompt alone fills the model's context (\(shown))"
      )
      found[role.rawValue] = RowSet(rows)
    }
    return found.isEmpty ? nil : found
  }
}

extension Sample {
  /// Bytes of all that stands before the response.
  fileprivate var promptBytes: Int {
    turns.dropLast().reduce(0) { $0 + $1.content.utf8.count + $1.role.utf8.count }
  }
}
