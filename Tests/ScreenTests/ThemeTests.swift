import Foundation
import Screen
import TestSupport
import Testing

@Suite struct ThemeTests {
  private func files() throws -> [(id: String, text: String)] {
    let folder = Places.repository.appendingPathComponent("Themes")
    return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      .filter { $0.hasSuffix(".toml") }
      .map { (String($0.dropLast(5)), try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8)) }
  }

  @Test func theShippedThemesAreReadAndTheBuiltInOnesAreTheSame() throws {
    let files = try files()
    #expect(Set(files.map(\.id)).isSuperset(of: ["dusk", "paper", "contrast", "sixteen"]))
    for file in files {
      let theme = try Theme(parsing: file.text, id: file.id, file: "\(file.id).toml")
      for name in StyleName.allCases { #expect(theme.styles[name] != nil) }
      if let builtIn = Theme.builtIn.first(where: { $0.id == file.id }) {
        for name in StyleName.allCases { #expect(theme[name] == builtIn[name], "\(file.id) \(name)") }
        #expect(theme == builtIn)
      }
    }
  }

  /// Lines and bars are no text; all else must be readable.
  @Test(arguments: [ColorDepth.truecolor, .twoFiftySix])
  func everyTextHasAContrastOfFourAndAHalf(depth: ColorDepth) throws {
    let drawings: Set<StyleName> = [.border, .borderFocused, .gauge, .gaugeRest]
    var checked = 0
    for file in try files() {
      let theme = try Theme(parsing: file.text, id: file.id, file: file.id).quantised(to: depth)
      for name in StyleName.allCases where !drawings.contains(name) {
        guard let ratio = theme[name].foreground.contrast(with: theme[name].background) else { continue }
        #expect(ratio >= 4.5, "\(file.id) \(name) \(ratio)")
        checked += 1
      }
    }
    #expect(checked >= 3 * (StyleName.allCases.count - drawings.count))
  }

  @Test func whatAFileLeavesOutComesFromItsBaseOnTheFilesBackground() throws {
    let theme = try Theme(
      parsing: """
        base = "light"
        [palette]
        snow = "#ffffff"
        [styles]
        text = "black on snow"
        key = "#ff0000 bold underline"
        """, id: "mine", file: "mine.toml")
    #expect(theme[.text] == Style(foreground: .named(0), background: .rgb(255, 255, 255)))
    #expect(
      theme[.key]
        == Style(foreground: .rgb(255, 0, 0), background: .rgb(255, 255, 255), attributes: [.bold, .underline]))
    #expect(theme[.muted].foreground == Theme.paper[.muted].foreground)
    #expect(theme[.muted].background == .rgb(255, 255, 255))
    #expect(theme[.selected] == Theme.paper[.selected])
    #expect(theme.title == "mine")
    #expect(try Theme(parsing: "", id: "empty", file: "empty.toml").styles == Theme.dusk.styles)
  }

  @Test(arguments: [
    ("title = \"x\"\n[styles\n", 2), ("[styles]\ntext = \"red\"\n\nkeys = \"red\"\n", 4),
    ("[styles]\n# a comment\nkey = \"purplish\"", 3), ("[styles]\nkey = 3", 2), ("[palette]\na = \"#12345\"", 2),
    ("base = \"blue\"", 1), ("[chart]\ngradient = \"red gren\"", 2), ("styles = 1", 1),
    ("[styles]\nkey = \"red\"\nkey = \"blue\"", 3), ("title = \"a", 1), ("\n\nnonsense = \"1\"", 3),
  ])
  func aBadFileIsRefusedWithItsLine(text: String, line: Int) {
    #expect {
      _ = try Theme(parsing: text, id: "bad", file: "Themes/bad.toml")
    } throws: { error in
      guard let error = error as? ThemeError else { return false }
      return error.location == "Themes/bad.toml:\(line)" && !error.problem.isEmpty && !error.remedy.isEmpty
    }
  }

  @Test func aFuzzedThemeFileIsReadOrRefusedButNeverTraps() throws {
    let texts = try files().map { Array($0.text.utf8) }
    var state: UInt64 = 42
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    for round in 0..<2000 {
      var bytes = texts[round % texts.count]
      for _ in 0..<1 + random(6) {
        switch random(3) {
        case 0: bytes[random(bytes.count)] = UInt8(random(256))
        case 1: bytes.remove(at: random(bytes.count))
        default: bytes.insert(contentsOf: bytes[..<random(20)], at: random(bytes.count))
        }
      }
      _ = try? Theme(parsing: String(decoding: bytes, as: UTF8.self), id: "fuzz", file: "fuzz.toml")
    }
  }

  @Test func coloursAreBroughtDownToWhatTheTerminalHas() {
    #expect(Color.rgb(255, 0, 0).quantised(to: .truecolor) == .rgb(255, 0, 0))
    #expect(Color.rgb(255, 0, 0).quantised(to: .twoFiftySix) == .named(196))
    #expect(Color.rgb(95, 135, 175).quantised(to: .twoFiftySix) == .named(67))
    #expect(Color.rgb(128, 128, 128).quantised(to: .twoFiftySix) == .named(244))
    #expect(Color.rgb(250, 10, 10).quantised(to: .sixteen) == .named(9))
    #expect(Color.rgb(1, 2, 3).quantised(to: .sixteen) == .named(0))
    #expect(Color.named(3).quantised(to: .sixteen) == .named(3))
    #expect(Color.named(196).quantised(to: .sixteen) == .named(9))
    #expect(Color.terminal.quantised(to: .sixteen) == .terminal)
    for color in [Color.rgb(1, 2, 3), .named(5), .terminal] { #expect(color.quantised(to: .none) == .terminal) }
    // The result is a fixed point, and at 256 never one of the user's own sixteen.
    for depth in ColorDepth.allCases {
      for value in stride(from: 0, through: 255, by: 15) {
        let once = Color.rgb(UInt8(value), UInt8(255 - value), UInt8(value / 2)).quantised(to: depth)
        #expect(once.quantised(to: depth) == once)
        if depth == .twoFiftySix, case .named(let number) = once { #expect(number >= 16) }
      }
    }
  }

  @Test func contrastIsAsTheGuidelinesDefineIt() throws {
    #expect(abs(try #require(Color.rgb(0, 0, 0).contrast(with: .rgb(255, 255, 255))) - 21) < 0.01)
    #expect(abs(try #require(Color.rgb(119, 119, 119).contrast(with: .rgb(255, 255, 255))) - 4.48) < 0.01)
    #expect(Color.terminal.contrast(with: .rgb(0, 0, 0)) == nil)
  }

  @Test func withoutColoursEmphasisTellsTheCursorsRow() {
    let theme = Theme.dusk.quantised(to: .none)
    for name in StyleName.allCases {
      #expect(theme[name].foreground == .terminal && theme[name].background == .terminal)
    }
    #expect(theme[.selected].attributes.contains(.reverse))
    #expect(theme[.tabActive] != theme[.tab])
    #expect(theme.id == "dusk")
  }

  @Test func aGradientRunsFromItsFirstColourToItsLast() {
    let theme = Theme(
      id: "g", title: "g", styles: [:], gradient: [.rgb(0, 0, 0), .rgb(100, 200, 50)])
    #expect(theme.gradient(at: 0).foreground == .rgb(0, 0, 0))
    #expect(theme.gradient(at: 0.5).foreground == .rgb(50, 100, 25))
    #expect(theme.gradient(at: 1).foreground == .rgb(100, 200, 50))
    #expect(theme.gradient(at: 7).foreground == .rgb(100, 200, 50))
    #expect(theme.gradient(at: .nan).foreground == .rgb(0, 0, 0))
    #expect(Theme.sixteen.gradient(at: 1).foreground == .named(3))
  }
}
