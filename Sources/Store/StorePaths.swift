import Domain
import Foundation

/// Where Winnow keeps things, after the XDG base directory specification: configuration, state that would be missed
/// (runs), and a cache that can be made again (scores).
package struct StorePaths: Sendable, Hashable {
  package var configuration: String
  package var state: String
  package var cache: String
  /// Bytes that the score cache may take, about.
  package var cacheLimit: Int
  /// What is wrong with what the environment says, if anything: something to tell the user.
  package private(set) var problem: String?

  package static let standardCacheLimit = 32 << 30

  package init(
    configuration: String, state: String, cache: String, cacheLimit: Int = StorePaths.standardCacheLimit
  ) {
    self.cacheLimit = cacheLimit
    self.configuration = configuration
    self.state = state
    self.cache = cache
  }

  /// The paths that the environment names, or their defaults under the home folder.
  package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? Self.homeOfUser
    // The specification: a relative path in these variables is to be ignored.
    func base(_ variable: String, _ fallback: String) -> String {
      if let path = environment[variable], path.hasPrefix("/") { return path }
      return home + "/" + fallback
    }
    configuration = base("XDG_CONFIG_HOME", ".config") + "/winnow"
    state = base("XDG_STATE_HOME", ".local/state") + "/winnow"
    cache = base("XDG_CACHE_HOME", ".cache") + "/winnow"
    let limit = environment["WINNOW_CACHE_LIMIT"]
    let bytes = limit.flatMap(Self.bytes(parsing:))
    cacheLimit = bytes ?? Self.standardCacheLimit
    if let text = limit, bytes == nil {
      problem = "WINNOW_CACHE_LIMIT is \"\(text)\", which is no size such as 500M or 20G: the limit is 32 GiB"
    }
  }

  /// The home folder that the system has for the user, where HOME names none.
  private static var homeOfUser: String {
    getpwuid(getuid()).flatMap { $0.pointee.pw_dir }.map { String(cString: $0) } ?? "/tmp"
  }

  package var keyMapFile: String { configuration + "/keys.toml" }
  /// Whether there is a library yet.
  package var hasRuns: Bool { FileManager.default.fileExists(atPath: runs) }
  package var runs: String { state + "/runs.sqlite" }
  package var scores: String { cache + "/scores" }

  /// Reads a size such as `500M`, `20G` or a number of bytes; nil for what is none.
  package static func bytes(parsing text: String) -> Int? {
    let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40]
    let unit = text.uppercased().last.flatMap { units[$0] }
    guard let number = Double(unit == nil ? text : String(text.dropLast())), number >= 0 else { return nil }
    return Int(exactly: (number * Double(unit ?? 1)).rounded(.down))
  }
}
