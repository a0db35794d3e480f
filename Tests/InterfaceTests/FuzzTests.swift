import Domain
import Foundation
import Interface
import Screen
import Testing

@Suite struct FuzzTests {
  /// Text as the world has it, and as someone who means harm has it.
  private static let nastyTexts = [
    "", "日本語のテキスト、とても長い行です。", "👨‍👩‍👧‍👦 family 🏳️‍🌈", "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "\u{1B}[2J\u{1B}]0;title\u{7}", "\t\ttabs\r\n\r\nlines\n\n\n", "\u{202E}reversed\u{2066}", "\u{0}\u{1}\u{7F}\u{9B}",
    String(repeating: "word ", count: 3000), String(repeating: "x", count: 5000), "\u{301}leading mark", "क्षि ราชา ﷽",
  ]

  /// Events of each session; `WINNOW_FUZZ_ROUNDS` makes it longer.
  private static let events = ProcessInfo.processInfo.environment["WINNOW_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 700

  private static func nasty(_ random: inout SeededGenerator) -> String {
    nastyTexts[random.below(nastyTexts.count)]
  }

  private static let keys: [Key] =
    Binding.all.flatMap(\.keys) + "0123456789%/. abcxyz日🏡".map { .character($0) } + [.function(5), .insert, .alt("x")]

  @Test(arguments: [UInt64](1...6))
  func randomEventsBreakNothing(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var stage = Stage.opened(width: 80, height: 24, target: true)
    var nextRun: RunID = 100
    var faults: [String] = []
    for step in 0..<Self.events {
      switch random.below(20) {
      case 0:
        stage.resize(random.below(310), random.below(105))
      case 1:
        stage.resize(20 + random.below(100), 5 + random.below(40))
      case 2...3:
        let action = [MouseEvent.Action.press, .doublePress, .wheelUp, .wheelDown, .release][random.below(5)]
        stage.send(
          .input(.mouse(MouseEvent(action: action, point: Point(x: random.below(130), y: random.below(45))))))
      case 4: stage.send(.input(.paste(Self.nasty(&random))))
      case 5: stage.send(news(&random, &nextRun))
      default: stage.press(Self.keys[random.below(Self.keys.count)])
      }
      reply(&stage, &random, &nextRun)
      faults += GridChecks.faults(of: stage.model).map { "seed \(seed) step \(step): \($0)" }
      if !faults.isEmpty { break }
    }
    #expect(faults == [])
  }

  /// News that nobody asked for, or that came too late.
  private func news(_ random: inout SeededGenerator, _ nextRun: inout RunID) -> Message {
    let run = nextRun - RunID(random.below(3))
    switch random.below(10) {
    case 0:
      return .rows(
        DatasetKey(random.below(4)), first: RowIndex(random.below(400)), [.sample(sample(random.below(300), &random))])
    case 1:
      return .progress(
        run,
        Progress(phase: .score, done: random.below(9), total: random.below(9), unit: "pairs", elapsed: random.unit()))
    case 2: return .picked(run, [Pick(rank: Rank(random.below(9)), row: RowIndex(random.below(400)), gain: .nan)])
    case 3: return .explained(run, rank: Rank(random.below(40)), Stage.explanation(random.below(30)))
    case 4:
      return .failed(
        ErrorReport(Self.nasty(&random), at: Self.nasty(&random), remedy: Self.nasty(&random), status: .failed))
    case 5: return .notice(Self.nasty(&random))
    case 6: return .tick(random.unit() * 1e6)
    case 7: return .completions(of: "", ["a/", Self.nasty(&random)])
    case 8: return .runFailed(random.below(2) == 0 ? nil : run, ErrorReport("x", status: .failed))
    default: return .exportExists(run, path: Self.nasty(&random))
    }
  }

  /// Answers what is asked for, sometimes late, sometimes with an error, sometimes never.
  private func reply(_ stage: inout Stage, _ random: inout SeededGenerator, _ nextRun: inout RunID) {
    for effect in stage.takeEffects() where random.below(8) > 0 {
      switch effect {
      case .open(let path, let role, _):
        if random.below(3) == 0 {
          stage.send(.datasetFailed(path: path, role: role, ErrorReport("no such file", at: path, status: .noSuchFile)))
        } else {
          var summary = Stage.summary(path, role)
          summary.rows = [0, 1, 300, 1_000_000][random.below(4)]
          summary.contentHash = ContentHash(high: 1, low: UInt64(random.below(3)))
          if random.below(2) == 0 { summary.labelField = nil }
          if random.below(3) == 0 { summary.badRows = [BadRow(line: 3, reason: Self.nasty(&random))] }
          stage.send(.datasetOpened(DatasetKey(random.below(1000)), summary))
        }
      case .loadRows(let key, let range):
        let rows: [RowContent] = range.map {
          random.below(20) == 0
            ? .unreadable(ErrorReport("bad row", status: .badData)) : .sample(sample($0.value, &random))
        }
        stage.send(.rows(key, first: range.lowerBound, rows))
      case .startRun(let specification):
        nextRun += 1
        stage.send(.runStarted(nextRun, specification))
        stage.send(.progress(nextRun, Progress(phase: .load, done: 1, total: 1, unit: "rows", elapsed: 0)))
        stage.send(.picked(nextRun, Stage.picks))
        if random.below(2) == 0 {
          stage.send(
            .runFinished(nextRun, Selection(picks: Stage.picks, objective: 1, evaluations: 1), seconds: PhaseSeconds()))
        }
      case .survey(let key, _):
        stage.send(.surveyed(key, Stage.survey(rows: [0, 1, 300][random.below(3)])))
      case .estimate(let specification):
        stage.send(
          random.below(3) == 0
            ? .estimateFailed(specification, ErrorReport(Self.nasty(&random), status: .failed))
            : .estimated(
              specification,
              RunEstimate(passes: .max, tokens: .infinity, memory: 1e300, seconds: .nan, tokensPerSecond: 0)))
      case .makeMap(let request):
        var map = Stage.map(request.source)
        if random.below(3) == 0 { map.points[5].x = .nan }
        if random.below(4) == 0 { (map.rows, map.points) = ([], []) }
        stage.send(
          random.below(4) == 0
            ? .mapFailed(request, ErrorReport(Self.nasty(&random), status: .failed)) : .mapped(request, map))
      case .makeHeatMap(let request):
        stage.send(
          random.below(4) == 0
            ? .heatFailed(request, ErrorReport(Self.nasty(&random), status: .failed))
            : .heated(request, Stage.heat(request.order)))
      case .cross(let ids):
        stage.send(.crossed(ids, ids.map { _ in ids.map { _ in random.below(2) == 0 ? nil : .nan } }))
      case .loadRuns(let pool):
        let stored = StoredRun(
          id: RunID(1_000_000 + random.below(50)), number: Int64(random.below(5)),
          specification: RunSpecification(method: .deliftTask, pool: "p", source: nil, budget: .count(3)),
          contents: ["pool": pool], candidates: 300,
          selection: Selection(picks: Stage.picks, objective: 1, evaluations: 1, isPartial: random.below(2) == 0),
          seconds: PhaseSeconds())
        stage.send(.storedRuns(pool: pool, random.below(3) == 0 ? [] : [stored]))
      case .writeText(let path, let text, let overwrite):
        stage.send(overwrite ? .wrote(path: path) : .textExists(path: path, text: text))
      case .cancelRun: stage.send(.runCancelled(nextRun, nil))
      case .explain(let run, let rank): stage.send(.explained(run, rank: rank, Stage.explanation(rank.value)))
      case .completePath(let text):
        stage.send(.completions(of: text, [text + "a/", text + "日本.jsonl", Self.nasty(&random)]))
      case .find(let key, let request, let search):
        let rows = Array(search.order(of: 300).prefix(50))
        stage.send(.found(key, request.expression, row: rows.isEmpty ? nil : rows[random.below(rows.count)]))
      case .filter(let key, let request):
        stage.send(.filtered(key, request.expression, rows: (0..<random.below(200)).map { RowIndex($0 * 3) }))
      case .export(let run, let path, let overwrite):
        stage.send(overwrite ? .exported(run, path: path, rows: 3) : .exportExists(run, path: path))
      default: break
      }
    }
  }

  private func sample(_ row: Int, _ random: inout SeededGenerator) -> Sample {
    let query: Query =
      random.below(2) == 0
      ? .instruction(Self.nasty(&random), input: Self.nasty(&random))
      : .conversation([Turn(role: Self.nasty(&random), content: Self.nasty(&random))])
    return Sample(
      index: RowIndex(row), id: Self.nasty(&random), label: Self.nasty(&random), query: query,
      response: Self.nasty(&random))
  }

  @Test func everySizeFromTheLeastToTheLargestIsDrawnWhole() {
    var faults: [String] = []
    var stages = [Stage.opened(target: true), Stage.scoring(), Stage.chosen(), Stage.compared()]
    for keys in [[Key.character("2")], [.character("3")], [.character("6")], [.character("6"), .character("v")]] {
      var stage = Stage.chosen()
      for key in keys { stage.press(key) }
      stage.answer()
      stages.append(stage)
    }
    let overlays: [Key?] = [nil, .character("?"), .character(":"), .character("o"), .character("t"), .character("L")]
    let edges = [
      (0, 0), (1, 1), (19, 40), (20, 4), (20, 5), (20, 7), (24, 8), (33, 9), (34, 16), (59, 17), (60, 16), (60, 17),
    ]
    let usual = [(80, 24), (110, 24), (120, 40), (200, 60), (300, 100), (300, 5), (20, 100)]
    let all = (15...64).flatMap { width in [5, 6, 8, 12, 17, 24].map { (width, $0) } } + edges + usual
    for var stage in stages {
      for key in overlays {
        stage.press(.escape, .escape)
        if let key { stage.press(key) }
        for (width, height) in key == nil ? all : edges + usual {
          stage.resize(width, height)
          faults += GridChecks.faults(of: stage.model).map { "\(width)×\(height): \($0)" }
        }
      }
    }
    #expect(faults == [])
  }
}
