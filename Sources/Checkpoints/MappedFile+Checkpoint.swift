import JSONBytes
import Numerics

extension MappedFile {
  /// Maps a file of a checkpoint.
  package convenience init(checkpoint path: String) throws(CheckpointError) {
    do throws(NumericsError) {
      try self.init(path: path)
    } catch .unreadable(_, let reason) {
      throw .unreadable(path, reason: reason)
    } catch {
      throw .unreadable(path, reason: error.report.problem)
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
