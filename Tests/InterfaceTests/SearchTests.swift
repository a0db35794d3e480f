import Domain
import Interface
import Screen
import Testing

@Suite struct SearchTests {
  private let sample = Sample(
    index: 3, id: "row-3", label: "Noise", query: .instruction("Add 2 and 3.", input: "Größe"), response: "five (5)")

  @Test(arguments: [
    ("add", true), ("ADD 2", true), ("nothing", false), ("!add", false), ("!nothing", true), ("label:noise", true),
    ("label:add", false), ("!label:noise", false), ("id:row-\\d$", true), ("response:five", true),
    ("prompt:five", false),
    ("\\(5\\)", true), ("größe", true), ("GRÖSSE", false), ("a.d", true), ("^five", true), ("prompt:größe", true),
  ])
  func aPatternMatchesAsItSays(text: String, matches: Bool) throws {
    #expect(try FilterExpression(parsing: text).makeMatcher()(SampleRow(sample)) == matches, "\(text)")
  }

  @Test(arguments: ["", "!", "label:", "a(", "[", "*"])
  func whatIsNoPatternIsRefused(text: String) {
    #expect(throws: FilterProblem.self) { try FilterExpression(parsing: text) }
  }

  @Test func anythingTypedIsAPatternOrIsRefused() {
    var random = SeededGenerator(seed: 11)
    let signs = Array("ab0 .*+?()[]{}|\\^$:!-,<>=#&~'\"dwsPpbBkK日é\u{1B}\u{301}")
    var kept = 0
    for _ in 0..<3000 {
      let text = String((0..<1 + random.below(8)).map { _ in signs[random.below(signs.count)] })
      guard let pattern = try? FilterExpression(parsing: text) else { continue }
      kept += 1
      _ = pattern.makeMatcher()(SampleRow(sample))
    }
    #expect(kept > 100)
  }

  @Test func aSearchGoesRoundAndLooksAtItsStartLast() {
    #expect(Array(RowSearch(from: 2).order(of: 4)) == [3, 0, 1, 2])
    #expect(Array(RowSearch(from: 2, isForward: false).order(of: 4)) == [1, 0, 3, 2])
    #expect(Array(RowSearch(rows: [9, 5, 7], from: 5).order(of: 100)) == [7, 9, 5])
    #expect(Array(RowSearch(rows: [9, 5, 7], from: 1).order(of: 100)) == [9, 5, 7])
    #expect(Array(RowSearch(rows: [9, 5, 7], from: 1, isForward: false).order(of: 100)) == [7, 5, 9])
    #expect(Array(RowSearch(from: 0).order(of: 0)) == [])
  }

  @Test func searchingMovesTheCursorAndRepeatsBothWays() {
    var stage = Stage.opened()
    stage.press(.character("n"))
    #expect(stage.text.contains("Nothing was searched for yet"))
    stage.press(.character("/"))
    stage.type("capital")
    stage.press(.enter)
    stage.answer()
    #expect(stage.text.contains("Row 3 · s3 · capitals"))
    stage.press(.character("n"))
    stage.answer()
    #expect(stage.text.contains("Row 9 · s9 · capitals"))
    stage.press(.character("N"), .character("N"))
    stage.answer()
    #expect(stage.text.contains("Row 3 · s3") || stage.text.contains("Row 297 · s297"))
    stage.press(.character("/"))
    stage.type("nowhere at all")
    stage.press(.enter)
    stage.answer()
    #expect(stage.text.contains("No row matches nowhere at all."))
    #expect(!stage.model.wantsTicks || stage.text.contains("No row"))
  }

  @Test func escapeStopsASearchAndItsLateAnswerMovesNothing() throws {
    var stage = Stage.opened()
    stage.press(.character("/"))
    stage.type("capital")
    stage.press(.enter)
    _ = stage.takeEffects()
    #expect(stage.text.contains("Looking for capital"))
    #expect(stage.model.wantsTicks)
    stage.press(.escape)
    #expect(stage.takeEffects() == [.stopSeeking])
    stage.send(.found(Stage.pool, try FilterExpression(parsing: "capital"), row: 3))
    #expect(stage.text.contains("Row 0 · s0"))
    #expect(!stage.model.wantsTicks)
  }

  @Test func searchingAmongTheChosenStaysAmongThem() {
    var stage = Stage.chosen()
    stage.press(.character("/"))
    stage.type("id:s270$")
    stage.press(.enter)
    stage.answer()
    #expect(stage.text.contains("Row 270 · s270"))
    #expect(stage.text.contains("step 8 of 30"))
  }

  @Test func aFilterShowsOnlyItsRowsAndEscapeShowsAllAgain() {
    var stage = Stage.opened()
    for _ in 0..<8 { stage.press(.down) }
    stage.press(.character("f"))
    stage.type("label:sorting")
    stage.press(.enter)
    stage.answer()
    #expect(stage.text.contains("1 of 50") || stage.text.contains("2 of 50"))
    // The cursor stays on its row: 8 is a sorting row.
    #expect(stage.text.contains("Row 8 · s8 · sorting"))
    stage.press(.down)
    stage.answer()
    #expect(stage.text.contains("Row 14 · s14 · sorting"))
    stage.press(.character("G"))
    stage.answer()
    #expect(stage.text.contains("Row 296 · s296 · sorting"))
    stage.press(.character("p"))
    #expect(stage.model.setup.marks.pinned == [296])
    stage.press(.escape)
    stage.answer()
    #expect(stage.text.contains("297 of 300"))
    #expect(stage.text.contains("Row 296 · s296"))
    // Undo takes back one step at a time: showing all, the pin, the filter.
    stage.press(.character("u"))
    #expect(stage.text.contains("of 50"))
    stage.press(.character("u"))
    #expect(stage.model.setup.marks.isEmpty)
    stage.press(.character("u"))
    #expect(stage.text.contains("of 300"))
    stage.press(.control("r"))
    #expect(stage.text.contains("of 50"))
  }

  @Test func anExpressionThatIsNoneIsToldAsItIsTyped() {
    var stage = Stage.opened()
    stage.press(.character("/"))
    stage.type("a(")
    #expect(stage.text.contains("is no regular expression"))
    stage.press(.enter)
    #expect(stage.model.contexts == [.typing])
    stage.press(.escape)
    #expect(stage.model.contexts.first == .data)
  }

  @Test func aReplayTakesThePicksAgainAndCanBeStepped() {
    var stage = Stage.chosen()
    stage.press(.character("3"), .character(" "))
    #expect(stage.text.contains("0 of 30"))
    #expect(stage.model.wantsTicks)
    stage.send(.tick(61))
    #expect(stage.text.contains("5 of 30"))
    stage.press(.character(","))
    #expect(stage.text.contains("4 of 30"))
    #expect(!stage.model.wantsTicks || stage.text.contains("Chose"))
    stage.press(.character("."), .character("."))
    #expect(stage.text.contains("6 of 30"))
    stage.press(.character(" "), .character(">"))
    stage.send(.tick(62))
    #expect(stage.text.contains("16 of 30"))
    stage.send(.tick(70))
    #expect(stage.text.contains("30 of 30"))
    stage.press(.escape)
    #expect(stage.text.contains("Latest picks"))
  }

  @Test func theValueOfAllSoFarIsAShareOfTheWholeOnceThatIsKnown() {
    var stage = Stage.chosen()
    stage.press(.character("3"))
    #expect(stage.text.contains("Value of all picks so far"))
    #expect(stage.text.contains("53.04"))
    stage.send(.reachable(7, 106.08))
    #expect(stage.text.contains("Coverage of the pool"))
    #expect(stage.text.contains("50%"))
  }
}

/// Rows that are marked together, and filters by what runs chose.
@Suite struct MarkTests {
  private func filtered(_ text: String, _ stage: inout Stage) {
    stage.press(.character("f"))
    stage.type(text)
    stage.press(.enter)
    stage.answer()
  }

  @Test func allRowsOfALabelAreBannedInFourKeysAndOneUndo() {
    var stage = Stage.opened()
    filtered("label:sorting", &stage)
    stage.press(.character("A"), .character("x"))
    #expect(stage.model.setup.marks.banned.count == 50)
    #expect(stage.text.contains("50 banned"))
    stage.press(.character("u"))
    #expect(stage.model.setup.marks.isEmpty)
    #expect(stage.text.contains("Took back the ban of 50 rows."))
    stage.press(.control("r"))
    #expect(stage.model.setup.marks.banned.count == 50)
  }

  @Test func spaceMarksARowAndARangeGoesFromThereToTheCursor() {
    var stage = Stage.opened()
    stage.press(.character(" "), .down, .down, .character("V"))
    #expect(stage.text.contains("4 marked"))
    stage.press(.character("p"))
    #expect(stage.model.setup.marks.pinned == [0, 1, 2, 3])
    // What was marked is done; the next pin is the cursor's row alone.
    stage.press(.character("p"))
    #expect(stage.model.setup.marks.pinned == [0, 1, 2])
    stage.press(.character("A"), .escape, .character("x"))
    #expect(stage.model.setup.marks.banned == [3])
  }

  @Test func tagsAreGivenTakenAndFound() {
    var stage = Stage.opened()
    stage.press(.character(" "), .character(" "), .character("T"))
    stage.type("to read")
    stage.press(.enter)
    #expect(stage.model.setup.marks.tags == [0: ["to read"], 1: ["to read"]])
    filtered("tag:read", &stage)
    #expect(stage.text.contains("of 2"))
    // A filter by tags follows them.
    stage.press(.character("T"))
    stage.type("to read")
    stage.press(.enter)
    stage.answer()
    #expect(stage.text.contains("of 1"))
  }

  @Test func chosenRowsAreMarkedFilteredAndOrderedByTheirRank() {
    var stage = Stage.chosen()
    stage.press(.character("1"))
    filtered("chosen", &stage)
    #expect(stage.text.contains("of 30"))
    filtered("!chosen", &stage)
    #expect(stage.text.contains("of 270"))
    stage.press(.escape)
    stage.press(.character("f"))
    stage.type("run:99")
    #expect(stage.text.contains("run 99 chose no rows of this file"))
    stage.press(.enter)
    #expect(stage.model.contexts == [.typing])
  }

  @Test func aFilterOnInspectShowsThePoolAndEscapeComesBack() {
    var stage = Stage.chosen()
    stage.press(.character("4"), .character("f"))
    stage.type("x")
    stage.press(.enter)
    stage.answer()
    #expect(stage.model.screen == .data)
    stage.press(.escape)
    #expect(stage.model.screen == .inspect)
  }
}
