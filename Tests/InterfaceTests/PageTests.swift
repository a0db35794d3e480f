import Foundation
import Interface
import Screen
import TestSupport
import Testing

/// What the pages say of the program's tables is what the tables say.
@Suite struct PageTests {
  /// Run with `WINNOW_WRITE_SNAPSHOTS=1` to bring the page up to date.
  @Test func theKeyListIsTheTableOfBindings() throws {
    let file = Places.sources.appendingPathComponent("Interface/Interface.docc/Keys.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    let begin = try #require(text.range(of: "<!-- keys -->\n"))
    let end = try #require(text.range(of: "<!-- end -->", range: begin.upperBound..<text.endIndex))
    let wanted = KeyMap.standard.markdown
    if ProcessInfo.processInfo.environment["WINNOW_WRITE_SNAPSHOTS"] != nil {
      try text.replacingCharacters(in: begin.upperBound..<end.lowerBound, with: wanted)
        .write(to: file, atomically: true, encoding: .utf8)
      return
    }
    #expect(text[begin.upperBound..<end.lowerBound] == wanted)
  }

  @Test func thePageOnThemesNamesEveryStyleAndItsExampleIsATheme() throws {
    let page = try String(
      contentsOf: Places.repository.appendingPathComponent("Themes/README.md"), encoding: .utf8)
    for style in StyleName.allCases { #expect(page.contains("`\(style.rawValue)`"), "\(style)") }
    let begin = try #require(page.range(of: "```toml\n"))
    let end = try #require(page.range(of: "```", range: begin.upperBound..<page.endIndex))
    let theme = try Theme(parsing: String(page[begin.upperBound..<end.lowerBound]), id: "harbour", file: "page")
    #expect(theme.title == "Harbour")
    #expect(theme[.key].foreground == .rgb(0xE0, 0xB9, 0x6A) && theme[.key].attributes == .bold)
  }
}
