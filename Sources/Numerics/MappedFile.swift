import Domain
import Glibc

/// A file that is read through the page cache: bytes come from disk when they are touched, and the system may drop them
/// again, so a file larger than memory can be read.
package final class MappedFile: @unchecked Sendable {
  // Sound as Sendable: the mapping is read-only and lives as long as the object.
  package let path: String
  package let bytes: UnsafeRawBufferPointer

  package init(path: String) throws(NumericsError) {
    self.path = path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw errno == ENOENT || errno == ENOTDIR
        ? .noSuchFile(path: path) : .unreadable(path: path, reason: Self.systemMessage())
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .unreadable(path: path, reason: Self.systemMessage()) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(path: path, reason: "not a regular file") }
    guard status.st_size > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let start = mmap(nil, status.st_size, PROT_READ, MAP_SHARED, descriptor, 0), start != MAP_FAILED else {
      throw .unreadable(path: path, reason: Self.systemMessage())
    }
    bytes = UnsafeRawBufferPointer(start: start, count: status.st_size)
  }

  deinit {
    if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
  }

  static func systemMessage() -> String { String(cString: strerror(errno)) }
}

extension MappedFile {
  /// Lets go of the pages that were read, so that they do not count as this process's memory; a later read brings them back.
  package func releasePages() { release(0..<bytes.count) }

  private func release(_ range: Range<Int>) {
    guard let base = bytes.baseAddress, !range.isEmpty else { return }
    madvise(UnsafeMutableRawPointer(mutating: base + range.lowerBound), range.count, MADV_DONTNEED)
  }

  /// Reads the whole file, and keeps none of it in memory.
  package var contentHash: ContentHash {
    let piece = 1 << 24  // bytes; a multiple of the page's size
    var hasher = ContentHasher()
    for start in stride(from: 0, to: bytes.count, by: piece) {
      let range = start..<min(start + piece, bytes.count)
      hasher.update(UnsafeRawBufferPointer(rebasing: bytes[range]))
      release(range)
    }
    return hasher.finalize()
  }
}
