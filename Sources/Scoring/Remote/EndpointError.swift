import Domain

/// What can go wrong between this program and an inference server.
package enum EndpointError: ReportableError {
  case badKey
  case badAddress(String, reason: String)
  /// Several models, or none, where none is named.
  case severalModels(String, names: [String])
  case unknownModel(String, at: String, names: [String])
  /// No answer, after several tries.
  case silent(String, reason: String)
  /// The server says no, in its own words.
  case refused(String, status: Int, words: String)
  /// The answer is none of the completions API.
  case malformed(String, reason: String)
  /// The server tells log-probabilities of its own words only, not of those it was sent.
  case noPromptProbabilities(String)
  /// The server read another number of tokens than it was sent.
  case otherTokens(String, sent: Int, read: Int)
  case templateNeedsTokenizer(String)
  case noEndOfSequence(tokenizer: String)
  /// A row that does not fit the server's context even without an example.
  case tooLong(row: RowIndex, path: String?, words: String)

  package var report: ErrorReport {
    switch self {
    case .badKey:
      ErrorReport(
        "the key has characters in it that no key has", at: "WINNOW_API_KEY", remedy: "Set it to the key alone.",
        status: .unusableArguments)
    case .badAddress(let text, let reason):
      ErrorReport(
        "\"\(Self.shown(text))\" is no address of an inference server: \(reason)", at: "--endpoint",
        remedy: "Give one such as http://localhost:8000/v1.", status: .unusableArguments)
    case .severalModels(let url, let names):
      ErrorReport(
        names.isEmpty ? "the server does not say which models it serves" : "the server has several models", at: url,
        remedy: "Name one with --served-model" + (names.isEmpty ? "." : ": \(Self.list(names))."),
        status: .unusableArguments)
    case .unknownModel(let name, let url, let names):
      ErrorReport(
        "the server has no model \"\(Self.shown(name))\"", at: url, remedy: "It has: \(Self.list(names)).",
        status: .unusableArguments)
    case .silent(let url, let reason):
      ErrorReport(
        "the server does not answer: \(Self.shown(reason))", at: url,
        remedy: "Check that it runs and can be reached from here, and run this again: what was scored is kept.",
        status: .failed)
    case .refused(let url, let status, let words):
      ErrorReport(
        "the server refused with status \(status): \(Self.shown(words))", at: url, remedy: Self.remedy(status),
        status: .failed)
    case .malformed(let url, let reason):
      ErrorReport(
        "the server's answer is none of OpenAI's completions API: \(Self.shown(reason))", at: url,
        remedy: "Give the address of an API with /completions, such as http://localhost:8000/v1.", status: .failed)
    case .noPromptProbabilities(let url):
      ErrorReport(
        "the server gives no log-probabilities of the words it is sent, only of its own", at: url,
        remedy: "Use a server whose /completions heeds echo together with logprobs, as vLLM does.",
        status: .failed)
    case .otherTokens(let url, let sent, let read):
      ErrorReport(
        "the server read \(read) tokens where \(sent) were sent", at: url,
        remedy: "Check that --tokenizer is that of the served model, or leave it out to send text.", status: .failed)
    case .templateNeedsTokenizer(let name):
      ErrorReport(
        "the template \"\(name)\" needs the model's tokenizer", at: "--template",
        remedy: "Name its folder with --tokenizer DIR, or use --template delift or plain.", status: .unusableArguments)
    case .noEndOfSequence(let directory):
      ErrorReport(
        "tokenizer_config.json names no end-of-sequence token (eos_token)", at: directory,
        remedy: "Use the folder of the model's tokenizer as it was published, or leave out --tokenizer to send text.",
        status: .badData)
    case .tooLong(let row, let path, let words):
      ErrorReport(
        "the row does not fit the server's context: \(Self.shown(words))", at: "\(path ?? "samples") row \(row)",
        remedy: "Leave the row out or shorten it; with --tokenizer DIR responses are cut instead.", status: .badData)
    }
  }

  private static func remedy(_ status: Int) -> String {
    switch status {
    case 401, 403: "Set WINNOW_API_KEY to a key that the server takes."
    case 404: "Check the address (it often ends in /v1) and the model's name."
    case 300..<400: "Give the address it points to."
    default: "Mend what it complains of, and run this again: what was scored is kept."
    }
  }

  private static func list(_ names: [String]) -> String {
    names.prefix(8).map(shown).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
  }

  /// A server's words as they can be printed: on one line, bounded, without control characters.
  private static func shown(_ text: String) -> String {
    let line = text.unicodeScalars.prefix(300).map { scalar in
      scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) ? " " : Character(scalar)
    }
    return String(line) + (text.unicodeScalars.count > 300 ? "…" : "")
  }
}
