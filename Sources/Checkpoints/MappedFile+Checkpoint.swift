import JSONBytes
import Numerics

extension MappedFile {
  /// Maps a file of a checkpoint.
  package convenience init(checkpoint path: String) throws(CheckpointError) {
    do throws(NumericsError) {
      try self.init(path: path)
    } catch .noSuchFile {
      _ = try Presence.check(path)  // a link that leads nowhere says so
      throw .noSuchFile(path)
    } catch .unreadable(_, let reason) {
      throw .unreadable(path, reason: reason)
    } catch {
      throw .unreadable(path, reason: error.report.problem)
    }
    // What Git leaves in a file's place where Git LFS has not fetched it.
    if bytes.count < 1024, bytes.starts(with: "version https://git-lfs".utf8) {
      throw .unusable(
        "a Git LFS pointer, not the file it stands for", at: path,
        remedy: "Fetch the file itself: git lfs pull in that folder, or hf download.")
    }
  }
}

extension JSON {
  /// The document in a file of a checkpoint.
  package static func parse(_ file: MappedFile) throws(CheckpointError) -> JSON {
    do {
      return try parse(file.bytes)
    } catch {
      throw .malformed(file.path, reason: "not valid JSON: \(error.problem)")
    }
  }
}
