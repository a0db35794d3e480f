import Domain
import Foundation
import Numerics
import Synchronization
import Transformer

/// How a store keeps its numbers.
package enum StoredPrecision: String, Sendable, Hashable, Codable, CaseIterable {
  case float16, float32

  var bytes: Int { self == .float16 ? 2 : 4 }
  var numpyName: String { self == .float16 ? "<f2" : "<f4" }
}

/// A file of gradients, one row a sample, written block by block so that a killed run goes on at the next one.
///
/// While it grows it is `PATH.part`, a `.npy` file of its full size, and `PATH.journal`: a line with the key of what it holds, then one
/// for each finished block with its checksum, appended once the block's bytes are on the disk. Whole, it becomes `PATH`, which
/// ``VectorFile`` and NumPy map as it is.
package struct GradientStore: Sendable {
  /// Rows that are computed and kept together.
  static let blockRows = 32

  package let path: String
  package let precision: StoredPrecision
  private var part: String { path + ".part" }
  private var journal: String { path + ".journal" }

  package init(path: String, precision: StoredPrecision) {
    self.path = path
    self.precision = precision
  }

  /// Computes what is missing of the rows of `samples` and finishes the file.
  ///
  /// - Parameters:
  ///   - key: names everything that the rows depend on; a part with another key is begun anew.
  ///   - advance: rows done, of them found in the part.
  /// - Throws: ``InfluenceError/notFinite(role:row:)`` with the sample's row in `rows`.
  package func fill(
    _ gradients: GradientRows, samples: [LossSample], rows: [RowIndex], key: ContentHash, workers: Workers,
    cancellation: Cancellation, advance: @escaping @Sendable (_ done: Int, _ resumed: Int) -> Void = { _, _ in }
  ) throws {
    let columns = gradients.columns
    let header = NumpyHeader.bytes(rows: samples.count, columns: columns, type: precision.numpyName)
    let rowBytes = columns * precision.bytes
    let (body, overflow) = samples.count.multipliedReportingOverflow(by: rowBytes)
    guard !overflow else { throw InfluenceError.unwritable(path: path, reason: "more bytes than can be addressed") }
    let key = ContentHash(combining: [key, ContentHash(of: "\(samples.count) \(columns) \(precision.rawValue)")])
    let file = try open(header: header, bytes: header.count + body)
    defer { close(file) }
    let blocks = (samples.count + Self.blockRows - 1) / Self.blockRows
    @Sendable func range(_ block: Int) -> Range<Int> {
      block * Self.blockRows..<min(samples.count, (block + 1) * Self.blockRows)
    }
    let extent = { @Sendable (block: Int) in
      (offset: header.count + block * Self.blockRows * rowBytes, count: range(block).count * rowBytes)
    }
    let finished = resume(file, key: key, blocks: blocks, extent: extent)
    let log = try openJournal(key: key, finished: finished)
    defer { close(log) }
    let resumed = finished.keys.reduce(0) { $0 + range($1).count }
    let done = Atomic<Int>(resumed)
    advance(resumed, resumed)
    let missing = (0..<blocks).filter { finished[$0] == nil }
    let workspaces = PerWorker(workers) { gradients.makeWorkspace() }
    let growing: any LeasedStore<Int, [UInt8]> = GrowingFile(
      store: self, file: file, log: log, offset: { extent($0).offset })
    try LeasedWork(workers: workers, cancellation: cancellation)
      .run(missing.count, in: growing, loadsFirst: false, key: { missing[$0] }) { number, worker in
        let block = range(missing[number])
        var values = Matrix(uninitializedRows: block.count, columns: columns)
        for (row, sample) in block.enumerated() {
          try cancellation.check()
          let base = values.mutableStart(ofRow: row)
          _ = gradients.fill(base, with: samples[sample], in: workspaces[worker])
          guard Reduction.dot(base, base, count: columns).isFinite else {
            throw InfluenceError.notFinite(role: .pool, row: rows[sample])
          }
        }
        return encode(values)
      } take: { number, _, _ in
        advance(done.wrappingAdd(range(missing[number]).count, ordering: .relaxed).newValue, resumed)
      }
    guard rename(part, path) == 0 else { throw failed() }
    unlink(journal)
  }

  private func encode(_ values: borrowing Matrix) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: values.count * precision.bytes) { buffer, count in
      count = values.count * precision.bytes
      guard let base = UnsafeMutableRawPointer(buffer.baseAddress) else { return }
      switch precision {
      case .float16: InfluenceKernel.narrow(values.start(), count: values.count, into: base)
      case .float32: base.copyMemory(from: values.start(), byteCount: count)
      }
    }
  }

  private func failed() -> InfluenceError { .unwritable(path: path, reason: String(cString: strerror(errno))) }

  /// The part at its full size, its header written.
  private func open(header: [UInt8], bytes: Int) throws -> Int32 {
    let file = Glibc.open(part, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw failed() }
    guard ftruncate(file, off_t(bytes)) == 0 else {
      defer { close(file) }
      throw failed()
    }
    do {
      try write(header, at: 0, to: file)
    } catch {
      close(file)
      throw error
    }
    return file
  }

  /// Finished blocks of an earlier run with the same key, with their checksums, as far as the part bears them out.
  private func resume(
    _ file: Int32, key: ContentHash, blocks: Int, extent: (_ block: Int) -> (offset: Int, count: Int)
  ) -> [Int: String] {
    guard let text = try? String(contentsOfFile: journal, encoding: .utf8) else { return [:] }
    let lines = text.split(separator: "\n")
    guard lines.first.map(String.init) == key.description else { return [:] }
    var finished: [Int: String] = [:]
    for line in lines.dropFirst() {
      let words = line.split(separator: " ")
      guard words.count == 2, let block = Int(words[0]), (0..<blocks).contains(block) else { continue }
      let (offset, count) = extent(block)
      var bytes = [UInt8](repeating: 0, count: count)
      guard pread(file, &bytes, count, off_t(offset)) == count else { continue }
      let found = bytes.withUnsafeBytes { ContentHash(of: $0) }.description
      if found == words[1] { finished[block] = found }
    }
    return finished
  }

  private func openJournal(key: ContentHash, finished: [Int: String]) throws -> Int32 {
    let log = Glibc.open(journal, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard log >= 0 else { throw failed() }
    let lines = finished.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }
    do {
      try append("\(key)\n" + lines.joined(), to: log)
    } catch {
      close(log)
      throw error
    }
    return log
  }

  fileprivate func append(_ text: String, to log: Int32) throws {
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(log, $0.baseAddress.map { $0 + done }, bytes.count - done) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw failed() }
      done += count
    }
    guard fdatasync(log) == 0 else { throw failed() }
  }

  fileprivate func write(_ bytes: [UInt8], at offset: Int, to file: Int32) throws {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        pwrite(file, $0.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw failed() }
      done += count
    }
    guard fdatasync(file) == 0 else { throw failed() }
  }
}

/// The part of a store that grows and its journal, a block a key. It has one writer, so that every lease is granted; what is in it
/// has been left out by ``GradientStore/resume``.
private final class GrowingFile: LeasedStore {
  private let store: GradientStore
  private let file: Int32
  /// The journal: its lines are whole, one writer at a time.
  private let log: Mutex<Int32>
  private let offset: @Sendable (_ block: Int) -> Int

  init(store: GradientStore, file: Int32, log: Int32, offset: @escaping @Sendable (_ block: Int) -> Int) {
    self.store = store
    self.file = file
    self.log = Mutex(log)
    self.offset = offset
  }

  func load(_ block: Int) -> [UInt8]? { nil }
  func lease(_ block: Int) -> LeaseResult { .granted }
  func release(_ block: Int) {}

  func store(_ bytes: [UInt8], for block: Int) throws {
    try store.write(bytes, at: offset(block), to: file)
    let checksum = bytes.withUnsafeBytes { ContentHash(of: $0) }
    try log.withLock { try store.append("\(block) \(checksum)\n", to: $0) }
  }
}
