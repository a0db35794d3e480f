import Domain
import Foundation
import Synchronization

/// A file of numbers, float32, little-endian, of one space, that one process appends to.
final class Segment: Sendable {
  let name: String
  private let path: String
  private let descriptor: Int32
  private let end = Atomic<Int>(0)

  init(in folder: String) throws {
    name = "segment-\(UUID().uuidString.lowercased()).f32"
    path = folder + "/" + name
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw StoreError.cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
  }

  deinit { close(descriptor) }

  static func isName(_ name: String) -> Bool { name.hasPrefix("segment-") && name.hasSuffix(".f32") }

  /// Appends and syncs; the caller sees to it that appends do not overlap. Returns the offset in bytes.
  func append(_ values: [Float]) throws -> Int {
    let offset = end.load(ordering: .relaxed)
    try values.withUnsafeBytes { bytes in
      var written = 0
      while written < bytes.count {
        let count = pwrite(descriptor, bytes.baseAddress! + written, bytes.count - written, off_t(offset + written))
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else {
          throw StoreError.cannotWrite(path: path, reason: String(cString: strerror(errno)))
        }
        written += count
      }
      guard fdatasync(descriptor) == 0 else {
        throw StoreError.cannotWrite(path: path, reason: String(cString: strerror(errno)))
      }
      end.store(offset + written, ordering: .relaxed)
    }
    return offset
  }
}

/// Reads blocks out of segment files, each file opened once. For one thread at a time.
final class SegmentReader {
  private let folder: String
  private var files: [String: FileHandle?] = [:]

  init(folder: String) { self.folder = folder }

  deinit { for case let file? in files.values { try? file.close() } }

  /// A block's numbers if they are there and have this checksum.
  func values(in name: String, offset: Int, count: Int, checksum: String) -> [Float]? {
    let file = files[name] ?? FileHandle(forReadingAtPath: folder + "/" + name)
    files[name] = file
    guard let file, offset >= 0, count >= 0 else { return nil }
    let length = count * MemoryLayout<Float>.stride
    guard (try? file.seek(toOffset: UInt64(offset))) != nil,
      let data = length == 0 ? Data() : try? file.read(upToCount: length), data.count == length
    else { return nil }
    let values = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      data.copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
      initialized = count
    }
    return Self.checksum(values) == checksum ? values : nil
  }

  static func checksum(_ values: [Float]) -> String {
    values.withUnsafeBytes { ContentHash(of: $0) }.description
  }
}
