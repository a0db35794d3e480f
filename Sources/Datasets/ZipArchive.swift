import Domain

/// Takes the one file of samples out of a zip archive: its compressed bytes become a gzip file, which `gzip` unpacks.
enum ZipArchive {
  private struct Entry {
    var name: String
    var method: Int
    var crc: [UInt8]
    var compressed: Int
    var size: Int
    var offset: Int
    var isEncrypted: Bool
  }

  /// The file in the archive that holds samples, and its name. Errors: `notOneFile`, `binary` for what is no archive that can be read,
  /// and those of unpacking.
  static func samples(of archive: ByteFile, cancellation: Cancellation?) throws -> (file: ByteFile, name: String) {
    let entries = try self.entries(of: archive)
    let files = entries.filter { entry in
      let name = entry.name.split(separator: "/").last.map(String.init) ?? ""
      return !entry.name.hasSuffix("/") && !entry.name.hasPrefix("__MACOSX/") && FolderOfSamples.isSamples(name)
    }
    guard let entry = files.first, files.count == 1 else {
      throw DatasetError.notOneFile(path: archive.path, names: files.map(\.name))
    }
    guard !entry.isEncrypted, entry.method == 0 || entry.method == 8 else {
      throw DatasetError.binary(
        path: archive.path, kind: entry.isEncrypted ? "a zip file with a password" : "a zip file of an unusual kind")
    }
    let header = try bytes(of: archive, entry.offset..<entry.offset + 30)
    let start = entry.offset + 30 + number(header, 26, 2) + number(header, 28, 2)
    guard header.starts(with: Array("PK\u{03}\u{04}".utf8)), start + entry.compressed <= archive.size else {
      throw broken(archive)
    }
    let output = try UnnamedFile(for: archive.path)
    if entry.method == 8 { try output.write([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]) }
    var offset = start
    while offset < start + entry.compressed {
      let end = min(offset + 1 << 18, start + entry.compressed)
      try output.write(try bytes(of: archive, offset..<end))
      offset = end
    }
    if entry.method == 8 {
      try output.write(entry.crc + (0..<4).map { UInt8(truncatingIfNeeded: entry.size >> ($0 * 8)) })
    }
    let file = try output.finish()
    return (entry.method == 8 ? try OtherProgram.gzip.read(file, cancellation: cancellation) : file, entry.name)
  }

  /// What the directory at the archive's end lists.
  private static func entries(of archive: ByteFile) throws(DatasetError) -> [Entry] {
    let tail = try bytes(of: archive, max(0, archive.size - 66_000)..<archive.size)
    let mark = Array("PK\u{05}\u{06}".utf8)
    guard let end = stride(from: tail.count - 22, through: 0, by: -1).first(where: { tail[$0...].starts(with: mark) })
    else { throw broken(archive) }
    let count = number(tail, end + 10, 2)
    let (size, start) = (number(tail, end + 12, 4), number(tail, end + 16, 4))
    guard start + size <= archive.size, size < 1 << 28 else { throw broken(archive) }
    let directory = try bytes(of: archive, start..<start + size)
    var entries: [Entry] = []
    var place = 0
    while entries.count < count {
      guard place + 46 <= directory.count, directory[place...].starts(with: Array("PK\u{01}\u{02}".utf8)) else {
        throw broken(archive)
      }
      let nameEnd = place + 46 + number(directory, place + 28, 2)
      let next = nameEnd + number(directory, place + 30, 2) + number(directory, place + 32, 2)
      let entry = Entry(
        name: String(
          decoding: directory[min(place + 46, directory.count)..<min(nameEnd, directory.count)], as: UTF8.self),
        method: number(directory, place + 10, 2), crc: Array(directory[place + 16..<place + 20]),
        compressed: number(directory, place + 20, 4), size: number(directory, place + 24, 4),
        offset: number(directory, place + 42, 4), isEncrypted: directory[place + 8] & 1 == 1)
      guard next <= directory.count, entry.offset + 30 <= archive.size, entry.compressed < Int(UInt32.max) else {
        throw broken(archive)
      }
      entries.append(entry)
      place = next
    }
    return entries
  }

  private static func broken(_ archive: ByteFile) -> DatasetError {
    .binary(path: archive.path, kind: "a zip file that is cut off or over 4 GiB")
  }

  /// A number of so many bytes, the lowest first.
  private static func number(_ bytes: [UInt8], _ place: Int, _ count: Int) -> Int {
    (0..<count).reduce(0) { $0 | Int(bytes[place + $1]) << ($1 * 8) }
  }

  private static func bytes(of file: ByteFile, _ range: Range<Int>) throws(DatasetError) -> [UInt8] {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: range.count, alignment: 8)
    defer { buffer.deallocate() }
    try file.read(at: range.lowerBound, into: buffer)
    return Array(buffer)
  }
}
