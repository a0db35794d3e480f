import Domain
import Foundation
import Interface
import Screen
import Testing

@Suite struct SessionTests {
  private func stored(_ number: Int64, id: RunID) -> StoredRun {
    StoredRun(
      id: id, number: number,
      specification: RunSpecification(
        method: .deliftInstruction, pool: "sample-data/pool.jsonl", source: .model(directory: "m"), budget: .count(30)),
      contents: ["pool": ContentHash(of: "sample-data/pool.jsonl")], candidates: 300,
      selection: Selection(picks: Stage.picks, objective: 53, evaluations: 9), seconds: PhaseSeconds(score: 3))
  }

  /// A model that takes up where `session` left off, with its files opened again.
  private func reopened(_ session: Session, runs: [StoredRun] = []) throws -> Stage {
    let kept = try JSONDecoder().decode(Session.self, from: JSONEncoder().encode(session))
    #expect(kept == session)
    var stage = Stage(paths: [:], model: "other-model")
    var opening = Opening(width: 100, height: 30, model: "shipped-model", session: kept)
    opening.notices = []
    stage.restart(opening)
    stage.answer(runs: runs)
    return stage
  }

  @Test func whatWasOpenSetPinnedFilteredAndSortedComesBack() throws {
    var stage = Stage.opened(width: 100, height: 30, target: true)
    stage.press(.character("f"))
    stage.type("label:sorting")
    stage.press(.enter)
    stage.answer()
    stage.press(
      .character("s"), .character("s"), .character("g"), .down, .down, .character("p"), .down, .character("x"))
    stage.press(.character("2"), .down, .right, .character("t"), .down, .enter)
    let session = stage.model.session
    let again = try reopened(session)
    #expect(again.model.screen == .setup)
    #expect(again.model.theme.id == stage.model.theme.id)
    #expect(again.model.setup.method == .deliftTask)
    #expect(again.model.setup[.model] == "sample-data/model")
    #expect(again.model.setup.marks == stage.model.setup.marks && !stage.model.setup.marks.isEmpty)
    var (before, after) = (stage, again)
    before.press(.character("1"))
    after.press(.character("1"))
    for screen in [before, after] {
      #expect(screen.text.contains("label:sorting"))
      #expect(screen.text.contains("4 of 50"))
    }
    // What is kept of the reopened screen is what was kept before: nothing is lost the second time.
    before.press(.character("2"))
    after.press(.character("2"))
    #expect(after.model.session == before.model.session)
  }

  @Test func runsOfTheLibraryAppearAndTheInspectedOneComesBackAtItsPick() throws {
    var stage = Stage.opened(width: 100, height: 30)
    stage.send(
      .storedRuns(pool: ContentHash(of: "sample-data/pool.jsonl"), [stored(3, id: 41), stored(8, id: 42)]))
    stage.press(.character("4"), .character("["))
    for _ in 0..<4 { stage.press(.down) }
    #expect(stage.text.contains("no. 3"))
    let again = try reopened(stage.model.session, runs: [stored(3, id: 7), stored(8, id: 9)])
    #expect(again.text.contains("no. 3"))
    #expect(again.text.contains("▸    5  159"))
    #expect(again.effects.isEmpty || !again.effects.contains(.explain(9, rank: 0)))
  }

  @Test func aRunThatWasKilledIsSaidWithHowFarItWas() throws {
    let stage = Stage.scoring(width: 100, height: 30)
    let session = stage.model.session
    #expect(session.running != nil && session.done > 0)
    let again = try reopened(session)
    #expect(again.text.contains("was interrupted at 3"))
    #expect(again.model.screen == .run)
  }

  @Test func marksOfAFileThatHasChangedAreLeftOut() throws {
    var stage = Stage.opened()
    stage.press(.character("p"))
    var session = stage.model.session
    session.files["pool"]?.content = ContentHash(of: "another content")
    let again = try reopened(session)
    #expect(again.model.setup.marks.isEmpty)
    #expect(again.text.contains("has changed since"))
  }

  @Test func theCommandLineGoesBeforeTheSession() throws {
    let session = Stage.opened().model.session
    let opening = Opening(
      width: 80, height: 24, paths: [.pool: "other.jsonl"], model: "/asked", modelIsAsked: true, method: .random,
      limit: 40, session: session)
    let model = Model(startingWith: opening)
    #expect(model.files[.pool] == .opening(path: "other.jsonl"))
    #expect(model.setup[.model] == "/asked" && model.setup.method == .random)
    #expect(model.setup[.limit] == "40")
  }
}
