import ArgumentParser
import Domain
import Foundation
import Interface
import Screen
import Store

/// `winnow keys`: the keys of the workbench.
struct Keys: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the keys of the workbench, as the key map has them.",
    discussion: """
      keys.toml in the configuration folder (winnow paths) gives actions other keys: under [keys], lines like \
      pin = "P" or quit = ["q", "ctrl-q"]; [] takes an action's key away, the palette still has it.
      """)

  func run() throws { Output.text(try Open.keyMap(StorePaths().keyMapFile).markdown) }
}

/// `winnow themes`: what the workbench can look like.
struct Themes: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the themes, and say where your own go.",
    discussion: """
      A theme is a file NAME.toml: title, base ("dark", "light" or "terminal", which completes what is left out), \
      [palette] with names for colours, [styles] with lines like key = "#e8c07d on #1b1e26 bold", and [chart] with a \
      gradient. Themes/README.md says what each style is for.
      """)

  func run() throws {
    let own = StorePaths().configuration + "/themes"
    for (path, text) in ShippedFiles.themeFiles(and: own) {
      let id = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
      do throws(ThemeError) {
        let theme = try Theme(parsing: text, id: id, file: path)
        Output.text("\(id)\t\(theme.title)\t\(path)\n")
      } catch {
        Output.text("\(id)\t(\(error.problem))\t\(error.location)\n")
      }
    }
    Output.text(
      "Your own go to \(own)/NAME.toml. Styles: \(StyleName.allCases.map(\.rawValue).joined(separator: ", ")).\n")
  }
}
