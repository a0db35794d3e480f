import Domain
import Foundation
import Interface
import Screen
import TestSupport
import Testing

/// Pictures of the screens, kept as text under `Tests/Fixtures/Interface`. Run the tests with `WINNOW_WRITE_SNAPSHOTS=1`
/// to write them anew, and read the difference before committing it.
@Suite struct SnapshotTests {
  /// The states that are pictured, by name.
  static let states: [String: @Sendable (Int, Int) -> Stage] = [
    "data-opening": { Stage(width: $0, height: $1) },
    "data": { Stage.opened(width: $0, height: $1, target: true) },
    "data-file": { width, height in
      var stage = Stage.opened(width: width, height: height)
      stage.press(.backTab)
      return stage
    },
    "setup": { width, height in
      var stage = Stage.opened(width: width, height: height)
      stage.press(.character("2"))
      stage.answer()
      return stage
    },
    "setup-missing": { width, height in
      var stage = Stage.opened(width: width, height: height)
      stage.press(.character("2"), .down, .right)
      return stage
    },
    "run-scoring": { Stage.scoring(width: $0, height: $1) },
    "run-done": { width, height in
      var stage = Stage.chosen(width: width, height: height)
      stage.press(.character("3"))
      return stage
    },
    "inspect": { Stage.chosen(width: $0, height: $1) },
    "inspect-marked": { width, height in
      var stage = Stage.chosen(width: width, height: height)
      stage.press(.down, .character("p"), .down, .character("x"), .enter)
      stage.answer()
      return stage
    },
    "compare": { Stage.compared(width: $0, height: $1) },
    "compare-labels": { width, height in
      var stage = Stage.compared(width: width, height: height)
      stage.press(.character("v"))
      return stage
    },
    "map": { width, height in
      var stage = Stage.chosen(width: width, height: height)
      stage.press(.character("6"))
      stage.answer()
      return stage
    },
    "map-matrix": { width, height in
      var stage = Stage.chosen(width: width, height: height)
      stage.press(.character("6"), .character("v"))
      stage.answer()
      return stage
    },
    "help": { width, height in
      var stage = Stage.opened(width: width, height: height)
      stage.press(.character("?"))
      return stage
    },
    "palette": { width, height in
      var stage = Stage.opened(width: width, height: height)
      stage.press(.character(":"))
      stage.type("run")
      return stage
    },
    "open": { width, height in
      var stage = Stage.opened(width: width, height: height)
      stage.press(.character("o"))
      stage.type("sam")
      stage.send(.completions(of: "sam", ["sample-data/", "samples.jsonl"]))
      return stage
    },
    "problem": { width, height in
      var stage = Stage.opened(width: width, height: height)
      stage.send(
        .failed(
          .init(
            "tensor \"model.embed_tokens.weight\" is truncated", at: "/models/llama/model-00001.safetensors",
            remedy: "Download the file again: 1234 of 5678 bytes are there.", status: .badData)))
      return stage
    },
  ]

  @Test(arguments: SnapshotTests.states.keys.sorted(), [(80, 24), (120, 40)])
  func aScreenLooksAsItsPicture(name: String, size: (Int, Int)) throws {
    let make = try #require(Self.states[name])
    try compare(make(size.0, size.1), with: "\(name)-\(size.0)x\(size.1)")
  }

  /// One state of each screen.
  static let screens = ["data", "setup", "run-done", "inspect", "compare", "map", "map-matrix"]

  @Test(arguments: SnapshotTests.screens, [(200, 60), (40, 10), (20, 5)])
  func aScreenLooksAsItsPictureAtOtherSizes(name: String, size: (Int, Int)) throws {
    let make = try #require(Self.states[name])
    try compare(make(size.0, size.1), with: "\(name)-\(size.0)x\(size.1)")
  }

  /// Every screen at every size in every depth of colour, light and dark. The text is the same in all of them, but for
  /// shades that stand in for colours; of the colours a digest is kept, a line for each picture.
  @Test func everyScreenKeepsItsColoursInEveryDepthAndTheme() throws {
    var lines: [String] = []
    for name in Self.screens {
      let make = try #require(Self.states[name])
      for (width, height) in [(80, 24), (120, 40), (200, 60), (40, 10)] {
        for depth in ColorDepth.allCases {
          for theme in ["dusk", "paper"] {
            var stage = make(width, height)
            stage.wear(theme, depth: depth)
            let grid = stage.grid
            var known: [Style: String] = [:]
            let cells = grid.cells.map { cell in
              let style = known[cell.style] ?? "\(cell.style)"
              known[cell.style] = style
              return cell.glyph + style
            }.joined(separator: "\n")
            lines.append("\(name) \(width)x\(height) \(depth) \(theme) \(ContentHash(of: cells))")
            let used = Set(grid.cells.flatMap { [$0.style.foreground, $0.style.background] })
            let isAllowed = used.allSatisfy { color in
              switch (color, depth) {
              case (.terminal, _), (_, .truecolor): true
              case (.named(let number), .sixteen): number < 16
              case (.named, .twoFiftySix): true
              default: false
              }
            }
            #expect(isAllowed, "\(name) in \(depth) uses colours that the terminal has not")
          }
        }
      }
    }
    try compare(lines.joined(separator: "\n") + "\n", with: "colours")
  }

  @Test(arguments: [GlyphLevel.block, .ascii])
  func aScreenLooksAsItsPictureWithFewerGlyphs(level: GlyphLevel) throws {
    var stage = Stage.chosen(width: 80, height: 24, glyphs: level)
    stage.press(.character("3"))
    try compare(stage, with: "run-done-\(level.rawValue)-80x24")
    if level == .ascii {
      // What is data may be anything; what is drawn around it must not.
      #expect(stage.text.unicodeScalars.allSatisfy { $0.isASCII || "·".unicodeScalars.contains($0) })
    }
  }

  @Test(arguments: ColorDepth.allCases)
  func aScreenLooksAsItsPictureInFewerColours(depth: ColorDepth) throws {
    for theme in ["dusk", "paper"] {
      let stage = Stage.chosen(width: 80, height: 24, depth: depth, theme: theme)
      try compare(stage, with: "inspect-\(theme)-\(depth)-80x24")
    }
  }

  private func compare(_ stage: Stage, with name: String) throws {
    try compare(Self.picture(of: stage), with: name)
  }

  private func compare(_ picture: String, with name: String) throws {
    let file = Places.fixtures.appendingPathComponent("Interface/\(name).txt")
    if ProcessInfo.processInfo.environment["WINNOW_WRITE_SNAPSHOTS"] != nil {
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try picture.write(to: file, atomically: true, encoding: .utf8)
      return
    }
    let kept = try String(contentsOf: file, encoding: .utf8)
    if picture != kept { Issue.record("\(name) has changed:\n\(Self.difference(kept, picture))") }
  }

  /// The lines that differ, and of each the columns.
  private static func difference(_ kept: String, _ now: String) -> String {
    let (old, new) = (
      kept.split(separator: "\n", omittingEmptySubsequences: false),
      now.split(separator: "\n", omittingEmptySubsequences: false)
    )
    return (0..<max(old.count, new.count)).compactMap { line -> String? in
      let (before, after) = (line < old.count ? old[line] : "", line < new.count ? new[line] : "")
      if before == after { return nil }
      let same = zip(before, after).prefix { $0 == $1 }.count
      return "line \(line), from column \(same):\n- \(before)\n+ \(after)"
    }.joined(separator: "\n")
  }

  /// The text, and then for each row the runs of styles, by the theme's names.
  static func picture(of stage: Stage) -> String {
    let grid = stage.grid
    var names: [Style: String] = [:]
    for name in StyleName.allCases.reversed() { names[stage.model.theme[name]] = name.rawValue }
    var lines = (0..<grid.height).map { grid.text(row: $0) }
    lines.append(String(repeating: "=", count: 20))
    for y in 0..<grid.height {
      var runs: [String] = []
      var x = 0
      while x < grid.width {
        let style = grid[x, y].style
        let start = x
        while x < grid.width, grid[x, y].style == style { x += 1 }
        if style != stage.model.theme[.text] { runs.append("\(names[style] ?? describe(style)) \(start)-\(x - 1)") }
      }
      lines.append("\(y): " + runs.joined(separator: ", "))
    }
    if let cursor = grid.cursor { lines.append("cursor \(cursor.x),\(cursor.y)") }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func describe(_ style: Style) -> String {
    switch style.foreground {
    case .terminal: "terminal"
    case .named(let number): "colour \(number)"
    case .rgb(let r, let g, let b): "rgb \(r) \(g) \(b)"
    }
  }
}
