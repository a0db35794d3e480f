import Domain
import Foundation

/// Has another program write what a file holds to a temporary file: `gzip`, `zstd` and `duckdb` read what this program
/// does not.
struct OtherProgram {
  var name: String
  var arguments: [String]
  /// How to get it.
  var install: String
  /// What it writes is at most so many times what it reads, or 4 GiB if that is more: a small file that unpacks without end
  /// is refused before the disk is full.
  static let largestRatio = 256
  static let alwaysAllowed = 4 << 30

  static let gzip = OtherProgram(name: "gzip", arguments: ["-dc"], install: "apt-get install gzip")
  static let bzip2 = OtherProgram(name: "bzip2", arguments: ["-dc"], install: "apt-get install bzip2")
  static let xz = OtherProgram(name: "xz", arguments: ["-dcq"], install: "apt-get install xz-utils")
  static let zstd = OtherProgram(name: "zstd", arguments: ["-dcq"], install: "apt-get install zstd")

  /// Reads a Parquet file as JSON lines. It comes on standard input: in a path, `*` and `[` would mean other files.
  static let duckdbReadingParquet = duckdb(
    [], "COPY (FROM read_parquet('/dev/stdin')) TO '/dev/stdout' (FORMAT json)")

  /// Reads the one table of a DuckDB or SQLite database as JSON lines.
  static func duckdb(database path: String) -> OtherProgram {
    duckdb(
      ["-readonly", path],
      """
      SET autoinstall_known_extensions = false;
      SET VARIABLE t = (SELECT CASE WHEN count(*) = 1 THEN any_value(table_name) ELSE error('the database has ' || count(*)
        || ' tables, and one can be read: ' || coalesce(string_agg(table_name, ', '), '')) END FROM information_schema.tables);
      COPY (FROM query_table(getvariable('t'))) TO '/dev/stdout' (FORMAT json)
      """)
  }

  /// Reads a file that duckdb tells by its name's ending, as JSON lines. What extension it needs is not fetched from the network.
  static func duckdb(file path: String) -> OtherProgram {
    duckdb(
      [],
      """
      SET autoinstall_known_extensions = false;
      COPY (FROM '\(path.replacing("'", with: "''"))') TO '/dev/stdout' (FORMAT json)
      """)
  }

  /// Reads an Arrow stream or file, as `datasets` saves it, as JSON lines: Python's pyarrow does.
  static let pyarrow = OtherProgram(
    name: "python3",
    arguments: [
      "-c",
      """
      import json, sys
      try:
          import pyarrow as pa
          import pyarrow.ipc as ipc
      except ImportError:
          sys.exit("\(missing)pyarrow")
      source = pa.memory_map("/dev/stdin")
      isFile = source.read(6) == b"ARROW1"
      source.seek(0)
      table = ipc.open_file(source) if isFile else ipc.open_stream(source)
      batches = (table.get_batch(i) for i in range(table.num_record_batches)) if isFile else table
      for batch in batches:
          for start in range(0, batch.num_rows, 1000):
              for row in batch.slice(start, 1000).to_pylist():
                  sys.stdout.write(json.dumps(row, ensure_ascii=False, default=str) + "\\n")
      """,
    ], install: "pip install pyarrow")

  /// What a program says before the name of what it lacks.
  private static let missing = "not installed: "

  /// A query, whatever the user's own start-up file says.
  private static func duckdb(_ arguments: [String], _ query: String) -> OtherProgram {
    OtherProgram(
      name: "duckdb", arguments: ["-batch", "-init", "/dev/null"] + arguments + ["-c", query],
      install: "pip install duckdb-cli")
  }

  /// Writes JSON lines as a Parquet file.
  static let duckdbWritingParquet = duckdb(
    [],
    "COPY (SELECT * FROM read_json('/dev/stdin', format='newline_delimited', maximum_object_size=33554432)) "
      + "TO '/dev/stdout' (FORMAT parquet)")

  /// The program's file, on the search path.
  private var location: URL? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
      .map { URL(fileURLWithPath: String($0)).appendingPathComponent(name) }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }

  /// Runs it on a file's bytes as its standard input, and gives what it writes.
  /// Errors: `helperMissing`, `helperFailed`, `tooLargeUnpacked`, `unwritable`, `CancellationError`.
  func read(_ file: ByteFile, cancellation: Cancellation?) throws -> ByteFile {
    guard let location else {
      throw DatasetError.helperMissing(path: file.path, program: name, install: install)
    }
    let output = try UnnamedFile(for: file.path)
    let messages = try UnnamedFile(for: file.path)
    let process = Process()
    process.executableURL = location
    process.arguments = arguments
    process.standardInput = FileHandle(fileDescriptor: file.rewound())
    process.standardOutput = FileHandle(fileDescriptor: output.descriptor)
    process.standardError = FileHandle(fileDescriptor: messages.descriptor)
    do { try process.run() } catch {
      throw DatasetError.helperFailed(path: file.path, program: name, message: "\(error.localizedDescription)")
    }
    let (product, overflow) = file.size.multipliedReportingOverflow(by: Self.largestRatio)
    let bound = overflow ? Int.max : max(product, Self.alwaysAllowed)
    var isTooLarge = false
    while process.isRunning {
      if output.sizeOnDisk > bound { isTooLarge = true }
      if isTooLarge || cancellation?.isCancelled == true { process.terminate() }
      usleep(2000)
    }
    try cancellation?.check()
    if isTooLarge || output.sizeOnDisk > bound {
      throw DatasetError.tooLargeUnpacked(path: file.path, program: name, bytes: bound)
    }
    let said = try messages.finish().head(2000)
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      if String(decoding: said, as: UTF8.self).hasPrefix(Self.missing) {
        let part = String(decoding: said.dropFirst(Self.missing.utf8.count), as: UTF8.self).trimmed
        throw DatasetError.helperMissing(path: file.path, program: part, install: install)
      }
      let words = String(decoding: said, as: UTF8.self).split(whereSeparator: \.isNewline).first.map(String.init)
      throw DatasetError.helperFailed(
        path: file.path, program: name, message: words ?? "it ended with status \(process.terminationStatus)")
    }
    return try output.finish()
  }
}
