import Domain
import Glibc

/// What can go wrong between a file and its samples, and between samples and a file.
package enum DatasetError: Error, Sendable, Hashable {
  // Reading.
  case noSuchFile(path: String)
  case isDirectory(path: String)
  /// A folder in which no file seems to hold samples.
  case emptyFolder(path: String)
  /// A split that a folder does not have, or that is several.
  case noSuchSplit(path: String, split: String, splits: [String])
  /// A folder whose files lie in folders that are not one pool.
  case severalFolders(path: String, names: [String])
  /// An archive with no file of samples in it, or several.
  case notOneFile(path: String, names: [String])
  case notRegular(path: String)
  /// The system refuses to open or read it.
  case unreadable(path: String, errno: Int32)
  /// No byte, or nothing but blank lines.
  case empty(path: String)
  /// Not text: `kind` says what it seems to be.
  case binary(path: String, kind: String)
  /// The file was written to after it was opened.
  case changed(path: String)
  /// No known schema fits; `fields` are those of the first rows, and `suggestion` what some of them seem to be.
  case unknownSchema(path: String, fields: [String], suggestion: FieldNames?)
  /// The field that the user named for the label holds lists or objects.
  case labelIsNoText(path: String, name: String)
  /// A field that the user named is in none of the first rows.
  case noSuchField(path: String, name: String, fields: [String])
  /// A JSON object has several lists that could be the rows.
  case severalLists(path: String, names: [String])
  /// A SQuAD file in which no question has an answer.
  case noAnswers(path: String, questions: Int)
  /// A table whose first line seems to be a row and no header.
  case noHeader(path: String, names: [String])
  /// What holds the rows is broken, not a row: a list that does not end, a header with two equal names.
  case brokenContainer(path: String, line: Int, reason: String)
  /// A program that is needed to read the file is not there, or failed.
  case helperMissing(path: String, program: String, install: String)
  case helperFailed(path: String, program: String, message: String)
  /// What a compressed file unpacks to goes beyond every bound.
  case tooLargeUnpacked(path: String, program: String, bytes: Int)
  case badRow(path: String, BadRow)
  case noUsableRows(path: String, bad: Int, first: BadRow)
  /// Every row is one that the data says is no sample.
  case allLeftOut(path: String, rows: Int, reason: String)
  /// A row was asked for that the file does not have.
  case noSuchRow(path: String, row: Int, rows: Int)
  case outOfMemory(path: String)

  // Writing.
  /// A row has a field of the name that is to be added.
  case fieldExists(path: String, name: String)
  case exists(path: String)
  case noSuchFolder(path: String)
  /// The destination is there and is no plain file.
  case notReplaceable(path: String)
  case unwritable(path: String, errno: Int32)
}

extension DatasetError: ReportableError {
  package var report: ErrorReport {
    switch self {
    case .noSuchFile(let path):
      ErrorReport("no such file", at: path, remedy: "Check the path.", status: .noSuchFile)
    case .isDirectory(let path):
      ErrorReport(
        "is a folder, not a file of samples", at: path, remedy: "Name a JSON-lines file in it.", status: .badData)
    case .emptyFolder(let path):
      ErrorReport(
        "no file of samples is in the folder", at: path,
        remedy:
          "Files end in .jsonl, .json, .csv, .tsv, .parquet or .arrow (also .gz, .zst, .xz and .bz2), here or in a folder \"data\".",
        status: .badData)
    case .noSuchSplit(let path, let split, let splits):
      ErrorReport(
        splits.isEmpty
          ? "is no folder, so it has no split \"\(split)\""
          : splits.contains { $0.hasPrefix(split) }
            ? "the folder has several splits \"\(split)\"" : "the folder has no split \"\(split)\"", at: path,
        remedy: splits.isEmpty ? "Leave out --split." : "Name one with --split: \(Self.list(splits)).",
        status: .unusableArguments)
    case .severalFolders(let path, let names):
      ErrorReport(
        "the folder has files of samples in several folders: " + Self.list(names), at: path,
        remedy: "Name the one that is meant: \(path)\(path.hasSuffix("/") ? "" : "/")\(names.first ?? "").",
        status: .unusableArguments)
    case .notOneFile(let path, let names):
      ErrorReport(
        names.isEmpty
          ? "no file of samples is in the archive"
          : "the archive has several files of samples: " + Self.list(names), at: path,
        remedy: "Unpack it, and name the file that is meant (or the folder, if they are one pool).", status: .badData)
    case .notRegular(let path):
      ErrorReport(
        "is not a regular file", at: path, remedy: "Write the samples to a file first: they are read more than once.",
        status: .badData)
    case .unreadable(let path, let errno):
      ErrorReport(
        "cannot be read: \(describe(errno))", at: path, remedy: "Check the file's permissions and its disk.",
        status: .badData)
    case .empty(let path):
      ErrorReport(
        "the file has no rows", at: path, remedy: "Give a file with one JSON object a line.", status: .badData)
    case .binary(let path, let kind):
      ErrorReport(
        "is \(kind), not rows in UTF-8", at: path,
        remedy:
          "Unpack or convert it: JSON lines, JSON, CSV and TSV are read, also as gzip, zstd, xz, bzip2 or zip, and Parquet.",
        status: .badData)
    case .changed(let path):
      ErrorReport(
        "the file was changed while it was open", at: path, remedy: "Open it again once nothing writes to it.",
        status: .badData)
    case .labelIsNoText(let path, let name):
      ErrorReport(
        "the field \"\(name)\" holds no text and no number, so it is no label", at: path,
        remedy: "Name another field with --label, or none.", status: .unusableArguments)
    case .unknownSchema(let path, let fields, let suggestion):
      ErrorReport(
        fields.isEmpty
          ? "the rows have no fields"
          : "no known schema fits the fields " + Self.list(fields),
        at: path,
        remedy: suggestion?.option.map { "Say what they are, if this is meant: \($0)" }
          ?? "Known: " + Schema.all.map(\.name.rawValue).joined(separator: "; ")
          + ". Name others with --fields prompt=…,response=….", status: .badData)
    case .noSuchField(let path, let name, let fields):
      ErrorReport(
        "no row has the field \"\(name)\"; there are " + Self.list(fields), at: path,
        remedy: "Mend --fields or --label.", status: .unusableArguments)
    case .severalLists(let path, let names):
      ErrorReport(
        "the file holds several lists of rows: " + Self.list(names), at: path,
        remedy: "Write the one that is meant to a file of its own.", status: .badData)
    case .noAnswers(let path, let questions):
      ErrorReport(
        "none of the \(questions) questions has an answer", at: path, remedy: "Check that this is the right file.",
        status: .badData)
    case .noHeader(let path, let names):
      ErrorReport(
        "no known schema fits the columns " + Self.list(names), at: "\(path):1",
        remedy: "If the first line is a row and no header, name the columns: --columns "
          + (names.count == 2 ? "prompt,response" : (1...max(names.count, 1)).map { "c\($0)" }.joined(separator: ","))
          + ". Otherwise say which is what: --fields prompt=…,response=….", status: .badData)
    case .brokenContainer(let path, let line, let reason):
      ErrorReport(reason, at: "\(path):\(line)", remedy: "Check that the file is complete.", status: .badData)
    case .helperMissing(let path, let program, let install):
      ErrorReport(
        "needs the program \"\(program)\", which is not installed", at: path, remedy: "Install it: \(install)",
        status: .badData)
    case .helperFailed(let path, let program, let message):
      ErrorReport(
        "\(program) could not read it: \(message)", at: path,
        remedy: message.contains("xtension")
          ? "Let duckdb install the extension that it names (duckdb -c \"INSTALL …\"), or write the rows as JSON lines or Parquet."
          : "Check the file.", status: .badData)
    case .tooLargeUnpacked(let path, let program, let bytes):
      ErrorReport(
        "\(program) unpacks it to more than \(bytes >> 20) MiB, \(OtherProgram.largestRatio) times its size", at: path,
        remedy: "Unpack it yourself if it is meant to be so large.", status: .badData)
    case .badRow(let path, let row):
      ErrorReport(
        row.reason, at: "\(path):\(row.line)",
        remedy: Self.encodingRemedy(row.reason) ?? "Mend the row, or leave such rows out with --skip-bad-rows.",
        status: .badData)
    case .noUsableRows(let path, let bad, let first):
      ErrorReport(
        "none of the \(bad) rows can be used; the first: \(first.reason)", at: "\(path):\(first.line)",
        remedy: Self.encodingRemedy(first.reason) ?? "Check that this is the right file.", status: .badData)
    case .allLeftOut(let path, let rows, let reason):
      ErrorReport(
        "all \(rows) rows are left out, for example: \(reason)", at: path,
        remedy: reason.hasPrefix("not wanted")
          ? "Take them all the same with --unwanted keep." : "Check that this is the right file.",
        status: .badData)
    case .noSuchRow(let path, let row, let rows):
      ErrorReport("there is no row \(row) among \(rows)", at: path, status: .unusableArguments)
    case .outOfMemory(let path):
      ErrorReport("not enough memory to read a row", at: path, status: .failed)
    case .fieldExists(let path, let name):
      ErrorReport(
        "rows have a field \"\(name)\" already", at: path, remedy: "Leave out the option that adds it.",
        status: .unusableArguments)
    case .exists(let path):
      ErrorReport(
        "the file exists already", at: path, remedy: "Choose another name, or ask to overwrite it.",
        status: .unusableArguments)
    case .noSuchFolder(let path):
      ErrorReport(
        "the folder to write to does not exist", at: path, remedy: "Make it, or choose another.",
        status: .unusableArguments)
    case .notReplaceable(let path):
      ErrorReport(
        "is there and is not a regular file", at: path, remedy: "Choose another name.", status: .unusableArguments)
    case .unwritable(let path, let errno):
      ErrorReport(
        "cannot be written: \(describe(errno))", at: path,
        remedy: "Nothing was left under this name. Check permissions and free space.", status: .failed)
    }
  }
}

extension DatasetError {
  /// What to do about text that is not UTF-8; nil for another reason.
  private static func encodingRemedy(_ reason: String) -> String? {
    reason.contains("UTF-8")
      ? "If the file is in Windows-1252 (as Excel writes CSV), say --encoding windows-1252; otherwise leave such rows out with --skip-bad-rows."
      : nil
  }

  /// Names for a message; many are cut.
  private static func list(_ names: [String]) -> String {
    names.prefix(12).map { "\"\($0)\"" }.joined(separator: ", ") + (names.count > 12 ? ", …" : "")
  }
}

/// The system's words for an error number.
private func describe(_ number: Int32) -> String {
  var text = [CChar](repeating: 0, count: 256)
  guard strerror_r(number, &text, text.count) == 0 else { return "error \(number)" }
  return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
