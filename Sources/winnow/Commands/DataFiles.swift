import Datasets
import Domain
import Foundation
import Store
import Synchronization

/// Files of samples as they are named on the command line.
enum DataFiles {
  /// The files that paths stand for: folders, patterns, and `-` for standard input.
  static func named(_ paths: [String], split: String? = nil) throws -> [String] {
    try FolderOfSamples.files(of: paths.map { try $0 == "-" ? StandardInput.kept() : $0 }, split: split)
  }

  /// The one file that a path stands for.
  static func one(_ path: String?, option: String) throws -> String? {
    guard let path else { return nil }
    let files = try named([path])
    guard files.count <= 1 else {
      throw ErrorReport(
        "\(path) stands for \(files.count) files, and one is read here", at: option,
        remedy: "Name one of them, or put them together: winnow rows, or cat for JSON lines.",
        status: .unusableArguments)
    }
    return files.first
  }
}

/// Rows that come on standard input. They are read more than once, also by later commands on the run, so they are kept in the cache under a name
/// made of their content.
enum StandardInput {
  private static let path = Mutex<String?>(nil)

  /// The file that holds what came.
  static func kept() throws -> String {
    try path.withLock { path in
      if path != nil {
        throw ErrorReport(
          "standard input can be read once", at: "-", remedy: "Name a file for the other.", status: .unusableArguments)
      }
      let kept = try read()
      path = kept
      return kept
    }
  }

  private static func read() throws -> String {
    if isatty(STDIN_FILENO) == 1 {
      throw ErrorReport(
        "standard input is the terminal, and no rows come from there", at: "-",
        remedy: "Send them to it: COMMAND | winnow … -.", status: .unusableArguments)
    }
    let folder = StorePaths().cache + "/input"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let temporary = "\(folder)/.\(UUID().uuidString)"
    var hasher = ContentHasher()
    var output = try AtomicFile(at: temporary, overwrite: false)
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = Foundation.read(STDIN_FILENO, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else {
        throw ErrorReport("standard input can't be read: \(String(cString: strerror(errno)))", at: "-", status: .failed)
      }
      if count == 0 { break }
      buffer.withUnsafeBytes { hasher.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      try output.write(buffer[..<count])
    }
    try output.commit()
    let path = "\(folder)/\(hasher.finalize().description.prefix(32))"
    guard rename(temporary, path) == 0 else {
      throw ErrorReport("can't be written: \(String(cString: strerror(errno)))", at: path, status: .failed)
    }
    return path
  }
}
