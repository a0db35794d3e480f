import Glibc

/// A block of memory for large data, not filled, aligned to at least 64 bytes. From a few megabytes on it asks the
/// system for huge pages: first touch and scattered access cost a fraction of what they do on small ones.
public final class LargeMemory: @unchecked Sendable {
  // Sound as Sendable: only the address is shared here; who writes where is the owner's business.
  public let base: UnsafeMutableRawPointer
  public let bytes: Int

  public init(bytes: Int) {
    self.bytes = bytes
    base = Self.allocate(bytes: bytes)
  }

  deinit { base.deallocate() }

  /// Memory that `deallocate()` frees.
  public static func allocate(bytes: Int) -> UnsafeMutableRawPointer {
    let hugePage = 1 << 21
    guard bytes >= 2 * hugePage else {
      return .allocate(byteCount: max(bytes, 64), alignment: 64)
    }
    let block = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: hugePage)
    // Advice only: where it is refused the memory is as good, only slower.
    madvise(block, bytes, MADV_HUGEPAGE)
    return block
  }
}
