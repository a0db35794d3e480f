import Desk
import Dispatch
import Domain
import Foundation
import Interface
import Testing

@Suite struct DeskTests {
  private static func ending(_ message: Message) -> RunID? {
    if case .runFinished(let id, _, _) = message { id } else { nil }
  }

  @Test func aRunIsAnsweredFromItsStartToItsEnd() throws {
    let stage = try DeskStage()
    stage.perform(.startRun(DeskStage.specification(5)))
    stage.engine.gate.signal()
    #expect(stage.answers.first(Self.ending) == 1)
    #expect(
      stage.answers.all.map(\.kind) == ["runStarted", "picked", "recorded", "runFinished"],
      "\(stage.answers.all.map(\.kind))")
    stage.perform(.explain(1, rank: 2))
    let rank = stage.answers.first { if case .explained(1, let rank, _) = $0 { rank } else { nil } }
    #expect(rank == 2)
  }

  @Test func aSecondRunWaitsForTheFirst() throws {
    let stage = try DeskStage()
    stage.perform(.startRun(DeskStage.specification(1)), .startRun(DeskStage.specification(2)))
    stage.engine.gate.signal()
    stage.engine.gate.signal()
    #expect(stage.answers.first { Self.ending($0) == 2 ? true : nil } == true)
    #expect(stage.engine.events.withLock { $0 } == ["begin 1", "end 1", "begin 2", "end 2"])
  }

  @Test func aRunThatIsCancelledBeforeItsFirstPickSaysSo() throws {
    let stage = try DeskStage(picks: 0)
    stage.perform(.startRun(DeskStage.specification(1)))
    stage.engine.begun.wait()
    stage.perform(.cancelRun)
    stage.engine.gate.signal()
    let cancelled = stage.answers.first {
      if case .runCancelled(let id, let selection) = $0 { (id, selection) } else { nil }
    }
    #expect(cancelled?.0 == 1 && cancelled?.1 == nil)
  }

  @Test func aRunThatFailsIsReportedAndTheNextOneRuns() throws {
    let stage = try DeskStage()
    stage.perform(.startRun(DeskStage.specification(13)), .startRun(DeskStage.specification(2)))
    stage.engine.gate.signal()
    stage.engine.gate.signal()
    #expect(stage.answers.first(Self.ending) == 2)
    let problem = stage.answers.first { if case .runFailed(_, let report) = $0 { report.problem } else { nil } }
    #expect(problem == "an unlucky run")
  }

  @Test func finishingStopsTheRunAndWaitsForItsEnd() throws {
    let stage = try DeskStage(picks: 0)
    stage.perform(.startRun(DeskStage.specification(1)))
    stage.engine.begun.wait()
    stage.engine.gate.signal()
    stage.desk.finish(within: 60)
    #expect(stage.engine.events.withLock { $0 } == ["begin 1", "end 1"])
  }

  @Test func picksMayComeByTheThousandAndNoneIsLostOrReordered() throws {
    let stage = try DeskStage(picks: 5000)
    stage.perform(.startRun(DeskStage.specification(1)))
    stage.engine.gate.signal()
    _ = stage.answers.first(Self.ending)
    let picks = stage.answers.all.flatMap { if case .picked(_, let picks) = $0 { picks } else { [Pick]() } }
    #expect(picks.map(\.rank) == Array(0..<5000))
  }

  @Test func rowsAreLoadedAndABadRangeIsCut() throws {
    let stage = try DeskStage()
    let key = try #require(try stage.open(rows: 20))
    stage.perform(.loadRows(key, 15..<40))
    let rows = stage.answers.first { if case .rows(key, let first, let rows) = $0 { (first, rows.count) } else { nil } }
    #expect(rows?.0 == 15 && rows?.1 == 5)
  }

  @Test func aFileThatCantBeOpenedIsNamed() throws {
    let stage = try DeskStage()
    let path = stage.folder.path + "/none.jsonl"
    stage.perform(.open(path: path, role: .target))
    let failed = stage.answers.first {
      if case .datasetFailed(let path, let role, let report) = $0 { (path, role, report.status) } else { nil }
    }
    #expect(failed?.0 == path && failed?.1 == .target && failed?.2 == .noSuchFile)
  }

  @Test func aSearchTakesThePlaceOfTheOneBeforeIt() throws {
    let stage = try DeskStage()
    let key = try #require(try stage.open(rows: 20))
    let (first, second) = (try FilterExpression(parsing: "question 3$"), try FilterExpression(parsing: "question 7$"))
    stage.queues.requests.suspend()
    stage.perform(
      .find(key, FilterRequest(first), RowSearch(from: 0)), .find(key, FilterRequest(second), RowSearch(from: 0)))
    stage.queues.requests.resume()
    #expect(stage.answers.first { if case .found(_, second, let row) = $0 { row } else { nil } } == RowIndex(7))
    stage.queues.requests.sync(flags: .barrier) {}
    #expect(!stage.answers.all.contains { if case .found(_, first, _) = $0 { true } else { false } })
  }

  @Test func aFilterThatIsStoppedIsNotAnswered() throws {
    let stage = try DeskStage()
    let key = try #require(try stage.open(rows: 20))
    let pattern = try FilterExpression(parsing: "1")
    stage.queues.requests.suspend()
    stage.perform(.filter(key, FilterRequest(pattern)), .stopSeeking)
    stage.queues.requests.resume()
    stage.queues.requests.sync(flags: .barrier) {}
    #expect(!stage.answers.all.contains { if case .filtered = $0 { true } else { false } })
    stage.perform(.filter(key, FilterRequest(pattern)))
    let rows = stage.answers.first { if case .filtered(_, _, let rows) = $0 { rows } else { nil } }
    #expect(rows == [1] + Array(10...19))
  }

  @Test func anEstimateTakesThePlaceOfTheOneBeforeIt() throws {
    let stage = try DeskStage()
    _ = try #require(try stage.open(rows: 5))
    var (one, two) = (DeskStage.specification(1), DeskStage.specification(2))
    let path = stage.folder.appendingPathComponent("pool.jsonl").path
    (one.pool, two.pool) = (path, path)
    stage.queues.studies.suspend()
    stage.perform(.estimate(one), .estimate(two))
    stage.queues.studies.resume()
    #expect(stage.answers.first { if case .estimated(let asked, _) = $0 { asked } else { nil } } == two)
    #expect(stage.engine.events.withLock { $0 } == ["estimate 2"])
  }

  @Test func runsAreEvaluatedOnEachOthersRows() throws {
    let stage = try DeskStage()
    stage.perform(.startRun(DeskStage.specification(1)), .startRun(DeskStage.specification(2)))
    stage.engine.gate.signal()
    stage.engine.gate.signal()
    _ = stage.answers.first { Self.ending($0) == 2 ? true : nil }
    stage.perform(.cross([1, 2, 77]))
    let values = stage.answers.first { if case .crossed(_, let values) = $0 { values } else { nil } }
    // The third run is not at hand: the others still have their values.
    #expect(values == [[4, 4, nil], [5, 5, nil], [nil, nil, nil]])
  }

  @Test func aFileThatIsThereIsAskedAboutAndThenWrittenOver() throws {
    let stage = try DeskStage()
    stage.perform(.startRun(DeskStage.specification(1)))
    stage.engine.gate.signal()
    _ = stage.answers.first(Self.ending)
    let path = stage.folder.path + "/out.jsonl"
    for overwrite in [false, false, true] {
      stage.perform(.export(1, path: path, overwrite: overwrite))
      stage.queues.requests.sync(flags: .barrier) {}
    }
    #expect(
      stage.answers.all.map(\.kind).filter { $0.hasPrefix("export") } == ["exported", "exportExists", "exported"])
    stage.perform(.writeText(path: path, text: "table", overwrite: false))
    let text = stage.answers.first { if case .textExists(_, let text) = $0 { text } else { nil } }
    #expect(text == "table")
  }

  @Test func whatConcernsTheTerminalGoesToIt() throws {
    let stage = try DeskStage()
    #expect(stage.perform(.suspend, .copyToClipboard("x"), .rememberTheme("dusk")))
    #expect(stage.terminal.asked == ["suspend", "copy x"])
    #expect(stage.remembered.names.withLock { $0 } == ["dusk"])
    #expect(!stage.perform(.quit, .suspend))
    #expect(stage.terminal.asked.count == 2, "nothing is done after leaving")
  }
}

extension Message {
  /// The name of its case.
  var kind: String { String("\(self)".prefix { $0.isLetter }) }
}
