import Domain

/// Reads comma- or tab-separated values with a header (RFC 4180) from a file's bytes in pieces, each record an object of
/// texts under the header's names. Fields may be quoted, and then hold line ends, separators and doubled quotes. Lines end
/// with LF, CRLF or CR; empty ones are skipped.
final class CSVScanner: RowSource {
  /// What the record was before this byte.
  private enum State {
    case fieldStart, unquoted, quoted
    /// After a quote in a quoted field: its end, or the first half of a doubled quote.
    case quoteInQuoted
  }

  private let path: String
  private let separator: UInt8
  private let conversion: RowConversion
  private var header: [[UInt8]]?
  private var state = State.fieldStart
  private var line = 1
  private var recordLine = 1
  private var quoteLine = 1
  private var lastWasReturn = false
  /// The record's bytes, fields one after another, and where each field ends.
  private var bytes: [UInt8] = []
  private var ends: [Int] = []
  private var fault: String?
  /// Whether the record has had a byte at all: a line without is no record.
  private var hasContent = false

  /// `columns`: their names, where the file has no header.
  init(from path: String, separator: UInt8, columns: [String]? = nil, limit: Int?) throws(DatasetError) {
    self.path = path
    self.separator = separator
    header = columns.map { $0.map { Array($0.utf8) } }
    conversion = try RowConversion(from: path, limit: limit)
  }

  /// Takes the next piece, without a byte-order mark. Errors: `brokenContainer` for the header, `unwritable`.
  func scan(_ piece: UnsafeRawBufferPointer) throws(DatasetError) {
    var offset = 0
    while offset < piece.count {
      // What ends nothing is taken a run at a time.
      let run = plainRun(piece, from: offset)
      if run > offset {
        takeRun(piece[offset..<run])
        offset = run
        continue
      }
      let byte = piece[offset]
      offset += 1
      if byte == 0x0A {
        let isSecondHalf = lastWasReturn
        lastWasReturn = false
        if state == .quoted {
          take(byte)
        } else if !isSecondHalf {
          try endRecord()
        }
        if !isSecondHalf { line += 1 }
        if !hasContent { recordLine = line }
        continue
      }
      lastWasReturn = false
      if byte == 0x0D && state != .quoted {
        try endRecord()
        line += 1
        recordLine = line
        lastWasReturn = true
        continue
      }
      take(byte)
    }
  }

  /// Where the bytes from an offset on end that are a field's text in the present state, and nothing else.
  private func plainRun(_ piece: UnsafeRawBufferPointer, from offset: Int) -> Int {
    guard state == .quoted || state == .unquoted else { return offset }
    let separator = state == .quoted ? UInt8(ascii: "\"") : separator
    var offset = offset
    while offset < piece.count {
      let byte = piece[offset]
      if byte == separator || byte == 0x0A || byte == 0x0D { break }
      offset += 1
    }
    return offset
  }

  private func takeRun(_ run: Slice<UnsafeRawBufferPointer>) {
    lastWasReturn = false
    if bytes.count + run.count <= RowReader.longestRow {
      bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: run))
    } else {
      fault = RowDecoder.tooLong
    }
  }

  private func take(_ byte: UInt8) {
    hasContent = true
    switch state {
    case .fieldStart, .unquoted:
      if byte == separator {
        endField()
      } else if byte == UInt8(ascii: "\"") && state == .fieldStart {
        state = .quoted
        quoteLine = line
      } else {
        state = .unquoted
        append(byte)
      }
    case .quoted:
      if byte == UInt8(ascii: "\"") { state = .quoteInQuoted } else { append(byte) }
    case .quoteInQuoted:
      if byte == UInt8(ascii: "\"") {
        state = .quoted
        append(byte)
      } else if byte == separator {
        endField()
      } else {
        fault = fault ?? "text stands after the quote that closes a field"
        state = .unquoted
      }
    }
  }

  private func append(_ byte: UInt8) {
    if bytes.count < RowReader.longestRow { bytes.append(byte) } else { fault = RowDecoder.tooLong }
  }

  private func endField() {
    ends.append(bytes.count)
    state = .fieldStart
  }

  private func endRecord() throws(DatasetError) {
    defer {
      bytes.removeAll(keepingCapacity: true)
      ends.removeAll(keepingCapacity: true)
      state = .fieldStart
      fault = nil
      hasContent = false
    }
    guard hasContent else { return }
    endField()
    guard let header else {
      try takeHeader()
      return
    }
    if fault == nil && ends.count != header.count {
      fault = "the row has \(ends.count) fields, and the header \(header.count)"
    }
    if let fault {
      conversion.refuse(fault)
    } else {
      var start = 0
      for (name, end) in zip(header, ends) {
        conversion.append(start == 0 && conversion.isRowEmpty ? "{" : ", ")
        conversion.append(string: name[...])
        conversion.append(": ")
        conversion.append(string: bytes[start..<end])
        start = end
      }
      conversion.append("}")
    }
    try conversion.endRow(line: recordLine)
  }

  private func takeHeader() throws(DatasetError) {
    var names: [[UInt8]] = []
    var start = 0
    for end in ends {
      names.append(Array(bytes[start..<end]))
      start = end
    }
    if let fault { throw .brokenContainer(path: path, line: recordLine, reason: "the header: \(fault)") }
    for (number, name) in names.enumerated() where names[..<number].contains(name) {
      let text = String(decoding: name, as: UTF8.self)
      throw .brokenContainer(path: path, line: recordLine, reason: "two columns of the header are named \"\(text)\"")
    }
    header = names
  }

  /// The rows, once the last piece has come. Errors: as ``scan(_:)``; `empty` where there is no header.
  func finish() throws(DatasetError) -> (ByteFile, RowOffsets) {
    if state == .quoted {
      fault = "a quote that opens on line \(quoteLine) is not closed"
      state = .unquoted
    }
    try endRecord()
    return try conversion.finish()
  }

  var notes: [String] { separator == UInt8(ascii: ";") ? ["Fields are separated by semicolons."] : [] }

  /// How often a byte stands in a line outside of quotes.
  static func count(of separator: UInt8, in line: ArraySlice<UInt8>) -> Int {
    var isQuoted = false
    var count = 0
    for byte in line {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() } else if byte == separator && !isQuoted { count += 1 }
    }
    return count
  }

  /// The separator that the first line of a file has if it is a header whose names a known schema has, or that the user
  /// names; nil where it is none.
  static func separator(ofHeader line: some Sequence<UInt8>, _ fields: FieldNames) -> UInt8? {
    let text = String(decoding: Array(line), as: UTF8.self)
    for separator in [UInt8(ascii: ","), UInt8(ascii: "\t"), UInt8(ascii: ";")] {
      let names = text.split(separator: Character(Unicode.Scalar(separator)))
        .map { $0.trimmingPrefix("\"") }.map { $0.hasSuffix("\"") ? $0.dropLast() : $0 }.map(String.init)
      if let shape = fields.shape, shape.fits(columns: Set(names)) { return separator }
      if Schema.all.contains(where: { $0.shape.fits(columns: Set(names)) }) { return separator }
    }
    return nil
  }
}
