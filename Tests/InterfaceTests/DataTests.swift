import Domain
import Interface
import Screen
import Testing

@Suite struct DataTests {
  private func loads(_ effects: [Effect]) -> [Range<RowIndex>] {
    effects.compactMap { if case .loadRows(_, let range) = $0 { range } else { nil } }
  }

  @Test func theFirstScreenSaysWhatToDoNext() {
    #expect(Stage.opened().text.contains("Press r to choose 30 rows"))
    #expect(Stage(paths: [:]).text.contains("Press o to open the pool"))
  }

  @Test func filesThatAreGivenAtTheStartAreOpened() {
    let stage = Stage(paths: [.pool: "a.jsonl", .existing: "b.jsonl"])
    #expect(stage.effects == [.open(path: "a.jsonl", role: .pool), .open(path: "b.jsonl", role: .existing)])
    #expect(stage.text.contains("Reading a.jsonl"))
  }

  @Test func onlyRowsInSightAndTheirNeighboursAreAskedFor() {
    var stage = Stage(paths: [.pool: "a.jsonl"])
    var summary = Stage.summary("a.jsonl", .pool)
    summary.rows = 1_000_000
    _ = stage.takeEffects()
    stage.send(.datasetOpened(Stage.pool, summary))
    let first = loads(stage.takeEffects())
    #expect(first.first?.lowerBound == 0)
    #expect(first.reduce(0) { $0 + $1.count } < 64)
    // Asked once: what is under way is not asked for again.
    stage.press(.down)
    #expect(loads(stage.takeEffects()).isEmpty)
    stage.press(.end)
    let last = loads(stage.effects)
    #expect(last.last?.upperBound == 1_000_000)
    #expect(last.reduce(0) { $0 + $1.count } < 64)
    stage.answer()
    #expect(stage.text.contains("Row 999 999 · s999999"))
  }

  @Test func theRowsAtHandStayBounded() {
    var cache = RowCache()
    for row in 0..<100_000 {
      cache.receive([.sample(Stage.sample(row))], from: RowIndex(row))
    }
    #expect(cache.count <= 2 * 2048)
    #expect(cache[99_999] != nil)
    #expect(cache[0] == nil)
    var heavy = RowCache()
    let text = String(repeating: "x", count: 1_000_000)
    for row in 0..<100 {
      heavy.receive(
        [.sample(Sample(index: RowIndex(row), query: .instruction(text, input: ""), response: ""))], from: RowIndex(row)
      )
    }
    #expect(heavy.count < 24)
  }

  @Test func scrollingThroughAFileShowsEveryRowAtItsPlace() {
    var stage = Stage.opened()
    for row in stride(from: 0, to: 299, by: 7) {
      #expect(stage.text.contains("Row \(row) · s\(row)"), "row \(row)")
      for _ in 0..<7 { stage.press(.character("j")) }
      stage.answer()
    }
    stage.press(.character("G"))
    stage.answer()
    #expect(stage.text.contains("Row 299 · s299"))
    stage.press(.pageUp, .pageDown, .character("g"))
    #expect(stage.text.contains("Row 0 · s0"))
  }

  @Test func theCursorStaysOnItsRowWhenTheWindowChanges() {
    var stage = Stage.opened(width: 120, height: 40)
    for _ in 0..<50 { stage.press(.down) }
    stage.answer()
    for (width, height) in [(80, 24), (40, 10), (20, 5), (10, 3), (200, 60), (120, 40)] {
      stage.resize(width, height)
      stage.answer()
      if width >= 20 { #expect(stage.text.contains("50"), "\(width)×\(height)") }
    }
    #expect(stage.text.contains("Row 50 · s50"))
  }

  @Test func aRowThatCannotBeReadIsAnErrorInItsPlace() {
    var stage = Stage(paths: [.pool: "a.jsonl"])
    stage.send(.datasetOpened(Stage.pool, Stage.summary("a.jsonl", .pool)))
    stage.send(
      .rows(
        Stage.pool, first: 0,
        [.unreadable(ErrorReport("no field \"output\"", at: "a.jsonl:1", status: .badData)), .sample(Stage.sample(1))]))
    #expect(stage.text.contains("✗ no field \"output\""))
    #expect(stage.text.contains("a.jsonl:1"))
    #expect(stage.text.contains("Write the word"))
  }

  @Test func aRowOfAMegabyteIsCutAndSaysSo() {
    var stage = Stage.opened()
    let huge = String(repeating: "word ", count: 200_000)
    stage.send(
      .rows(Stage.pool, first: 0, [.sample(Sample(index: 0, query: .instruction(huge, input: ""), response: "r"))]))
    stage.press(.tab, .character("G"))
    #expect(stage.text.contains("response     r"))
    #expect(stage.text.contains("the text goes on; y copies all of it"))
  }

  @Test func openingAsksForAPathAndTheRoleCanBeChanged() {
    var stage = Stage.opened()
    _ = stage.takeEffects()
    stage.press(.character("o"))
    #expect(stage.takeEffects() == [.completePath("")])
    stage.type("tar")
    #expect(stage.takeEffects().last == .completePath("tar"))
    stage.send(.completions(of: "tar", ["targets/", "target.jsonl"]))
    stage.press(.tab)
    #expect(stage.text.contains(" target"))
    stage.press(.down, .control("r"), .enter)
    #expect(stage.takeEffects().last == .open(path: "target.jsonl", role: .target) || stage.text.contains("target"))
  }

  @Test func tabCompletesAsFarAsItIsClear() {
    var stage = Stage.opened()
    stage.press(.character("o"))
    stage.type("sa")
    stage.press(.tab)
    stage.send(.completions(of: "sa", ["sample-data/pool.jsonl", "sample-data/target.jsonl"]))
    #expect(stage.text.contains("│ sample-data/  "))
    stage.press(.control("u"))
    stage.type("x")
    stage.send(.completions(of: "sa", ["zzz"]))
    #expect(!stage.text.contains("zzz"))
    stage.send(.completions(of: "x", ["x.jsonl"]))
    stage.press(.tab, .enter)
    #expect(stage.effects.contains(.open(path: "x.jsonl", role: .pool)))
  }

  @Test func aFileThatCannotBeOpenedLeavesTheOneBeforeItOpen() {
    var stage = Stage.opened()
    stage.press(.character("o"))
    stage.type("nowhere.jsonl")
    stage.press(.enter)
    stage.send(
      .datasetFailed(
        path: "nowhere.jsonl", role: .pool,
        ErrorReport("no such file", at: "nowhere.jsonl", remedy: "Check the path.", status: .noSuchFile)))
    #expect(stage.text.contains("✗ Problem"))
    #expect(stage.text.contains("Check the path."))
    stage.press(.escape)
    #expect(!stage.text.contains("✗ Problem"))
    #expect(stage.text.contains("Add the two numbers"))
    stage.press(.character("L"))
    #expect(stage.text.contains("no such file"))
  }

  @Test func anErrorDoesNotFollowToAnotherScreenAndStaysInTheLog() {
    var stage = Stage.opened()
    stage.send(.failed(ErrorReport("the disk is full", status: .failed)))
    stage.press(.down)
    #expect(stage.text.contains("the disk is full"))
    stage.press(.character("2"))
    #expect(!stage.text.contains("the disk is full"))
    stage.press(.character("L"))
    #expect(stage.text.contains("the disk is full"))
  }

  @Test func anotherPoolTakesTheMarksAwayAndClosesTheOneBefore() {
    var stage = Stage.opened()
    stage.press(.character("p"))
    #expect(stage.text.contains("1 pinned"))
    stage.send(.datasetOpened(DatasetKey(9), Stage.summary("other.jsonl", .pool)))
    #expect(stage.effects.contains(.close(Stage.pool)))
    #expect(stage.model.setup.marks.isEmpty)
  }

  @Test func whatIsKnownOfAFileIsReadBesideIt() {
    var stage = Stage(width: 100, height: 40, paths: [.pool: "a.csv"])
    var summary = Stage.summary("a.csv", .pool)
    summary.format = .csv
    summary.notes = ["3 unanswerable questions were left out"]
    summary.badRows = [BadRow(line: 17, reason: "no response")]
    stage.send(.datasetOpened(Stage.pool, summary))
    #expect(stage.text.contains("1 bad, 300 rows"))
    stage.press(.backTab)
    for part in [
      "format       csv", "schema       instruction/input/output", "fields       id, family, instruction",
      "label from   family", "id from      id",
      "note         3 unanswerable questions", "line 17      no response", "61 kB",
      ContentHash(of: "a.csv").description.prefix(16).description,
    ] {
      #expect(stage.text.contains(part), "\(part)")
    }
  }

  @Test func newsOfAClosedFileArePassedOver() {
    var stage = Stage.opened()
    let before = stage.text
    stage.send(.rows(DatasetKey(77), first: 0, [.sample(Stage.sample(5))]))
    #expect(stage.text == before)
  }

  @Test func aFilterIsTakenBackAndDoneAgain() {
    var stage = Stage.opened()
    stage.press(.character("f"))
    stage.type("capital")
    stage.press(.enter)
    stage.answer()
    #expect(stage.model.session.files["pool"]?.filter == "capital")
    stage.press(.character("u"))
    #expect(stage.model.session.files["pool"]?.filter == nil)
    stage.press(.control("r"))
    #expect(stage.model.session.files["pool"]?.filter == "capital")
  }

  @Test func aFileThatWasClosedIsOpenedAgainByUndo() {
    var stage = Stage.opened(target: true)
    stage.press(.character("X"))
    #expect(stage.text.contains("The pool is what rows are chosen from"))
    stage.press(.backTab, .down, .character("X"))
    #expect(stage.model.session.files["target"] == nil)
    #expect(stage.text.contains("Closed sample-data/target.jsonl. u opens it again."))
    stage.press(.character("u"))
    #expect(stage.model.session.files["target"]?.path == "sample-data/target.jsonl")
    stage.press(.control("r"))
    #expect(stage.model.session.files["target"] == nil)
    stage.press(.character("u"))
    stage.answer()
    #expect(stage.text.contains("24 rows"))
    // It is not asked for again: nothing of it was let go.
    #expect(!stage.effects.contains { if case .open = $0 { true } else { false } })
  }

  @Test func pinsAndBansAreTakenBackAndDoneAgain() {
    var stage = Stage.opened()
    stage.press(.character("p"), .down, .character("x"))
    #expect(stage.model.setup.marks.pinned == [0])
    #expect(stage.model.setup.marks.banned == [1])
    #expect(stage.text.contains("◆") && stage.text.contains("⊘"))
    stage.press(.character("u"))
    #expect(stage.model.setup.marks.banned == [])
    stage.press(.character("u"))
    #expect(stage.model.setup.marks.isEmpty)
    stage.press(.control("r"), .control("r"))
    #expect(stage.model.setup.marks.pinned == [0] && stage.model.setup.marks.banned == [1])
    // A row is never both.
    stage.press(.character("p"))
    #expect(stage.model.setup.marks.pinned == [0, 1] && stage.model.setup.marks.banned == [])
    stage.press(.character("r"))
    guard case .startRun(let run)? = stage.effects.last else {
      Issue.record("no run")
      return
    }
    #expect(run.pinned == [0, 1])
  }

  @Test func theRowsTextIsSentToTheClipboard() {
    var stage = Stage.opened()
    stage.press(.down, .character("y"))
    #expect(stage.effects.contains(.copyToClipboard("Write the word backwards.\n\nlantern\n\nnretnal")))
    #expect(stage.text.contains("Sent row 1"))
  }

  @Test func noticesStayUntilTheNextKeyAndInTheLog() {
    var stage = Stage.opened()
    #expect(!stage.model.wantsTicks)
    stage.send(.notice("something happened"))
    #expect(stage.text.contains("something happened"))
    #expect(!stage.model.wantsTicks)
    stage.send(.tick(100))
    #expect(stage.text.contains("something happened"))
    stage.press(.down)
    #expect(!stage.text.contains("something happened"))
    stage.press(.character("L"))
    #expect(stage.text.contains("something happened"))
  }
}
