import Domain
import Foundation

/// A file's bytes, mapped read-only for as long as this object lives.
final class MappedFile: @unchecked Sendable {
  // Sound as Sendable: the mapping is private, read-only and unmapped only when the last reference is gone.
  let path: String
  let bytes: UnsafeRawBufferPointer

  init(path: String) throws(LanguageModelError) {
    self.path = path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(path, reason: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .unreadable(path, reason: String(cString: strerror(errno))) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(path, reason: "not a regular file") }
    let size = Int(status.st_size)
    guard size > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
      throw .unreadable(path, reason: String(cString: strerror(errno)))
    }
    bytes = UnsafeRawBufferPointer(start: base, count: size)
  }

  deinit {
    if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
  }

  /// Lets go of the pages that were read, so that they do not count as this process's memory; a later read brings them back.
  func releasePages() { release(0..<bytes.count) }

  private func release(_ range: Range<Int>) {
    guard let base = bytes.baseAddress, !range.isEmpty else { return }
    madvise(UnsafeMutableRawPointer(mutating: base + range.lowerBound), range.count, MADV_DONTNEED)
  }

  /// Reads the whole file, and keeps none of it in memory.
  var contentHash: ContentHash {
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
