import Foundation
import Screen
import Testing

@Suite struct DisplayTextTests {
  /// What a line of text looks like when it is drawn.
  private func drawn(_ text: String, width: Int = 40) -> String {
    var grid = Grid(width: width, height: 1)
    grid.draw(text, x: 0, y: 0, style: .plain)
    return grid.text
  }

  @Test(arguments: [
    ("", 0), ("plain", 5), ("naïve", 5), ("日本語", 6), ("ｶﾅ", 2), ("한국어", 6), ("e\u{301}", 1), ("🏡", 2),
    ("👨‍👩‍👧‍👦", 2), ("👍🏽", 2), ("❤️", 1), ("🇫🇷", 2), ("ﷺ", 1), ("a\u{0}b", 3), ("\t", 2), ("\r\n", 1), ("\u{1B}[31m", 5),
  ])
  func aTextTakesAsManyColumnsAsATerminalGivesIt(text: String, columns: Int) {
    #expect(text.displayWidth == columns)
  }

  @Test func controlBytesAndEscapeSequencesAreShownAndNeverPassedOn() {
    #expect(drawn("a\u{1B}[31mred\u{1B}[0m") == "a␛[31mred␛[0m")
    #expect(drawn("\u{7}\u{8}\u{7F}") == "␇␈␡")
    #expect(drawn("one\ntwo\r\nthree") == "one↵two↵three")
    #expect(drawn("a\tb") == "a→ b")
    // C1 controls, and characters that would turn or hide the rest of the line.
    #expect(drawn("\u{9B}31m \u{202E}abc \u{200B}") == "\u{FFFD}31m \u{FFFD}abc \u{FFFD}")
    for value in UInt32(0)...0x2FFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      for shown in drawn("x\(scalar)y").unicodeScalars {
        #expect(shown.value >= 0x20 && !(0x7F..<0xA0).contains(shown.value))
      }
    }
  }

  @Test func ofAnEmojiSequenceTheFirstPictureIsShown() {
    #expect(drawn("👨‍👩‍👧 ok") == "👨 ok")
    #expect(drawn("👍🏽!") == "👍!")
    #expect(drawn("🇯🇵") == "JP")
    #expect(drawn("🏳️‍🌈") == "🏳🌈" || drawn("🏳️‍🌈").displayWidth <= 3)
  }

  @Test func marksStayOnTheirLetterAndAreNotPiledWithoutEnd() {
    #expect(drawn("e\u{301}\u{323}x") == "e\u{301}\u{323}x")
    let piled = "z" + String(repeating: "\u{301}", count: 50)
    #expect(drawn(piled).unicodeScalars.count <= 5)
    #expect(piled.displayWidth == 1)
    #expect(drawn("\u{301}x") == "◌\u{301}x")
  }

  /// glibc's own `wcwidth`, which ncurses asks: what is drawn must be as wide there as here.
  @Test func everyScalarIsAsWideAsTheSystemSaysItIs() throws {
    // Swift's Glibc does not import `wcwidth`; it is in the process all the same.
    let symbol = try #require(dlsym(nil, "wcwidth"))
    let wcwidth = unsafeBitCast(symbol, to: (@convention(c) (wchar_t) -> Int32).self)
    let characterTypes: Int32 = 1  // LC_CTYPE_MASK, a macro that is not imported
    let locale = try #require(newlocale(characterTypes, "C.UTF-8", nil))
    let before = uselocale(locale)
    defer {
      uselocale(before)
      freelocale(locale)
    }
    var wrong: [String] = []
    var checked = 0
    for value in UInt32(0x20)..<0x3FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      var grid = Grid(width: 4, height: 1)
      let columns = grid.draw(String(scalar), x: 0, y: 0, style: .plain)
      let widths = (0..<columns).flatMap { grid[$0, 0].glyph.unicodeScalars.map { Int(wcwidth(wchar_t($0.value))) } }
      // A scalar younger than the system's tables has no width there.
      if widths.contains(-1) { continue }
      if value == 0x1171E { continue }  // AHOM CONSONANT SIGN: no mark any more since Unicode 16
      checked += 1
      let system = widths.reduce(0, +)
      if system != columns { wrong.append("U+\(String(value, radix: 16)): \(columns) here, \(system) there") }
    }
    #expect(wrong == [])
    #expect(checked > 150_000)
  }

  @Test func aTextThatIsTooLongEndsInAnEllipsis() {
    #expect("abcdef".truncated(to: 6) == "abcdef")
    #expect("abcdef".truncated(to: 4) == "abc…")
    #expect("/a/long/path.jsonl".truncated(to: 11, keepingEnd: true) == "…path.jsonl")
    #expect("日本語".truncated(to: 4) == "日…")
    #expect("日本語".truncated(to: 5) == "日本…")
    #expect("abc".truncated(to: 0) == "")
    #expect("ab".padded(to: 4) == "ab  ")
    #expect("ab".padded(to: 4, alignment: .right) == "  ab")
  }

  @Test func linesBreakAtBlanksAndKeepTheirLineBreaks() {
    #expect("the quick brown fox".wrapped(to: 10) == ["the quick", "brown fox"])
    #expect("abcdefghij".wrapped(to: 4) == ["abcd", "efgh", "ij"])
    #expect("one\n\ntwo".wrapped(to: 10) == ["one", "", "two"])
    #expect("one\r\ntwo\n".wrapped(to: 10) == ["one", "two"])
    #expect("".wrapped(to: 10) == [""])
    #expect("日本語日本".wrapped(to: 5) == ["日本", "語日", "本"])
    #expect("a b".wrapped(to: 0) == [])
    #expect("x y z".wrapped(to: 1, limit: 2) == ["x", "y"])
    #expect("  indented".wrapped(to: 20) == ["  indented"])
  }

  @Test func noWrappedLineIsWiderThanAskedForAndNoLetterIsLost() {
    let text = "Ähm, 日本語 and naïve 🏡 words: supercalifragilistic; a, b, c… \u{1B}[0m end"
    for width in 2...40 {
      let lines = text.wrapped(to: width)
      for line in lines { #expect(line.displayWidth <= width) }
      let kept = lines.joined().filter { $0 != " " }
      #expect(kept == drawn(text, width: 200).filter { $0 != " " })
    }
  }

  @Test func aHugeTextCostsNoMoreThanTheLinesThatAreAskedFor() {
    let huge = String(repeating: "word ", count: 1_000_000)
    #expect(huge.wrapped(to: 40, limit: 3).count == 3)
  }

  @Test func aWideGraphemeIsNeverCutInHalf() {
    var grid = Grid(width: 6, height: 1)
    grid.draw("日本語", x: 0, y: 0, style: .plain)
    grid.draw("x", x: 1, y: 0, style: .plain)
    #expect(grid.text == " x本語")
    grid.draw("語", x: 1, y: 0, style: .plain)
    #expect(grid.text == " 語 語")
    grid.draw("日", x: 5, y: 0, style: .plain)
    #expect(grid[5, 0].width == 1)
  }
}
