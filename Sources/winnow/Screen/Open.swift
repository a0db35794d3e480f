import ArgumentParser
import Domain
import Foundation
import Interface
import Screen
import Store
import Workbench

/// `winnow` alone: the workbench.
struct Open: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Open the workbench (the default).",
    discussion: "Without --pool it opens on the shipped sample data and its model.")

  @OptionGroup var data: DataOptions

  @Option(help: ArgumentHelp("Hugging Face checkpoint directory of the model that judges.", valueName: "dir"))
  var model: String?

  @Option(help: ArgumentHelp("Method to begin with.", valueName: "method"))
  var method: Domain.Method?

  @Option(help: ArgumentHelp("Budget to begin with.", valueName: "budget"))
  var budget: String?

  @Option(help: ArgumentHelp("Theme by the name of its file.", valueName: "name"))
  var theme: String?

  @Flag(help: "Leave the mouse to the terminal.")
  var noMouse = false

  @Flag(help: "Draw with ASCII only.")
  var ascii = false

  @OptionGroup var threads: ThreadOptions

  func run() throws {
    if let budget { _ = try Budget(parsing: budget) }
    var paths: [DatasetRole: String] = [:]
    paths[.pool] = data.pool.first ?? ShippedFiles.sampleData("pool.jsonl")
    paths[.target] = data.target ?? (data.pool.isEmpty ? ShippedFiles.sampleData("target.jsonl") : nil)
    paths[.existing] = data.existing ?? (data.pool.isEmpty ? ShippedFiles.sampleData("existing.jsonl") : nil)

    var themes: [Theme] = []
    var errors: [ErrorReport] = []
    for (path, text) in ShippedFiles.themeFiles() {
      let id = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
      do throws(ThemeError) {
        themes.append(try Theme(parsing: text, id: id, file: path))
      } catch {
        errors.append(ErrorReport(error))
      }
    }
    let storePaths = StorePaths()
    var keyMap = KeyMap.standard
    do {
      keyMap = try Self.keyMap(storePaths.keyMapFile)
    } catch {
      // The built-in keys hold, and the screen says what is wrong with the file.
      errors.append(ErrorReport(describing: error))
    }
    let opening = Opening(
      width: 0, height: 0, glyphs: ascii ? .ascii : .braille, paths: paths,
      model: model ?? ShippedFiles.sampleModel, method: method, budget: budget,
      skipsBadRows: data.skipBadRows, themes: themes, theme: theme ?? RememberedTheme.read(storePaths),
      keyMap: keyMap, errors: errors)
    try ScreenProgram(
      opening: opening, engine: RunEngine(paths: storePaths, workers: threads.workers), mouse: !noMouse
    ).run()
  }
}

extension Open {
  /// The user's key map; the built-in one where there is no file.
  private static func keyMap(_ path: String) throws -> KeyMap {
    guard FileManager.default.fileExists(atPath: path) else { return .standard }
    guard let data = FileManager.default.contents(atPath: path), data.count < 1 << 20 else {
      throw ErrorReport(
        "the key map can't be read", at: path, remedy: "Check its permissions and that it is a text file.",
        status: .badData)
    }
    return try KeyMap(parsing: String(decoding: data, as: UTF8.self), file: path)
  }
}

/// The theme that was chosen last, kept in the state folder.
enum RememberedTheme {
  static func read(_ paths: StorePaths) -> String? {
    let text = try? String(contentsOfFile: paths.state + "/theme", encoding: .utf8)
    return text?.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// A choice that cannot be kept is no reason to say anything: it holds for this session.
  static func write(_ name: String, _ paths: StorePaths) {
    try? FileManager.default.createDirectory(atPath: paths.state, withIntermediateDirectories: true)
    try? Data((name + "\n").utf8).write(to: URL(fileURLWithPath: paths.state + "/theme"), options: .atomic)
  }
}
