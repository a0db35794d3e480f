import Domain
import Foundation
import Screen
import Store

/// What the user's `config.toml` says, in the configuration folder. Everything in it may be left out:
///
/// ```toml
/// theme = "paper"        # the name of a theme's file
/// mouse = false          # leave the mouse to the terminal
/// glyphs = "ascii"       # braille, block or ascii
/// model = "/models/x"    # the checkpoint to begin with
/// ```
struct Settings: Hashable {
  var theme: String?
  var mouse: Bool?
  var glyphs: GlyphLevel?
  var model: String?

  static func read(_ paths: StorePaths) throws -> Settings {
    let path = paths.configuration + "/config.toml"
    guard FileManager.default.fileExists(atPath: path) else { return Settings() }
    guard let data = FileManager.default.contents(atPath: path), data.count < 1 << 20 else {
      throw ErrorReport(
        "the configuration can't be read", at: path, remedy: "Check its permissions and that it is a text file.",
        status: .badData)
    }
    return try Settings(parsing: String(decoding: data, as: UTF8.self), file: path)
  }

  init() {}

  init(parsing text: String, file: String) throws {
    let known = "theme = \"dusk\", mouse = true, glyphs = \"braille\", model = \"folder\""
    func wrong(_ line: Int, _ problem: String) -> ErrorReport {
      ErrorReport(problem, at: "\(file):\(line)", remedy: "Known here: \(known).", status: .badData)
    }
    let settings: SettingsFile
    do {
      settings = try SettingsFile(parsing: text)
    } catch {
      throw wrong(error.line, "not readable: \(error.reason)")
    }
    if let heading = settings.headings.first { throw wrong(heading.line, "[\(heading.name)] is not known") }
    for entry in settings.entries {
      switch (entry.key, entry.value) {
      case ("theme", .text(let name)): theme = name
      case ("model", .text(let folder)): model = folder
      case ("mouse", .flag(let wanted)): mouse = wanted
      case ("glyphs", .text(let name)):
        guard let level = GlyphLevel(rawValue: name) else { throw wrong(entry.line, "there are no glyphs \"\(name)\"") }
        glyphs = level
      case ("theme", _), ("model", _), ("mouse", _), ("glyphs", _):
        throw wrong(entry.line, "\"\(entry.key)\" has a value of another kind")
      default: throw wrong(entry.line, "unknown key \"\(entry.key)\"")
      }
    }
  }
}
