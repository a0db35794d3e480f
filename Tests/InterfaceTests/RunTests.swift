import Domain
import Foundation
import Interface
import Screen
import Testing

@Suite struct RunTests {
  @Test func theDefaultMethodAndEnterJustRun() throws {
    var stage = Stage.opened()
    stage.press(.character("2"), .enter)
    let run = try #require(stage.started)
    #expect(
      run
        == RunSpecification(
          method: .deliftInstruction, pool: "sample-data/pool.jsonl", source: .model(directory: "sample-data/model"),
          budget: .fraction(0.1)))
  }

  @Test func everyFieldOfInfluenceDistillationEndsUpInTheRun() throws {
    var stage = Stage.opened(width: 100, height: 40, target: true)
    stage.press(.character("2"))
    stage.go(to: .method)
    while stage.model.setup.method != .influence { stage.press(.right) }
    #expect(stage.text.contains("standard, 64") && stage.text.contains("all targets alike"))
    for field in [Parameter.ID.influenceStep, .pooling, .landmarkChoice, .embedding, .embedding, .propagation] {
      stage.go(to: field)
      stage.press(.right)
    }
    stage.set(.stepSize, "0.01")
    stage.set(.warmUp, "7")
    stage.set(.groupShares, "odd label=2, other=0.5")
    stage.set(.landmarks, "20%")
    stage.set(.blocks, "2")
    stage.set(.tangents, "3")
    stage.set(.heldOut, "9")
    stage.set(.parameters, "down_proj")
    stage.set(.projection, "cube:9")
    #expect(stage.text.contains("hadamard or rademacher, a colon and a size"))
    stage.press(.escape)
    stage.set(.projection, "hadamard:512")
    stage.set(.lambda, "0.25")
    stage.press(.character("r"))
    let run = try #require(stage.started)
    #expect(
      run.influence
        == InfluenceSettings(
          step: .adamW, warmUpSteps: 7, pooling: .pooled, landmarks: .fraction(0.2), landmarkChoice: .kMeans,
          propagation: .linear, embedding: .tangents, blocks: 2, tangents: 3,
          parameters: "down_proj", projection: ProjectionSetting(kind: .hadamard, size: 512), lambda: 0.25,
          stepSize: 0.01, groupShares: ["odd label": 2, "other": 0.5], heldOut: 9))
  }

  @Test func anInferenceServerCanJudgeInTheModelsPlace() throws {
    var stage = Stage.opened(width: 100, height: 40)
    stage.press(.character("2"))
    stage.go(to: .source)
    while stage.model.setup.source != .endpoint { stage.press(.right) }
    #expect(!stage.model.setup.fields.contains(.model))
    #expect(stage.text.contains("An address such as http://localhost:8000/v1."))
    #expect(stage.text.contains("the only one") && stage.text.contains("rows are sent as text"))
    stage.set(.endpoint, "localhost:8000")
    #expect(stage.text.contains("An address such as"))
    stage.press(.escape)
    stage.set(.endpoint, "http://localhost:8000/v1")
    #expect(stage.model.setup[.endpoint] == "http://localhost:8000/v1")

    // A chat is written by the template beside the tokenizer.
    stage.go(to: .template)
    while stage.model.setup[.template] != "chat" { stage.press(.right) }
    stage.press(.character("r"))
    #expect(stage.started == nil)
    #expect(stage.text.contains("needs the folder of the model's tokenizer"))
    stage.set(.tokenizer, "/models/tokenizer")
    stage.set(.servedModel, "judge")
    stage.press(.character("r"))
    let run = try #require(stage.started)
    let expected = Endpoint(url: "http://localhost:8000/v1", model: "judge", tokenizer: "/models/tokenizer")
    #expect(run.source == .endpoint(expected) && run.template == "chat")
    // Tokens are counted with the server's tokenizer.
    #expect(
      stage.effects.contains { if case .survey(_, model: "/models/tokenizer") = $0 { true } else { false } })

    // What a session kept comes back, but for what the command line names.
    let session = stage.model.session
    func reopened(_ endpoint: Endpoint?, model: String?) -> SetupState {
      Model(
        startingWith: Opening(
          width: 100, height: 40, model: model, modelIsAsked: model != nil, endpoint: endpoint, session: session)
      ).setup
    }
    let kept = reopened(nil, model: nil)
    #expect(kept.source == .endpoint && kept[.endpoint] == expected.url && kept[.tokenizer] == expected.tokenizer)
    #expect(reopened(nil, model: "/m").source == .model)
    let other = Endpoint(url: "https://other/v1")
    let asked = reopened(other, model: nil)
    #expect(asked.source == .endpoint && asked[.endpoint] == other.url && asked[.tokenizer].isEmpty)
  }

  @Test func gradientsOfAFileNeedNoModelAndTheTargetsToo() throws {
    var stage = Stage.opened(width: 100, height: 40, target: true)
    stage.press(.character("2"), .down)
    while stage.model.setup.method != .influence { stage.press(.right) }
    stage.set(.gradients, "g.npy")
    #expect(stage.text.contains("Name the file of the target's gradients."))
    stage.set(.targetGradients, "t.npy")
    #expect(!stage.model.setup.fields.contains(.model))
    stage.press(.character("r"))
    let run = try #require(stage.started)
    #expect(run.source == nil && run.influence?.gradients == "g.npy" && run.influence?.targetGradients == "t.npy")
  }

  @Test func thePhaseAtWorkIsTheOneThatWasHeardOfLastAndNamesStandInAColumn() {
    let stage = Stage.distilling(width: 80, height: 24)
    #expect(stage.text.contains("embeddings 40%"))
    #expect(stage.text.contains("gradients   24 samples"))
    #expect(stage.text.contains("propagation"))
  }

  @Test func escapeNeverCancelsARunAndCancellingMuchWorkIsAskedAbout() {
    var stage = Stage.scoring()
    stage.press(.character("?"))
    _ = stage.takeEffects()
    stage.press(.escape, .escape, .escape)
    #expect(stage.takeEffects() == [])
    #expect(stage.model.runs.last?.isGoingOn == true && stage.model.runs.last?.state != .cancelling)
    stage.press(.character("c"))
    #expect(stage.takeEffects() == [.cancelRun])
    #expect(stage.model.runs.last?.state == .cancelling)

    stage = Stage.scoring()
    guard let id = stage.model.runs.last?.id else { return }
    stage.send(.progress(id, Progress(phase: .score, done: 10, total: 100, unit: "pairs", elapsed: 90)))
    _ = stage.takeEffects()
    stage.press(.character("c"))
    #expect(stage.takeEffects() == [] && stage.text.contains("Cancel the run?"))
    stage.press(.character("n"))
    #expect(stage.model.runs.last?.state != .cancelling)
    stage.press(.character("c"), .character("y"))
    #expect(stage.takeEffects() == [.cancelRun])
  }

  @Test func runsThatAreAskedForWhileOneGoesOnWaitForItsEnd() {
    var stage = Stage.scoring()
    guard let id = stage.model.runs.last?.id else { return }
    _ = stage.takeEffects()
    stage.press(.character("r"), .character("r"))
    #expect(stage.takeEffects() == [] && stage.model.waitingRuns.count == 2)
    stage.send(.runCancelled(id, nil))
    #expect(stage.takeEffects().contains { if case .startRun = $0 { true } else { false } })
    #expect(stage.model.runs.count == 2 && stage.model.waitingRuns.count == 1)
    stage.press(.character("C"))
    #expect(stage.model.waitingRuns.isEmpty)
    if let specification = stage.model.runs.last?.specification { stage.send(.runStarted(id + 1, specification)) }
    stage.send(.runFailed(id + 1, ErrorReport("no", status: .failed)))
    #expect(stage.model.runs.count == 2)
  }

  @Test func everyFieldOfTheFormEndsUpInTheRun() throws {
    var stage = Stage.opened(width: 100, height: 40, target: true)
    stage.press(.character("2"))
    stage.go(to: .method)
    stage.press(.right)
    stage.go(to: .objective)
    stage.press(.enter)
    stage.go(to: .kernel)
    stage.press(.character("l"))
    stage.go(to: .rescaling)
    stage.press(.right)
    stage.go(to: .maximizer)
    stage.press(.right, .right)
    stage.set(.budget, "7")
    stage.set(.model, "/models/llama")
    stage.set(.eta, "0.5")
    stage.set(.epsilon, "0.2")
    stage.set(.seed, "99")
    stage.set(.limit, "50")
    stage.press(.character("r"))
    let run = try #require(stage.started)
    #expect(
      run
        == RunSpecification(
          method: .deliftTask, pool: "sample-data/pool.jsonl", target: "sample-data/target.jsonl",
          source: .model(directory: "/models/llama"), budget: .count(7), limit: 50, objective: .flqmi, eta: 0.5,
          utilityKernel: .exponential, rescaling: .none, maximizer: .stochastic, epsilon: 0.2, seed: 99))
  }

  @Test func whatIsMissingIsSaidAndNothingStarts() {
    var stage = Stage.opened()
    stage.press(.character("2"), .down, .right)  // task-specific
    #expect(stage.text.contains("Needs a target set"))
    stage.press(.character("r"))
    #expect(stage.started == nil)
    stage.send(.datasetOpened(Stage.target, Stage.summary("t.jsonl", .target)))
    stage.press(.character("r"))
    #expect(stage.started?.target == "t.jsonl")

    var bare = Stage(paths: [:], model: nil)
    bare.press(.character("2"))
    #expect(bare.text.contains("Needs the pool"))
    #expect(bare.text.contains("Name a model folder."))
  }

  @Test func aRandomRunNeedsNoModel() {
    var stage = Stage(model: nil)
    stage.answer()
    stage.press(.character("2"), .down, .left)
    #expect(!stage.text.contains("Kernel"))
    stage.press(.character("r"))
    #expect(stage.started?.method == .random)
    #expect(stage.started?.source == nil)
  }

  @Test(arguments: ["0", "1.5", "-3", "abc", "301", "0%", "101%", "nan", "1e99", ""])
  func aBudgetThatCannotBeIsRefusedAsItIsTyped(text: String) {
    var stage = Stage.opened()
    stage.press(.character("2"), .down, .down, .down, .enter, .control("u"))
    stage.type(text)
    #expect(stage.text.contains("✗"))
    stage.press(.enter)
    #expect(stage.model.contexts == [.typing])
    stage.press(.escape)
    #expect(stage.model.setup[.budget] == "10%")
  }

  @Test(arguments: [("30", 30), ("25%", 75), ("0.5", 150), ("1.0", 300), ("300", 300), (" 12 ", 12)])
  func aBudgetThatCanBeSaysHowManyRowsItIs(text: String, rows: Int) {
    var stage = Stage.opened()
    stage.press(.character("2"), .down, .down, .down, .enter)
    // The old value gives way to what is typed.
    stage.type(text)
    #expect(stage.text.contains("✓ \(rows) of 300 rows"))
    stage.press(.enter)
    #expect(stage.model.contexts.first == .setup)
  }

  @Test func theCostIsNamedBeforeAnythingStarts() {
    var stage = Stage.opened()
    stage.press(.character("2"))
    #expect(stage.text.contains("scores    90 000 pairs"))
    #expect(stage.text.contains("measuring"))
    stage.answer()
    for part in ["passes    90.3k", "tokens    2.6M", "memory    2.4 MB", "time      about 11 s", "229k tokens/s"] {
      #expect(stage.text.contains(part), "\(part)")
    }
    // Another seed costs the same: nothing is measured again. Another model is another cost.
    stage.set(.seed, "7")
    #expect(!stage.effects.contains { if case .estimate = $0 { true } else { false } })
    stage.set(.model, "/m")
    #expect(stage.effects.contains { if case .estimate = $0 { true } else { false } })
  }

  @Test func aRunOfVeryManyPairsNamesItsMemoryAndAsksFirst() {
    var stage = Stage(paths: [.pool: "a.jsonl"])
    var summary = Stage.summary("a.jsonl", .pool)
    summary.rows = 1_000_000
    stage.send(.datasetOpened(Stage.pool, summary))
    stage.press(.character("r"))
    #expect(stage.started == nil)
    #expect(stage.text.contains("1 000 000 000 000 pairs") && stage.text.contains("8.0 TB"))
    stage.press(.character("n"))
    #expect(stage.started == nil)
    stage.press(.character("r"), .character("y"))
    #expect(stage.started != nil)
  }

  @Test func progressShowsCountRateTokensAndTimeLeft() {
    let stage = Stage.scoring()
    for part in ["34 200/90 000 pairs", "2.0k pairs/s", "20.1k tokens/s", "28 s left", "38%"] {
      #expect(stage.text.contains(part), "\(part)")
    }
    var elsewhere = stage
    elsewhere.press(.character("1"))
    #expect(elsewhere.text.contains("score 38% · 28 s left"))
  }

  @Test func aRunIsCancelledOnceAndWhatItChoseIsKept() {
    var stage = Stage.scoring()
    _ = stage.takeEffects()
    stage.press(.character("c"), .character("c"))
    #expect(stage.takeEffects() == [.cancelRun])
    stage.send(
      .runCancelled(7, Selection(picks: Array(Stage.picks.prefix(4)), objective: 3, evaluations: 9, isPartial: true)))
    #expect(stage.text.contains("4 rows chosen by then are kept"))
    stage.press(.character("4"))
    #expect(stage.text.contains("partial"))
  }

  @Test func picksAreShownAsTheyComeTheNewestFirst() {
    var stage = Stage.scoring()
    for pick in Stage.picks.prefix(3) { stage.send(.picked(7, [pick])) }
    stage.answer()
    #expect(stage.text.contains("3 of 30"))
    let lines = stage.text.split(separator: "\n")
    let newest = lines.firstIndex { $0.contains("3   85") }
    let oldest = lines.firstIndex { $0.contains("1   11") }
    #expect(newest != nil && oldest != nil && newest.map { $0 + 2 } == oldest)
  }

  @Test func aRunThatFailsSaysSoAndTheProgramGoesOn() {
    var stage = Stage.scoring()
    stage.send(
      .runFailed(
        7, ErrorReport("row 12 has no response", at: "pool.jsonl:13", remedy: "Mend the row.", status: .badData)))
    #expect(stage.text.contains("Mend the row."))
    stage.press(.escape)
    #expect(stage.text.contains("✗ row 12 has no response"))
    stage.press(.character("r"))
    #expect(stage.started != nil)
    stage.send(.runFailed(nil, ErrorReport("no such model", status: .noSuchFile)))
    #expect(stage.model.runs.last?.isGoingOn == false)
  }

  @Test func inspectAsksWhyOneRowAtATime() {
    var stage = Stage.chosen()
    _ = stage.takeEffects()
    func asked() -> [Rank] {
      stage.takeEffects().compactMap { if case .explain(_, let rank) = $0 { rank } else { nil } }
    }
    stage.press(.down)
    #expect(asked() == [1])
    stage.press(.down, .down, .down)
    #expect(asked() == [])
    stage.send(.explained(7, rank: 1, Stage.explanation(1)))
    #expect(asked() == [4])
    stage.send(.explanationFailed(7, rank: 4, ErrorReport("matrix gone", status: .failed)))
    #expect(stage.text.contains("matrix gone"))
    #expect(asked() == [])
  }

  @Test func aJumpToARepresentedRowComesBackWithEscape() {
    var stage = Stage.chosen()
    stage.press(.enter, .down, .down, .enter)
    stage.answer()
    #expect(stage.model.screen == .data)
    #expect(stage.text.contains("Row 23 · s23"))
    stage.press(.escape)
    #expect(stage.model.screen == .inspect)
    #expect(stage.text.contains("▸   23"))
  }

  @Test func exportAsksForAPathAndBeforeWritingOver() {
    var stage = Stage.chosen()
    stage.press(.character("e"))
    #expect(stage.text.contains("delift-instruction-30.jsonl"))
    stage.press(.enter)
    #expect(stage.effects.contains(.export(7, path: "delift-instruction-30.jsonl", overwrite: false)))
    _ = stage.takeEffects()
    stage.send(.exportExists(7, path: "delift-instruction-30.jsonl"))
    #expect(stage.text.contains("Write over it?"))
    stage.press(.character("n"))
    #expect(stage.takeEffects() == [])
    stage.send(.exportExists(7, path: "delift-instruction-30.jsonl"))
    stage.press(.character("y"))
    #expect(stage.takeEffects() == [.export(7, path: "delift-instruction-30.jsonl", overwrite: true)])
    stage.send(.exported(7, path: "x.jsonl", rows: 30))
    #expect(stage.text.contains("Wrote 30 rows to x.jsonl"))
  }

  @Test func runsOfTheSessionAreLeafedThrough() throws {
    var stage = Stage.chosen()
    stage.press(.character("r"))
    let specification = try #require(stage.started)
    stage.send(.runStarted(8, specification))
    stage.send(.picked(8, Array(Stage.picks.prefix(2))))
    stage.press(.character("4"))
    #expect(stage.text.contains("Run 2 of 2"))
    stage.press(.character("["))
    #expect(stage.text.contains("Run 1 of 2"))
    // News of the other run does not take away what is being read.
    stage.send(.picked(8, Array(Stage.picks[2..<4])))
    #expect(stage.text.contains("Run 1 of 2"))
    stage.press(.character("]"))
    #expect(stage.text.contains("Run 2 of 2"))
  }

  @Test func themesArePreviewedAndEscapeGoesBack() {
    var stage = Stage.opened()
    let before = stage.grid
    stage.press(.character("t"), .down)
    #expect(stage.model.theme.id == "paper")
    #expect(stage.grid[0, 10].style != before[0, 10].style)
    stage.press(.escape)
    #expect(stage.grid == before)
    _ = stage.takeEffects()
    stage.press(.character("t"), .down, .enter)
    #expect(stage.takeEffects() == [.rememberTheme("paper")])
  }

  @Test func theWheelScrollsWhatIsUnderThePointerAndAClickPutsTheCursor() throws {
    var stage = Stage.chosen()
    let line = try #require(stage.text.split(separator: "\n").firstIndex { $0.contains("122   2.625") })
    stage.click(10, line)
    #expect(stage.text.contains("▸    4  122"))
    stage.send(.input(.mouse(MouseEvent(action: .wheelDown, point: Point(x: 10, y: line)))))
    #expect(!stage.text.contains("pick  row    gain  label\n"))
    stage.click(10, line, twice: true)
    #expect(stage.model.contexts.contains(.inspect))
  }
}
