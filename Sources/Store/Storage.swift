import Domain
import Foundation
import Synchronization

/// The library of runs and the score cache of a home, each opened once a process, when it is first asked for.
package final class Storage: Sendable {
  package let paths: StorePaths
  private let library = Mutex<RunLibrary?>(nil)
  private let cache = Mutex<ScoreCache?>(nil)

  package init(paths: StorePaths) { self.paths = paths }

  /// Errors: `StoreError` where it can't be opened; the next call tries again.
  package func runs() throws -> RunLibrary {
    try Self.opened(library, at: paths.runs) { try RunLibrary(path: paths.runs) }
  }

  /// Errors: as of ``runs()``.
  package func scores() throws -> ScoreCache {
    try Self.opened(cache, at: paths.scores) { try ScoreCache(folder: paths.scores) }
  }

  // What was deleted while it was open is begun anew.
  private static func opened<Opened: Sendable>(
    _ kept: borrowing Mutex<Opened?>, at path: String, _ open: () throws -> Opened
  ) throws -> Opened {
    try kept.withLock { kept in
      if let kept, FileManager.default.fileExists(atPath: path) { return kept }
      let opened = try open()
      kept = opened
      return opened
    }
  }

  /// What the score cache calls everything that a session shows: it is never thrown away.
  package func spacesOfSessions() throws -> Set<ContentHash> {
    let shown = SessionStore(paths: paths).runs
    guard !shown.isEmpty, FileManager.default.fileExists(atPath: paths.runs) else { return [] }
    return try runs().spaces(of: shown)
  }
}
