import Domain
import Glibc
import Numerics

extension MappedFile {
  /// Maps a file of a checkpoint.
  convenience init(checkpoint path: String) throws(LanguageModelError) {
    do throws(NumericsError) {
      try self.init(path: path)
    } catch .unreadable(_, let reason) {
      throw .unreadable(path, reason: reason)
    } catch {
      throw .unreadable(path, reason: error.report.problem)
    }
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
