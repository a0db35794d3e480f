import Glibc

/// A file that appears under its name whole or not at all: written beside its destination under a temporary name, flushed to
/// the disk, then renamed. Dropped before ``commit()``, it leaves nothing behind.
package struct AtomicFile: ~Copyable {
  private let destination: String
  private let temporary: String
  private let folder: String
  private let overwrite: Bool
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private var isCommitted = false

  private static let bufferSize = 1 << 18

  /// Begins a file. It will have the mode 0644 less the umask. A destination that is a symbolic link is followed.
  /// Errors: `exists` (unless `overwrite`), `noSuchFolder`, `notReplaceable` (a folder, device or pipe), `unwritable`.
  package init(at path: String, overwrite: Bool) throws(DatasetError) {
    var target = path
    var status = stat()
    if stat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFREG else { throw .notReplaceable(path: path) }
      if !overwrite { throw .exists(path: path) }
      if let real = realpath(path, nil) {
        target = String(cString: real)
        free(real)
      }
    } else if errno != ENOENT {
      throw errno == ENOTDIR ? .noSuchFolder(path: path) : .unwritable(path: path, errno: errno)
    }
    let name = target.lastIndex(of: "/").map { target[target.index(after: $0)...] } ?? target[...]
    let folder = target.lastIndex(of: "/").map { String(target[...$0]) } ?? "./"
    guard !name.isEmpty else { throw .notReplaceable(path: path) }

    // The name must be free; a number drawn at random nearly always is. The kernel applies the umask.
    var temporary = ""
    var descriptor: Int32 = -1
    for _ in 0..<16 {
      temporary = "\(folder).winnow-\(getpid())-\(String(UInt32.random(in: 0 ... .max), radix: 36)).tmp"
      descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
      if descriptor >= 0 || errno != EEXIST { break }
    }
    guard descriptor >= 0 else {
      throw errno == ENOENT || errno == ENOTDIR ? .noSuchFolder(path: path) : .unwritable(path: path, errno: errno)
    }
    destination = target
    self.temporary = temporary
    self.folder = folder
    self.overwrite = overwrite
    self.descriptor = descriptor
    buffer.reserveCapacity(Self.bufferSize)
  }

  deinit {
    close(descriptor)
    if !isCommitted { unlink(temporary) }
  }

  /// Appends bytes. Errors: `unwritable`.
  package mutating func write(_ bytes: some Collection<UInt8>) throws(DatasetError) {
    buffer.append(contentsOf: bytes)
    if buffer.count >= Self.bufferSize { try flush() }
  }

  /// Appends text as UTF-8. Errors: `unwritable`.
  package mutating func write(_ text: String) throws(DatasetError) { try write(text.utf8) }

  /// Puts the file under its name, once its bytes are on the disk. Errors: `exists` (one that has appeared since the
  /// beginning is not overwritten unasked), `unwritable`.
  package consuming func commit() throws(DatasetError) {
    try flush()
    guard fsync(descriptor) == 0 else { throw failure() }
    if overwrite {
      guard rename(temporary, destination) == 0 else { throw failure() }
    } else if link(temporary, destination) == 0 {
      // A link, unlike a rename, never replaces what is there.
      unlink(temporary)
    } else if errno == EEXIST {
      throw .exists(path: destination)
    } else {
      // A file system without hard links: look, then rename.
      var status = stat()
      if lstat(destination, &status) == 0 { throw .exists(path: destination) }
      guard rename(temporary, destination) == 0 else { throw failure() }
    }
    isCommitted = true
    // The name itself must survive a power cut too. A folder that cannot be opened for this is no reason to fail.
    let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if directory >= 0 {
      fsync(directory)
      close(directory)
    }
  }

  private mutating func flush() throws(DatasetError) {
    var done = 0
    while done < buffer.count {
      let count = buffer.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + done, $0.count - done) }
      if count > 0 {
        done += count
      } else if errno != EINTR {
        throw failure()
      }
    }
    buffer.removeAll(keepingCapacity: true)
  }

  private func failure() -> DatasetError { .unwritable(path: destination, errno: errno) }
}
