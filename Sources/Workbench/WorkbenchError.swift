import Domain

/// What makes a run impossible before it starts.
package enum WorkbenchError: ReportableError {
  case missing(DatasetRole, Method)
  case missingPool
  case missingSource(Method)
  /// More than one option says where utilities come from.
  case severalSources([String])
  case embeddingsNeedOneKernel(Method)
  case missingMatrix(option: String, Method)
  /// A run that has no expansion to check.
  case notInfluence(Int64)
  /// Two options that exclude each other, and why.
  case cannotCombine(String, String, String)
  case emptyDataset(role: DatasetRole, path: String)
  case shape(path: String, rows: Int, columns: Int, expected: String)
  case outsideRange(option: String, value: String, bounds: String)
  case exportExists(path: String)
  case unwritableFolder(path: String)
  /// What is to be written is one of the files that are read.
  case outputIsInput(path: String)
  case cannotExport(reason: String)
  case isChosen(row: RowIndex)
  case poolChanged(path: String)
  case notComparable(reason: String)
  case badManifest(path: String)
  /// A map or a matrix is asked of a run whose method has no utilities.
  case noUtilities(Method)
  /// Scores and kernel of so many pairs do not fit into memory.
  case tooManyPairs(queries: Int, examples: Int, available: Int)
  /// A run from the library whose scores are not all at hand any more.
  case scoresGone
  /// No sample of a role has a response token to look at.
  case noResponses(DatasetRole)

  package var report: ErrorReport {
    switch self {
    case .missing(let role, let method):
      ErrorReport(
        "\(method.rawValue) needs a \(role.rawValue) set", at: "--\(role.rawValue)",
        remedy: "Name a file of \(role.rawValue) samples with --\(role.rawValue) FILE.", status: .unusableArguments)
    case .missingPool:
      ErrorReport(
        "no pool to choose from", at: "--pool", remedy: "Name a file of samples with --pool FILE.",
        status: .unusableArguments)
    case .missingSource(let method):
      ErrorReport(
        method.isRanking
          ? "\(method.rawValue) passes rows through a model, and none is named"
          : "\(method.rawValue) needs \(method == .influence ? "gradients" : "utilities"), and nothing says where they come from",
        at: "--model",
        remedy: method.isRanking
          ? "Name a checkpoint directory with --model DIR."
          : method == .influence
            ? "Name a checkpoint directory with --model DIR, or gradients with --gradients G.npy --target-gradients T.npy."
            : "Name a checkpoint directory with --model DIR, a server with --endpoint URL, or computed matrices with "
              + "--utilities U.npy.",
        status: .unusableArguments)
    case .severalSources(let options):
      ErrorReport(
        "\(options.joined(separator: " and ")) both say where utilities come from", at: options[0],
        remedy: "Give one of them.", status: .unusableArguments)
    case .embeddingsNeedOneKernel(let method):
      ErrorReport(
        "\(method.rawValue) needs more than the pool's embeddings", at: "--embeddings",
        remedy: "Use --method delift-instruction, or give matrices with --utilities.", status: .unusableArguments)
    case .missingMatrix(let option, let method):
      ErrorReport(
        "\(method.rawValue) on computed utilities needs another matrix", at: option,
        remedy: "Give it with \(option) FILE.npy.", status: .unusableArguments)
    case .notInfluence(let run):
      ErrorReport(
        "run \(run) is no finished run of influence with a model", remedy: "winnow runs lists what was run.",
        status: .unusableArguments)
    case .cannotCombine(let first, let second, let reason):
      ErrorReport(
        "\(first) and \(second) do not go together: \(reason)", at: second, remedy: "Leave one of them out.",
        status: .unusableArguments)
    case .emptyDataset(let role, let path):
      ErrorReport(
        "the \(role.rawValue) set has no rows", at: path, remedy: "Name a file with at least one sample.",
        status: .badData)
    case .shape(let path, let rows, let columns, let expected):
      ErrorReport(
        "the matrix is \(rows) × \(columns), and \(expected) is needed", at: path,
        remedy: "Rows are the samples represented, columns the candidates; check the order and the --limit.",
        status: .badData)
    case .outsideRange(let option, let value, let bounds):
      ErrorReport(
        "\(value) is outside \(bounds)", at: option, remedy: "Give a value within \(bounds).",
        status: .unusableArguments)
    case .exportExists(let path):
      ErrorReport(
        "the file exists already", at: path, remedy: "Name another, or say --force to replace it.",
        status: .unusableArguments)
    case .outputIsInput(let path):
      ErrorReport(
        "the output is a file that is read", at: path, remedy: "Name another file to write.",
        status: .unusableArguments)
    case .unwritableFolder(let path):
      ErrorReport(
        "the folder for the output is not there or can't be written", at: path,
        remedy: "Make it, or name another with --out.", status: .unusableArguments)
    case .isChosen(let row):
      ErrorReport("row \(row) was chosen", remedy: "Ask why it was chosen.", status: .unusableArguments)
    case .cannotExport(let reason):
      ErrorReport("nothing to export: \(reason)", status: .unusableArguments)
    case .badManifest(let path):
      ErrorReport(
        "is no manifest of this program", at: path, remedy: "Name the FILE.manifest.json that an export wrote.",
        status: .badData)
    case .notComparable(let reason):
      ErrorReport(
        "nothing to compare: \(reason)", remedy: "List the runs and their pools with: winnow runs",
        status: .unusableArguments)
    case .poolChanged(let path):
      ErrorReport(
        "the file has changed since the run read it", at: path,
        remedy: "Run the selection again, or bring the old file back.", status: .badData)
    case .noUtilities(let method):
      ErrorReport(
        "\(method.rawValue) has no utilities to show", remedy: "Run a method that scores the pool with a model.",
        status: .unusableArguments)
    case .tooManyPairs(let queries, let examples, let available):
      ErrorReport(
        "\(queries) × \(examples) pairs take about \(Self.gigabytes(Double(queries) * Double(examples) * 8)) of memory, "
          + "and \(Self.gigabytes(Double(available))) are free",
        remedy: "Take fewer rows (--limit, or Rows in the form), or vectors of the rows with --embeddings.",
        status: .failed)
    case .noResponses(let role):
      ErrorReport(
        "no sample of the \(role.rawValue) has a response that fits the model's context", at: "--\(role.rawValue)",
        remedy: "Name a file whose rows have responses, or a model with a longer context.", status: .badData)
    case .scoresGone:
      ErrorReport(
        "the scores of this run are not kept any more", remedy: "Run it again: what is kept is not scored twice.",
        status: .failed)
    }
  }

  private static func gigabytes(_ bytes: Double) -> String {
    let tenths = (bytes / 1e8).rounded(.up)
    return tenths < 1e5 ? "\(tenths / 10) GB" : "\(Int(min(tenths / 1e4, 1e15))) TB"
  }
}
