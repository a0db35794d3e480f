import Domain
import Glibc

/// Writes rows of another format out as JSON lines, into a temporary file that has no name and goes with the program.
final class RowConversion {
  /// Lines of rows converted so far, in the file they come from.
  private var sourceLines: [Int] = []
  private var starts: [Int] = []
  private var faults: [Int: String] = [:]
  private var size = 0
  private let output: UnnamedFile
  /// The row being made.
  private var row: [UInt8] = []
  private var fault: String?
  private let limit: Int

  /// `path`: of the file that rows come from, for messages.
  init(from path: String, limit: Int?) throws(DatasetError) {
    output = try UnnamedFile(for: path)
    self.limit = limit ?? .max
  }

  var count: Int { starts.count }
  var isRowEmpty: Bool { row.isEmpty }
  var isFull: Bool { starts.count >= limit }

  /// Adds bytes to the row being made, none of them a line end.
  func append(_ bytes: some Sequence<UInt8>) {
    if fault != nil { return }
    row.append(contentsOf: bytes)
    if row.count > RowReader.longestRow { refuse(RowDecoder.tooLong) }
  }

  func append(_ bytes: UnsafeRawBufferPointer.SubSequence) {
    if fault != nil { return }
    row.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes))
    if row.count > RowReader.longestRow { refuse(RowDecoder.tooLong) }
  }

  func append(_ text: StaticString) {
    append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Adds text as a JSON string, quotes and escapes included.
  func append(string text: String) { append(string: Array(text.utf8)[...]) }

  func append(string bytes: ArraySlice<UInt8>) {
    if fault != nil { return }
    row.append(UInt8(ascii: "\""))
    bytes.withUnsafeBufferPointer { bytes in
      // What needs no escape is taken a run at a time.
      var start = 0
      while start < bytes.count {
        var offset = start
        while offset < bytes.count, !Self.needsEscape(bytes[offset]) { offset += 1 }
        row.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start..<offset]))
        if offset < bytes.count { appendEscaped(bytes[offset]) }
        start = offset + 1
      }
    }
    row.append(UInt8(ascii: "\""))
    if row.count > RowReader.longestRow { refuse(RowDecoder.tooLong) }
  }

  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private func appendEscaped(_ byte: UInt8) {
    row.append(UInt8(ascii: "\\"))
    switch byte {
    case 0x0A: row.append(UInt8(ascii: "n"))
    case 0x0D: row.append(UInt8(ascii: "r"))
    case 0x09: row.append(UInt8(ascii: "t"))
    case 0..<0x20:
      row.append(contentsOf: "u00".utf8)
      row.append(Self.digit(byte >> 4))
      row.append(Self.digit(byte & 15))
    default: row.append(byte)
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }

  /// The row being made is none, for this reason; the first one counts.
  func refuse(_ reason: String) {
    fault = fault ?? reason
    row.removeAll(keepingCapacity: true)
  }

  /// Ends the row, which began on this line of the file it comes from.
  func endRow(line: Int) throws(DatasetError) {
    defer {
      row.removeAll(keepingCapacity: true)
      fault = nil
    }
    if isFull { return }
    if let fault {
      faults[starts.count] = fault
      row = Array("null".utf8)
    }
    starts.append(size)
    sourceLines.append(line)
    row.append(0x0A)
    size += row.count
    try output.write(row)
  }

  /// The file of rows and where they are in it.
  func finish() throws(DatasetError) -> (ByteFile, RowOffsets) {
    let index = RowOffsets(starts: starts, end: size, sourceLines: sourceLines, faults: faults)
    return (try output.finish(), index)
  }
}

/// A temporary file without a name, in `TMPDIR` or `/tmp`.
final class UnnamedFile {
  private let path: String
  private(set) var descriptor: Int32
  private var buffer: [UInt8] = []

  /// `path`: what messages call it.
  init(for path: String) throws(DatasetError) {
    self.path = path
    let folder = getenv("TMPDIR").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    // O_TMPFILE, which Swift does not import; not every file system has it.
    let withoutName: Int32 = 0o20_000_000 | O_DIRECTORY
    descriptor = open(folder, withoutName | O_RDWR | O_CLOEXEC, 0o600)
    if descriptor < 0 {
      var name = Array("\(folder)/winnow-XXXXXX".utf8CString)
      descriptor = mkstemp(&name)
      if descriptor >= 0 {
        unlink(name)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
      }
    }
    if descriptor < 0 { throw .unwritable(path: folder, errno: errno) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Bytes that were written to it, by whomever.
  var sizeOnDisk: Int {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
  }

  func write(_ bytes: [UInt8]) throws(DatasetError) {
    buffer += bytes
    if buffer.count >= 1 << 18 { try flush() }
  }

  private func flush() throws(DatasetError) {
    var done = 0
    while done < buffer.count {
      let count = buffer.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + done, $0.count - done) }
      if count > 0 {
        done += count
      } else if errno != EINTR {
        throw .unwritable(path: "temporary file for \(path)", errno: errno)
      }
    }
    buffer.removeAll(keepingCapacity: true)
  }

  /// The file, for reading.
  func finish() throws(DatasetError) -> ByteFile {
    try flush()
    let file = descriptor
    descriptor = -1
    return try ByteFile(owning: file, path: path)
  }
}
