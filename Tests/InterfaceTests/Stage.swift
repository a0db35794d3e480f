import Domain
import Interface
import Screen
import Testing

/// A program without a world: keys go in, effects are kept, and answers are given by hand.
struct Stage {
  var model: Model
  private(set) var effects: [Effect] = []
  /// Everything that was sent.
  private(set) var recording: Recording

  static let pool = DatasetKey(1)
  static let target = DatasetKey(2)

  init(
    width: Int = 80, height: Int = 24, paths: [DatasetRole: String] = [.pool: "sample-data/pool.jsonl"],
    model directory: String? = "sample-data/model", depth: ColorDepth = .truecolor, glyphs: GlyphLevel = .braille,
    themes: [Theme] = [], theme: String? = nil
  ) {
    recording = Recording(
      opening: Opening(
        width: width, height: height, depth: depth, glyphs: glyphs, paths: paths, model: directory, themes: themes,
        theme: theme))
    model = Model(startingWith: recording.opening)
    effects = model.openingEffects
  }

  mutating func send(_ message: Message) {
    recording.messages.append(message)
    effects += update(&model, message)
  }

  mutating func press(_ keys: Key...) { for key in keys { send(.input(.key(key))) } }

  /// Types characters, each as a key.
  mutating func type(_ text: String) { for character in text { press(.character(character)) } }

  mutating func click(_ x: Int, _ y: Int, twice: Bool = false) {
    send(.input(.mouse(MouseEvent(action: twice ? .doublePress : .press, point: Point(x: x, y: y)))))
  }

  mutating func resize(_ width: Int, _ height: Int) { send(.input(.resize(width: width, height: height))) }

  var grid: Grid { view(model) }
  var text: String { grid.text }

  /// The run that was asked for last.
  var started: RunSpecification? {
    effects.compactMap { if case .startRun(let specification) = $0 { specification } else { nil } }.last
  }

  mutating func takeEffects() -> [Effect] {
    defer { effects = [] }
    return effects
  }

  /// The same state on another terminal, or in another theme.
  mutating func wear(_ theme: String, depth: ColorDepth) { model.wear(theme, depth: depth) }

  /// Begins anew.
  mutating func restart(_ opening: Opening) {
    recording = Recording(opening: opening)
    model = Model(startingWith: opening)
    effects = model.openingEffects
  }

  /// Answers the requests for rows and files that are waiting, until there are none.
  mutating func answer(runs: [StoredRun] = []) {
    for _ in 0..<20 where !effects.isEmpty {
      for effect in takeEffects() {
        switch effect {
        case .open(let path, let role, _):
          send(.datasetOpened(role == .pool ? Self.pool : Self.target, Self.summary(path, role)))
        case .loadRows(let key, let range):
          send(.rows(key, first: range.lowerBound, range.map { .sample(Self.sample($0.value)) }))
        case .explain(let id, let rank):
          send(.explained(id, rank: rank, Self.explanation(rank.value)))
        case .find(let key, let request, let search):
          let matches = request.expression.makeMatcher(in: request.context)
          send(
            .found(
              key, request.expression,
              row: search.order(of: 300).first { matches(SampleRow(Self.sample($0.value))) }))
        case .filter(let key, let request):
          let matches = request.expression.makeMatcher(in: request.context)
          send(.filtered(key, request.expression, rows: (0..<300).filter { matches(SampleRow(Self.sample($0.value))) }))
        case .survey(let key, _): send(.surveyed(key, Self.survey(rows: key == Self.pool ? 300 : 24)))
        case .estimate(let specification): send(.estimated(specification, Self.estimate))
        case .makeMap(let request): send(.mapped(request, Self.map(request.source)))
        case .makeHeatMap(let request): send(.heated(request, Self.heat(request.order)))
        case .loadRuns(let pool): if !runs.isEmpty { send(.storedRuns(pool: pool, runs)) }
        case .cross(let ids):
          send(.crossed(ids, ids.indices.map { row in ids.indices.map { row == $0 ? 50.5 : 41.25 } }))
        default: break
        }
      }
    }
  }

  /// Everything open, nothing run.
  static func opened(
    width: Int = 80, height: Int = 24, depth: ColorDepth = .truecolor, glyphs: GlyphLevel = .braille,
    target: Bool = false, themes: [Theme] = [], theme: String? = nil
  ) -> Stage {
    var paths: [DatasetRole: String] = [.pool: "sample-data/pool.jsonl"]
    if target { paths[.target] = "sample-data/target.jsonl" }
    var stage = Stage(
      width: width, height: height, paths: paths, depth: depth, glyphs: glyphs, themes: themes, theme: theme)
    stage.answer()
    return stage
  }

  /// A run started, in the middle of its scoring.
  static func scoring(
    width: Int = 80, height: Int = 24, depth: ColorDepth = .truecolor, glyphs: GlyphLevel = .braille,
    themes: [Theme] = [], theme: String? = nil
  ) -> Stage {
    var stage = opened(width: width, height: height, depth: depth, glyphs: glyphs, themes: themes, theme: theme)
    stage.press(.character("r"))
    guard let specification = stage.started else {
      Issue.record("no run was started")
      return stage
    }
    stage.send(.runStarted(7, specification))
    stage.send(.progress(7, Progress(phase: .load, done: 300, total: 300, unit: "rows", elapsed: 0.04)))
    stage.send(
      .progress(
        7,
        Progress(
          phase: .score, done: 34_200, total: 90_000, unit: "pairs", elapsed: 12.5, resumed: 9_000,
          tokens: 251_000)))
    stage.send(.tick(12.6))
    stage.answer()
    return stage
  }

  /// A run that has ended, with its picks on the Inspect screen.
  static func chosen(
    width: Int = 80, height: Int = 24, depth: ColorDepth = .truecolor, glyphs: GlyphLevel = .braille,
    themes: [Theme] = [], theme: String? = nil
  ) -> Stage {
    var stage = scoring(width: width, height: height, depth: depth, glyphs: glyphs, themes: themes, theme: theme)
    stage.send(
      .progress(7, Progress(phase: .score, done: 90_000, total: 90_000, unit: "pairs", elapsed: 33, tokens: 660_000)))
    stage.send(.picked(7, Self.picks))
    stage.send(.progress(7, Progress(phase: .select, done: 30, total: 30, unit: "picks", elapsed: 0.01)))
    stage.send(
      .runFinished(
        7,
        Selection(picks: Self.picks, objective: Self.picks.reduce(0) { $0 + $1.gain }, evaluations: 1234),
        seconds: PhaseSeconds(load: 0.04, score: 33, select: 0.01)))
    stage.send(.tick(60))
    stage.press(.character("4"))
    stage.answer()
    return stage
  }

  /// A second run, by another method, has ended: there is something to compare.
  static func compared(width: Int = 80, height: Int = 24) -> Stage {
    var stage = chosen(width: width, height: height)
    stage.press(.character("r"))
    guard var specification = stage.started else { return stage }
    specification.seed = 5
    stage.send(.runStarted(8, specification))
    let other = (0..<20).map { rank in
      Pick(rank: Rank(rank), row: RowIndex((rank * 74 + 11) % 300), gain: 30 / Double(rank + 1))
    }
    stage.send(
      .runFinished(
        8, Selection(picks: other, objective: other.reduce(0) { $0 + $1.gain }, evaluations: 99),
        seconds: PhaseSeconds(select: 0.1)))
    stage.send(.tick(120))
    stage.press(.character("5"))
    stage.answer()
    return stage
  }

  /// One more run that has ended, with picks of its own.
  mutating func run(_ id: RunID, seed: UInt64, stride: Int) {
    press(.character("r"))
    guard var specification = started else {
      Issue.record("no run was started")
      return
    }
    specification.seed = seed
    send(.runStarted(id, specification))
    let picks = (0..<25).map { rank in
      Pick(rank: Rank(rank), row: RowIndex((rank * stride + 11) % 300), gain: 20 / Double(rank + 1))
    }
    send(
      .runFinished(
        id, Selection(picks: picks, objective: picks.reduce(0) { $0 + $1.gain }, evaluations: 9),
        seconds: PhaseSeconds(select: 0.1)))
  }

  /// A run of Influence Distillation, in the middle of its work.
  static func distilling(width: Int = 80, height: Int = 24) -> Stage {
    var stage = opened(width: width, height: height, target: true)
    stage.press(.character("2"), .character("g"), .down)
    while stage.model.setup.method != .influence { stage.press(.right) }
    stage.press(.character("r"))
    guard let specification = stage.started else {
      Issue.record("no run was started")
      return stage
    }
    stage.send(.runStarted(7, specification))
    stage.send(.progress(7, Progress(phase: .gradients, done: 24, total: 24, unit: "samples", elapsed: 1.5)))
    stage.send(.progress(7, Progress(phase: .embed, done: 120, total: 300, unit: "samples", elapsed: 2)))
    stage.send(.tick(4))
    return stage
  }

  /// The same, ended.
  static func distilled(width: Int = 80, height: Int = 24) -> Stage {
    var stage = distilling(width: width, height: height)
    let picks = Self.picks.map { Pick(rank: $0.rank, row: $0.row, gain: $0.gain, weight: 1.5) }
    stage.send(
      .runFinished(
        7, Selection(picks: picks, objective: 9, evaluations: 9), seconds: PhaseSeconds(score: 4, select: 0.1)))
    stage.press(.character("4"))
    stage.answer()
    return stage
  }

  // MARK: Made-up data

  static let families = ["arithmetic", "reversal", "sorting", "capitals", "translation", "sentiment"]

  static func summary(_ path: String, _ role: DatasetRole) -> DatasetSummary {
    DatasetSummary(
      path: path, role: role, schema: .alpaca, labelField: "family", idField: "id",
      fields: ["id", "family", "instruction", "input", "output"], rows: role == .pool ? 300 : 24,
      bytes: role == .pool ? 61_234 : 4_811, contentHash: ContentHash(of: path))
  }

  static func sample(_ row: Int) -> Sample {
    let family = families[row % families.count]
    let texts: [(String, String, String)] = [
      ("Add the two numbers and give the sum.", "\(row) and \(row * 7 % 90)", "\(row + row * 7 % 90)"),
      ("Write the word backwards.", "lantern", "nretnal"),
      (
        "Sort the words by the alphabet, from a to z, and give them in one line with commas between.",
        "pear, fig, apple", "apple, fig, pear"
      ),
      ("Name the capital of the country.", "日本 (Japan)", "東京 — Tokyo"),
      ("Translate into German.", "the small green house 🏡", "das kleine grüne Haus"),
      ("Is the review good or bad?", "I would\tnot buy it \u{1B}[31magain\u{1B}[0m.\nNever.", "bad"),
    ]
    let text = texts[row % texts.count]
    return Sample(
      index: RowIndex(row), id: "s\(row)", label: family, query: .instruction(text.0, input: text.1), response: text.2)
  }

  static let picks: [Pick] = (0..<30).map { rank in
    Pick(rank: Rank(rank), row: RowIndex((rank * 37 + 11) % 300), gain: 48.3 / Double((rank + 1) * (rank + 2)) + 0.21)
  }

  static func explanation(_ rank: Int) -> PickExplanation {
    let pick = picks[rank % picks.count]
    let represents = (0..<(24 - rank % 20)).map {
      PickExplanation.Represented(row: RowIndex((pick.row.value + $0 * 6) % 300), utility: 0.97 - Float($0) * 0.021)
    }
    let histogram = (0..<40).map { bin in max(0, 30 - (bin - 14) * (bin - 14) / 4) + (bin == 36 ? 2 : 0) }
    let partners = (0..<12).map {
      PickExplanation.Represented(row: RowIndex((pick.row.value + 5 + $0 * 11) % 300), utility: 0.91 - Float($0) * 0.03)
    }
    return PickExplanation(pick: pick, represents: represents, utilityHistogram: histogram, partners: partners)
  }

  static func survey(rows: Int) -> DatasetSurvey {
    DatasetSurvey(
      labels: families, labelOfRow: (0..<rows).map { Int32($0 % families.count) },
      lengths: (0..<rows).map { row -> UInt32 in
        let usual = 20 + row * 37 % 90
        return UInt32(row % 7 == 0 ? usual + 60 : usual)
      }, unit: .tokens, isEstimate: false)
  }

  static let estimate = RunEstimate(
    passes: 90_300, tokens: 2_613_000, memory: 2_400_000, seconds: 11.4, tokensPerSecond: 229_000)

  /// Six clouds, one a family.
  static func map(_ source: MapSource) -> PoolMap {
    let middles: [(Float, Float)] = [(-6, 3), (-2, -3), (3, 2), (6, -2), (1, -4), (-4, 0.5)]
    let points = (0..<300).map { row -> PoolMap.Point in
      let step = Float(row / 6)
      let dx: Float = (step * 0.37).truncatingRemainder(dividingBy: 1.7)
      let dy: Float = (step * 0.53).truncatingRemainder(dividingBy: 1.3)
      return PoolMap.Point(x: middles[row % 6].0 + dx, y: middles[row % 6].1 + dy)
    }
    return PoolMap(source: source, rows: Array(0..<300), points: points, shares: [0.62, 0.11])
  }

  /// Blocks along the diagonal.
  static func heat(_ order: HeatOrder) -> HeatMap {
    let cells = (0..<1296).map { cell -> Float in
      let (row, column) = (cell / 36, cell % 36)
      return row / 6 == column / 6 ? 0.9 : Float((row + column) % 7) * 0.05
    }
    return HeatMap(
      order: order, rows: 36, columns: 36, cells: cells, least: 0.1, greatest: 0.8,
      groups: families.enumerated().map { HeatMap.Group(name: $1, lines: $0 * 6..<$0 * 6 + 6) })
  }
}

extension Stage {
  /// On the Setup screen: moves to a field.
  mutating func go(to field: Parameter.ID) {
    press(.character("g"))
    for _ in 0...(model.setup.fields.firstIndex(of: field) ?? 0) { press(.down) }
  }

  /// On the Setup screen: types a field's value in place of the one it has.
  mutating func set(_ field: Parameter.ID, _ text: String) {
    go(to: field)
    press(.enter, .control("u"))
    type(text)
    press(.enter)
  }
}
