import ArgumentParser
import Domain
import Foundation
import Store
import Workbench

/// `winnow methods`: what there is to choose with.
struct Methods: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "List the methods and what each needs.")

  @Flag(help: "Print a JSON array.")
  var json = false

  private struct Entry: Encodable {
    var method: String
    var title: String
    var summary: String
    var needs: [String]
    var parameters: [Setting]
  }

  private struct Setting: Encodable {
    var option: String
    var title: String
    var values: String
    var standard: String
    var meaning: String

    init?(_ parameter: Parameter, of method: Domain.Method) {
      guard let flag = parameter.flag, parameter.id != .method else { return nil }
      option = "--" + flag
      title = parameter.title
      values = parameter.bounds
      standard = RunDraft([.method: method.rawValue])[parameter.id]
      meaning = parameter.meaning(with: method)
    }
  }

  func run() throws {
    let entries = Domain.Method.all.map { method in
      Entry(
        method: method.rawValue, title: method.title, summary: method.summary,
        needs: ["pool"] + method.needs.map(\.rawValue) + (method.needsUtilities ? ["model or utilities"] : [])
          + (method.signal == .passes ? ["model"] : []),
        parameters: method.parameters.compactMap { Setting($0, of: method) })
    }
    if json { return try Output.json(entries) }
    let width = entries.map(\.method.count).max() ?? 0
    for entry in entries {
      let name = entry.method.padding(toLength: width, withPad: " ", startingAt: 0)
      Output.text(
        "\(name)  \(entry.summary)\n\(String(repeating: " ", count: width))  needs: \(entry.needs.joined(separator: ", "))\n"
          + "\(String(repeating: " ", count: width))  options: \(entry.parameters.map(\.option).joined(separator: " "))\n"
      )
    }
  }
}

/// `winnow export`: a run's rows, again.
struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Write the rows that a run chose.")

  @Argument(help: ArgumentHelp("The run's number (winnow runs).", valueName: "run"))
  var number: Int64

  @Option(help: ArgumentHelp("Where to write the chosen rows.", valueName: "file"))
  var out: String

  @OptionGroup var export: ExportArguments

  @Flag(help: "Replace the file if it exists.")
  var force = false

  func run() throws {
    let record = try RunLibrary(path: StorePaths().runs).run(number)
    let notes = try Exporter.export(
      record, to: out, replacing: force, version: Version.text, options: export.options)
    for note in notes { Output.message("note: \(note)\n") }
  }
}

/// `winnow paths`: where things are kept.
struct Paths: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Print where configuration, runs and caches are kept.")

  func run() throws {
    let paths = StorePaths()
    Output.text("config\t\(paths.configuration)\nstate\t\(paths.state)\ncache\t\(paths.cache)\n")
  }
}
