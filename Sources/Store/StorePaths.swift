import Foundation

/// Where Winnow keeps things, after the XDG base directory specification: configuration, state that would be missed
/// (runs), and a cache that can be made again (scores).
public struct StorePaths: Sendable, Hashable {
  public var configuration: String
  public var state: String
  public var cache: String

  public init(configuration: String, state: String, cache: String) {
    self.configuration = configuration
    self.state = state
    self.cache = cache
  }

  /// The paths that the environment names, or their defaults under the home folder.
  public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    let home = environment["HOME"] ?? NSHomeDirectory()
    // The specification: a relative path in these variables is to be ignored.
    func base(_ variable: String, _ fallback: String) -> String {
      if let path = environment[variable], path.hasPrefix("/") { return path }
      return home + "/" + fallback
    }
    configuration = base("XDG_CONFIG_HOME", ".config") + "/winnow"
    state = base("XDG_STATE_HOME", ".local/state") + "/winnow"
    cache = base("XDG_CACHE_HOME", ".cache") + "/winnow"
  }

  public var keyMapFile: String { configuration + "/keys.toml" }
  public var runs: String { state + "/runs.sqlite" }
  public var scores: String { cache + "/scores" }
}
