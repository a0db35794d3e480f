import Glibc

/// A block of memory for large data, not filled, aligned to at least 64 bytes. From a few megabytes on it asks the
/// system for huge pages: first touch and scattered access cost a fraction of what they do on small ones.
package final class LargeMemory: @unchecked Sendable {
  // Sound as Sendable: only the address is shared here; who writes where is the owner's business.
  package let base: UnsafeMutableRawPointer
  package let bytes: Int
  private let isMapped: Bool

  package init(bytes: Int) {
    self.bytes = bytes
    base = Self.allocate(bytes: bytes)
    isMapped = false
  }

  /// Memory, or beyond a number of bytes a file in the temporary folder that is mapped and has no name: it goes with the
  /// process.
  package init(bytes: Int, onDiskAbove limit: Int) throws(NumericsError) {
    self.bytes = bytes
    guard bytes > limit else {
      base = Self.allocate(bytes: bytes)
      isMapped = false
      return
    }
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/var/tmp"
    var template = Array("\(folder)/winnow-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw .outOfSpace(bytes: bytes, reason: MappedFile.systemMessage()) }
    defer { close(descriptor) }
    unlink(template)
    // Space is taken now: running out of it later would end the process at some later write.
    let refusal = posix_fallocate(descriptor, 0, bytes)
    guard refusal == 0 else { throw .outOfSpace(bytes: bytes, reason: String(cString: strerror(refusal))) }
    guard let start = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), start != MAP_FAILED else {
      throw .outOfSpace(bytes: bytes, reason: MappedFile.systemMessage())
    }
    base = start
    isMapped = true
  }

  deinit {
    if isMapped { munmap(base, bytes) } else { base.deallocate() }
  }

  /// Memory that `deallocate()` frees.
  package static func allocate(bytes: Int) -> UnsafeMutableRawPointer {
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

/// What the system says of its memory.
package enum SystemMemory {
  /// Bytes that can be had without swapping: `MemAvailable` of `/proc/meminfo`, or what the control group leaves if that
  /// is less.
  package static var available: Int {
    var available = Int.max
    for line in read("/proc/meminfo").split(separator: "\n") where line.hasPrefix("MemAvailable:") {
      let kilobytes = line.split(separator: " ").dropFirst().first.flatMap { Int($0) }
      if let kilobytes { available = kilobytes * 1024 }
    }
    let group = "/sys/fs/cgroup/memory"
    if let limit = number("\(group).max") {
      available = min(available, max(0, limit - (number("\(group).current") ?? 0)))
    }
    return available
  }

  private static func number(_ path: String) -> Int? { Int(read(path).prefix { $0.isNumber }) }

  private static func read(_ path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = Glibc.read(descriptor, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
}
