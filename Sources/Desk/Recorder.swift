import Domain
import Foundation
import Interface

/// Writes what happens in a session to a file, a line each as it happens, so that it can be looked into elsewhere.
package final class Recorder {
  private let file: FileHandle

  /// Errors: a file that can't be made.
  package init(path: String, opening: Opening) throws {
    guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
    else {
      throw ErrorReport(
        "the recording can't be written", at: path, remedy: "Name a file in a folder that can be written to.",
        status: .failed)
    }
    self.file = file
    try file.write(contentsOf: Recording.line(opening))
  }

  /// A message that can't be written is no reason to stop.
  package func note(_ message: Message) { try? file.write(contentsOf: Recording.line(message)) }
}
