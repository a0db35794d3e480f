import Domain
import Glibc

extension DatasetFile {
  /// The digest of a file's bytes. Errors: those of opening and reading it.
  package static func contentHash(ofFile path: String) throws(DatasetError) -> ContentHash {
    let file = try ByteFile(path: path)
    var hasher = ContentHasher()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { buffer.deallocate() }
    var offset = 0
    while offset < file.size {
      let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, file.size - offset)])
      try file.read(at: offset, into: piece)
      hasher.update(UnsafeRawBufferPointer(piece))
      offset += piece.count
    }
    return hasher.finalize()
  }
}

/// A regular file open for reading at any offset from any thread.
///
/// It is read with `pread` and not mapped: a mapped file that another program cuts short kills this one with SIGBUS, and
/// its pages count as this program's memory. A change of size or modification time since the opening is an error.
final class ByteFile: Sendable {
  let path: String
  let size: Int
  private let descriptor: Int32
  private let modified: timespec

  /// A file that another program wrote for this one alone: `descriptor` is closed with it, `path` is for messages.
  init(owning descriptor: Int32, path: String) throws(DatasetError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      close(descriptor)
      throw .unreadable(path: path, errno: errno)
    }
    self.path = path
    self.descriptor = descriptor
    size = Int(status.st_size)
    modified = status.st_mtim
  }

  /// Errors: `noSuchFile`, `isDirectory`, `notRegular`, `unreadable`.
  init(path: String) throws(DatasetError) {
    // Not to wait for a writer, should it be a pipe.
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw errno == ENOENT || errno == ENOTDIR ? .noSuchFile(path: path) : .unreadable(path: path, errno: errno)
    }
    var status = stat()
    let problem: DatasetError? =
      if fstat(descriptor, &status) != 0 {
        .unreadable(path: path, errno: errno)
      } else if status.st_mode & S_IFMT == S_IFDIR {
        .isDirectory(path: path)
      } else if status.st_mode & S_IFMT != S_IFREG {
        .notRegular(path: path)
      } else {
        nil
      }
    if let problem {
      close(descriptor)
      throw problem
    }
    self.path = path
    self.descriptor = descriptor
    size = Int(status.st_size)
    modified = status.st_mtim
  }

  deinit { close(descriptor) }

  /// Fills `buffer` with the bytes from `offset` on. Errors: `changed` (also where the file ends too early), `unreadable`.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(DatasetError) {
    var done = 0
    while done < buffer.count {
      let count = pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
      if count > 0 {
        done += count
      } else if count == 0 {
        throw .changed(path: path)
      } else if errno != EINTR {
        throw .unreadable(path: path, errno: errno)
      }
    }
  }

  /// Its first bytes, `count` of them or all.
  func head(_ count: Int) throws(DatasetError) -> [UInt8] {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: min(count, size), alignment: 8)
    defer { buffer.deallocate() }
    try read(at: 0, into: buffer)
    return Array(buffer)
  }

  /// Lets another program read it from the start.
  func rewound() -> Int32 {
    lseek(descriptor, 0, SEEK_SET)
    return descriptor
  }

  /// Throws `changed` if the file was written to since it was opened.
  func checkUnchanged() throws(DatasetError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .unreadable(path: path, errno: errno) }
    guard
      Int(status.st_size) == size, status.st_mtim.tv_sec == modified.tv_sec,
      status.st_mtim.tv_nsec == modified.tv_nsec
    else { throw .changed(path: path) }
  }
}
