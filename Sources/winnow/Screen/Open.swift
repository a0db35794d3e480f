import ArgumentParser
import Datasets
import Desk
import Domain
import Foundation
import Interface
import Scoring
import Screen
import Store
import Workbench

/// `winnow` alone: the workbench.
struct Open: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Open the workbench (the default).",
    discussion:
      "Where no file is named it opens on what was open last, at first on the shipped sample data and its model.")

  @Argument(
    help: ArgumentHelp("Files of samples to open as one pool; a folder stands for the files in it.", valueName: "file"))
  var files: [String] = []

  @OptionGroup var data: DataOptions

  @OptionGroup var parameters: ParameterOptions<OpeningParameters>
  @OptionGroup var server: ServerOptions

  @Option(help: ArgumentHelp("Theme by the name of its file.", valueName: "name"))
  var theme: String?

  @Option(
    help: ArgumentHelp(
      "Session to take up or to begin: what was open, its filters, pins and places come back under this name.",
      valueName: "name"))
  var session: String?

  @Flag(help: "Leave the mouse to the terminal.")
  var noMouse = false

  @Flag(help: "Draw with ASCII only.")
  var ascii = false

  @Option(
    help: ArgumentHelp(
      "Write what happens on screen to a file, for a report of a fault; it holds the rows that are looked at.",
      valueName: "file"))
  var record: String?

  @OptionGroup var threads: ThreadOptions

  func run() throws {
    let (model, endpoint) = (parameters[.model], parameters[.endpoint])
    if model != nil, endpoint != nil { throw WorkbenchError.severalSources(["--model", "--endpoint"]) }
    let storePaths = StorePaths()
    if !files.isEmpty, !data.pool.files.isEmpty {
      throw WorkbenchError.cannotCombine(
        "files", "--pool", "both name the pool")
    }
    let named = files.isEmpty ? data.pool.files : files
    let isPattern = { (file: String) in file.contains { "*?[".contains($0) } }
    for file in named where !FileManager.default.fileExists(atPath: file) && !isPattern(file) {
      throw Suggestion.noSuchFile(file, amongCommands: !files.isEmpty)
    }
    let pool = try FolderOfSamples.files(of: named, split: data.pool.split)
    let (sessionName, kept) = try Self.session(named: session, pool: named, storePaths)
    var paths: [DatasetRole: String] = [:]
    paths[.pool] = pool.first
    paths[.target] = data.target
    paths[.existing] = data.existing
    if pool.isEmpty, kept == nil {
      for role in DatasetRole.allCases where paths[role] == nil {
        paths[role] = ShippedFiles.sampleData("\(role.rawValue).jsonl")
      }
    }
    let settings = try Settings.read(storePaths)

    var themes: [Theme] = []
    var errors: [ErrorReport] = []
    for (path, text) in ShippedFiles.themeFiles(and: storePaths.configuration + "/themes") {
      let id = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
      do throws(ThemeError) {
        themes.append(try Theme(parsing: text, id: id, file: path))
      } catch {
        errors.append(ErrorReport(error))
      }
    }
    var keyMap = KeyMap.standard
    do {
      keyMap = try Self.keyMap(storePaths.keyMapFile)
    } catch {
      // The built-in keys hold, and the screen says what is wrong with the file.
      errors.append(ErrorReport(describing: error))
    }
    let opening = Opening(
      width: 0, height: 0, glyphs: ascii ? .ascii : settings.glyphs ?? .braille, paths: paths,
      model: model ?? settings.model ?? ShippedFiles.sampleModel, modelIsAsked: model != nil,
      endpoint: parameters.draft.endpoint, method: parameters[.method].flatMap { Domain.Method(rawValue: $0) },
      budget: parameters[.budget], limit: parameters[.limit].flatMap { Int($0) }, morePools: Array(pool.dropFirst()),
      reading: try data.pool.reading.reading,
      skipsBadRows: data.pool.skipBadRows, themes: themes,
      theme: theme ?? (kept?.theme == nil ? RememberedTheme.read(storePaths) ?? settings.theme : nil),
      keyMap: keyMap, session: kept,
      runningElsewhere: kept?.running.flatMap { Self.process(running: $0, storePaths) }, errors: errors)
    try ScreenProgram(
      opening: opening,
      engine: RunEngine(
        paths: storePaths, workers: threads.workers, access: server.access, saysReachable: true),
      mouse: !noMouse && settings.mouse ?? true, sessionName: sessionName, recording: record
    ).run()
  }
}

extension Open {
  /// The session to take up: the one that is named; for a pool its own; otherwise the one that was left last.
  private static func session(
    named name: String?, pool: [String], _ paths: StorePaths
  ) throws -> (name: String, kept: Session?) {
    let store = SessionStore(paths: paths)
    if let name {
      guard SessionStore.isName(name) else {
        throw ErrorReport(
          "\"\(name)\" can't be the name of a session", at: "--session",
          remedy: "Use letters, digits, - and _, and no dot at the front.", status: .unusableArguments)
      }
      return (name, Session.read(name, from: store))
    }
    if pool.isEmpty {
      let name = store.last ?? "default"
      return (name, Session.read(name, from: store))
    }
    let own = sessionName(ofPool: pool)
    return (own, Session.read(own, from: store))
  }

  /// The session that a pool is opened in where none is named.
  static func sessionName(ofPool paths: [String]) -> String {
    let locations = paths.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
    return "pool-\(ContentHash(of: locations.joined(separator: "\n")).description.prefix(16))"
  }

  /// The number of the other process in which a run is going on; nil where none is.
  private static func process(running specification: RunSpecification, _ paths: StorePaths) -> Int? {
    guard paths.hasRuns, let runs = try? RunLibrary(path: paths.runs).runs() else { return nil }
    return runs.first { $0.status == .running && $0.specification == specification.withAbsolutePaths }?.process
  }

  /// The user's key map; the built-in one where there is no file.
  static func keyMap(_ path: String) throws -> KeyMap {
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
