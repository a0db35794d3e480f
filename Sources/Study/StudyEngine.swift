import Datasets
import Domain
import Foundation
import LanguageModel
import Numerics
import SampleEncoding
import Store
import Synchronization
import Transformer
import Workbench

/// What a study says while it works.
package enum StudyEvent: Sendable {
  /// Trainings that are done and in all, and what is done now.
  case progress(done: Int, total: Int, String)
  case notice(String)
}

/// Carries out a study: every arm is trained from the same checkpoint and measured on the test rows.
///
/// What a training came to is kept in the study's folder as it ends, under a name made of all that it depends on: a study that was
/// stopped goes on where it was, and ends with the same files.
package struct StudyEngine {
  private let engine: RunEngine
  private let workers: Workers
  private let precision: WeightPrecision

  package init(paths: StorePaths, workers: Workers = Workers(), precision: WeightPrecision = .auto) {
    engine = RunEngine(paths: paths, workers: workers, precision: precision)
    self.workers = workers
    self.precision = precision
  }

  /// Runs a study, or the rest of it, in `folder`.
  ///
  /// Errors: what the specification, a file or the model is refused for; `ErrorReport` for a folder with another study, and for rows of
  /// the test that are in the pool or the target set; `CancellationError`. An arm that fails is named in the result and does not end
  /// the study.
  package func run(
    _ specification: StudySpecification, in folder: String, version: String, cancellation: Cancellation,
    observe: @escaping @Sendable (StudyEvent) -> Void
  ) throws -> StudyResult {
    try specification.check()
    let files = try Files(specification, cancellation)
    let model = try Model(directory: specification.model, precision: precision)
    let template = try PromptTemplate.named(specification.template, model: specification.model)
    let overlaps = try files.overlaps(workers: workers, cancellation)
    if let first = overlaps.first {
      let words = "\(overlaps.count) rows of the test are also in what is chosen by or trained on: \(first.words)"
      guard specification.allowsOverlap else {
        throw ErrorReport(
          words, at: specification.test,
          remedy: "Take them out (winnow rows lists them by their place), or go on with --allow-overlap.",
          status: .badData)
      }
      observe(.notice(words + "; --allow-overlap goes on, and the manifest lists them"))
    }
    let inputs = StudyInputs(files, model: model.contentHash, template: template.contentHash)
    let store = try StudyFolder(folder, specification, inputs, precision: precision)
    var work = Work(
      specification: specification, files: files, model: model, template: template, store: store, engine: engine,
      workers: workers, cancellation: cancellation, observe: observe, inputs: inputs)
    return try work.run(folder: folder, version: version, overlaps: overlaps)
  }
}

/// The opened files of a study.
struct Files {
  let pool: DatasetFile
  let test: DatasetFile
  let target: DatasetFile?
  let validation: DatasetFile?
  let existing: DatasetFile?
  let poolRows: [Sample]
  let testRows: [Sample]

  init(_ specification: StudySpecification, _ cancellation: Cancellation) throws {
    func open(_ paths: [String], _ role: DatasetRole) throws -> DatasetFile {
      try DatasetFile.open(paths: paths, role: role, reading: specification.reading, cancellation: cancellation)
        .validated(skippingBadRows: specification.skipBadRows, cancellation: cancellation)
    }
    pool = try open(specification.pool, .pool)
    test = try open([specification.test], .target)
    target = try specification.target.map { try open([$0], .target) }
    validation = try specification.validation.map { try open([$0], .target) }
    existing = try specification.existing.map { try open([$0], .existing) }
    poolRows = try pool.samples(at: 0..<pool.count)
    testRows = try test.samples(at: 0..<test.count)
    for file in [test, target, validation, existing].compactMap(\.self) where file.count == 0 {
      throw ErrorReport("the file has no rows", at: file.summary.path, status: .badData)
    }
  }

  /// Rows of the test that are nearly or wholly rows of the pool or the target set: equal texts, thirteen words in a row, or eight in
  /// ten shingles of three words.
  func overlaps(workers: Workers, _ cancellation: Cancellation) throws -> [StudyOverlap] {
    var found: [StudyOverlap] = []
    let tests = testRows.map(Self.text)
    for (name, file) in [("pool", pool), ("target", target), ("validation", validation)] {
      guard let file else { continue }
      let others = try file.samples(at: 0..<file.count).map(Self.text)
      let near = try NearDuplicates(sameness: 0.8).matches(
        of: tests, among: others, workers: workers, cancellation: cancellation)
      var runs: [[Substring]: Int] = [:]
      for (number, other) in others.enumerated() {
        for run in Self.thirteen(other) where runs[run] == nil { runs[run] = number }
      }
      for (row, text) in tests.enumerated() {
        guard let other = near[row] ?? Self.thirteen(text).lazy.compactMap({ runs[$0] }).first else { continue }
        let place = file.location(of: file.index(at: other))
        found.append(
          StudyOverlap(row: test.index(at: row), file: place.file, line: place.line, role: name))
      }
    }
    return found.sorted { ($0.row, $0.role) < ($1.row, $1.role) }
  }

  private static func text(_ sample: Sample) -> String {
    let parts = sample.query.instructionAndInput
    return "\(parts.instruction)\n\(parts.input)\n\(sample.response)".lowercased()
  }

  private static func thirteen(_ text: String) -> [[Substring]] {
    let words = text.split(whereSeparator: \.isWhitespace)
    return words.count < 13 ? [] : (0...words.count - 13).map { Array(words[$0..<$0 + 13]) }
  }
}

/// A row of the test that is also where it must not be.
package struct StudyOverlap: Sendable, Hashable, Codable {
  package var row: RowIndex
  package var file: String
  package var line: Int
  package var role: String

  var words: String { "row \(row) is \(file):\(line) of the \(role)" }
}

/// The work of one study.
private struct Work {
  let specification: StudySpecification
  let files: Files
  let model: Model
  let template: PromptTemplate
  let store: StudyFolder
  let engine: RunEngine
  let workers: Workers
  let cancellation: Cancellation
  let observe: @Sendable (StudyEvent) -> Void
  let inputs: StudyInputs

  var done = 0
  var total = 0
  /// Steps taken here, and the seconds and tokens that they took.
  var spent = 0.0
  var spentTokens = 0
  var rate: Float = 0
  private var tests: [LossSample?] = []
  private var poolSamples: TrainingSamples
  private var meanTokens = 0.0

  init(
    specification: StudySpecification, files: Files, model: Model, template: PromptTemplate, store: StudyFolder,
    engine: RunEngine, workers: Workers, cancellation: Cancellation,
    observe: @escaping @Sendable (StudyEvent) -> Void, inputs: StudyInputs
  ) {
    self.specification = specification
    self.files = files
    self.model = model
    self.template = template
    self.store = store
    self.engine = engine
    self.workers = workers
    self.cancellation = cancellation
    self.observe = observe
    self.inputs = inputs
    poolSamples = TrainingSamples(files.poolRows, template: template, model: model)
  }

  private static let pilotSeeds = 2
  /// What keeps a pilot's draws apart from those of the arms.
  private static let pilotDraw = 1_000_000

  mutating func run(folder: String, version: String, overlaps: [StudyOverlap]) throws -> StudyResult {
    tests = try sequences(files.testRows)
    guard tests.contains(where: { $0 != nil }) else {
      throw ErrorReport(
        "no test row has room for a response in the model's context", at: specification.test,
        remedy: "Name shorter rows, or a model with a longer context.", status: .badData)
    }
    let lengths = try poolSamples.samples.indices.map { try poolSamples.tokens($0).count }
    meanTokens = Double(lengths.reduce(0, +)) / Double(max(1, lengths.count))
    for budget in specification.budgets { _ = try budget.picks(of: files.pool.count) }

    let arms = arms()
    let rates = specification.rate == nil ? specification.rates.count : 0
    total = arms.count + rates + Self.pilotSeeds
    observe(.notice(cost(arms)))
    let tuned = try tune()
    let visible = try pilot()
    observe(
      .notice(
        "smallest visible difference, from a pilot of \(Self.pilotSeeds) seeds: "
          + String(format: "%.3g nats a token (%d seeds, 80 %% power)", visible, specification.seeds)))
    var results: [StudyArm: ArmResult] = [:]
    for arm in arms {
      let result = try self.result(of: arm)
      if let error = result.error { observe(.notice("\(name(arm)) failed: \(error)")) }
      results[arm] = result
    }
    return try StudyResult(
      specification, files: files, inputs: inputs, results: results, rate: rate, tuned: tuned, visible: visible,
      overlaps: overlaps, responseTokens: tests.map { $0?.targets.count ?? 0 }, version: version, folder: folder)
  }

  /// Every seed's arms before the next seed's, random first.
  private func arms() -> [StudyArm] {
    var arms = [StudyArm(method: StudyArm.untrained, budget: nil, seed: 0)]
    for seed in 0..<specification.seeds {
      for method in [Method.random] + specification.compared {
        for budget in specification.budgets {
          arms.append(StudyArm(method: method.rawValue, budget: budget, seed: seed))
        }
      }
      if specification.includesFull { arms.append(StudyArm(method: StudyArm.full, budget: nil, seed: seed)) }
    }
    return arms
  }

  private func name(_ arm: StudyArm) -> String {
    arm.method + (arm.budget.map { " at \($0)" } ?? "") + (arm.method == StudyArm.untrained ? "" : ", seed \(arm.seed)")
  }

  private func cost(_ arms: [StudyArm]) -> String {
    let trained = arms.filter { $0.method != StudyArm.untrained }
    let tokens = trained.reduce(0.0) { sum, arm in
      let rows = arm.budget.flatMap { try? $0.picks(of: files.pool.count) } ?? files.pool.count
      return sum + Double(steps(rows) * specification.batchSize) * meanTokens
    }
    let parameters = Double(model.network.parameterCount) * 4
    let memory = specification.loraRank == nil ? 9 * parameters : 5 * parameters
    return "\(trained.count) trainings of about \(Int(tokens)) tokens in all, each with about "
      + String(format: "%.1f GB of memory", memory / 1e9)
  }

  private func steps(_ rows: Int) -> Int {
    specification.steps
      ?? max(1, Int((specification.epochs * Double(rows) / Double(specification.batchSize)).rounded(.up)))
  }

  private func sequences(_ rows: [Sample]) throws -> [LossSample?] {
    let samples = TrainingSamples(rows, template: template, model: model)
    return try rows.indices.map { try samples.sample($0) }
  }

  // MARK: What comes before the arms

  /// Tries each rate on a random subset of the greatest budget; the least loss on the validation rows decides.
  private mutating func tune() throws -> [StudyRate] {
    if let given = specification.rate {
      rate = given
      return []
    }
    let budget = try specification.budgets.max {
      try $0.picks(of: files.pool.count) < $1.picks(of: files.pool.count)
    }
    guard let budget else { return [] }
    let choice = try choose(.random, budget, seed: Self.pilotDraw)
    var rows: [Sample]
    if let file = files.validation ?? files.target {
      rows = try file.samples(at: 0..<file.count)
    } else {
      let taken = Set(choice.rows)
      rows = Array(files.poolRows.filter { !taken.contains($0.index) }.prefix(64))
      if rows.isEmpty { rows = files.poolRows }
    }
    let measured = try sequences(rows).compactMap(\.self)
    var tuned: [StudyRate] = []
    for candidate in specification.rates {
      let key = "rate \(candidate) \(choice.rows)"
      let result = try store.result(named: key) {
        try train(choice.rows, seed: 0, rate: candidate, measuring: measured, answering: false, "rate \(candidate)")
      }
      done += 1
      let losses = result.losses.compactMap(\.self)
      let loss = losses.isEmpty ? .infinity : losses.reduce(0, +) / Double(losses.count)
      tuned.append(StudyRate(rate: candidate, loss: result.error == nil ? loss : nil))
    }
    guard let best = tuned.filter({ $0.loss?.isFinite == true }).min(by: { ($0.loss ?? 0) < ($1.loss ?? 0) }) else {
      throw ErrorReport(
        "training fails at every rate that was tried", at: "--rate", remedy: "Name a lower one.", status: .failed)
    }
    rate = best.rate
    observe(.notice("learning rate \(rate), the best of \(specification.rates.count) on the validation rows"))
    return tuned
  }

  /// Random draws beside other random draws with the same seeds of training: what chance alone does.
  private mutating func pilot() throws -> Double {
    guard let budget = specification.budgets.first else { return .infinity }
    var values: [[Double]] = []
    var places: [Int] = []
    for seed in 0..<Self.pilotSeeds {
      let first = try result(of: StudyArm(method: Method.random.rawValue, budget: budget, seed: seed))
      done -= 1
      let choice = try choose(.random, budget, seed: seed + Self.pilotDraw)
      let other = try store.result(named: "pilot \(rate) \(seed) \(choice.rows)") {
        try train(choice.rows, seed: seed, rate: rate, measuring: tests, answering: false, "pilot \(seed)")
      }
      done += 1
      let both = first.losses.indices.filter {
        $0 < other.losses.count && first.losses[$0] != nil && other.losses[$0] != nil
      }
      guard first.error == nil, other.error == nil, !both.isEmpty else { return .infinity }
      places = both
      values.append(both.map { (other.losses[$0] ?? 0) - (first.losses[$0] ?? 0) })
    }
    let labels = places.map { files.testRows[$0].label }
    return PairedDifferences(values, clusters: PairedDifferences.clusters(of: labels))
      .visibleDifference(seeds: specification.seeds)
  }

  // MARK: Arms

  private mutating func result(of arm: StudyArm) throws -> ArmResult {
    defer { done += 1 }
    if arm.method == StudyArm.untrained {
      return try store.result(named: "untrained") { try measure(model.network, tests, answering: true) }
    }
    let choice: StudyChoice
    if let budget = arm.budget {
      guard let method = Method(rawValue: arm.method) else { preconditionFailure("no method \(arm.method)") }
      do {
        choice = try choose(method, budget, seed: arm.seed)
      } catch let error where !(error is CancellationError) {
        let report = ErrorReport(describing: error)
        if report.status == .interrupted { throw error }
        return ArmResult(
          rows: 0, steps: 0, trainedTokens: 0, losses: [], error: report.description, seconds: 0, choosingSeconds: 0)
      }
    } else {
      choice = StudyChoice(rows: files.poolRows.map(\.index), seconds: 0)
    }
    var result = try store.result(named: "arm \(rate) \(arm.seed) \(choice.rows)") {
      try train(choice.rows, seed: arm.seed, rate: rate, measuring: tests, answering: true, name(arm))
    }
    result.choosingSeconds = choice.seconds
    return result
  }

  /// The rows that a method chooses, from what is kept where it is.
  private func choose(_ method: Method, _ budget: Budget, seed: Int) throws -> StudyChoice {
    let seed = specification.isSeeded(method) ? seed : 0
    return try store.choice(named: "\(method.rawValue) \(budget) \(seed)") {
      let observe = observe
      let (done, total) = (done, total)
      let outcome = try engine.execute(
        specification.run(method, budget, seed: seed), cancellation: cancellation
      ) { event in
        if case .progress(let progress) = event {
          observe(
            .progress(
              done: done, total: total,
              "\(method.rawValue) chooses: \(progress.phase.rawValue) \(progress.done)/\(progress.total)"))
        }
      }
      try cancellation.check()
      let seconds = outcome.seconds
      return StudyChoice(
        rows: outcome.selection.picks.map(\.row), seconds: seconds.load + seconds.score + seconds.select)
    }
  }

  private mutating func train(
    _ rows: [RowIndex], seed: Int, rate: Float, measuring: [LossSample?], answering: Bool, _ name: String
  ) throws -> ArmResult {
    let begun = ContinuousClock.now
    func failed(_ words: String) -> ArmResult {
      ArmResult(
        rows: rows.count, steps: 0, trainedTokens: 0, losses: [], error: words, seconds: 0, choosingSeconds: 0)
    }
    let positions = rows.compactMap { files.pool.position(of: $0) }
    let samples: [LossSample]
    do {
      samples = try positions.compactMap { try poolSamples.sample($0) }
    } catch {
      return failed(ErrorReport(describing: error).description)
    }
    if samples.isEmpty { return failed("no chosen row has room for a response in the model's context") }
    var steps = steps(rows.count)
    if specification.equal == .tokens {
      let own = Double(samples.reduce(0) { $0 + $1.tokens.count }) / Double(samples.count)
      steps = max(1, Int((Double(steps) * meanTokens / own).rounded()))
    }
    let adapter = try specification.loraRank.map {
      try Adapter(AdapterSettings(rank: $0, alpha: 2 * Float($0), seed: UInt64(seed)), of: model.network)
    }
    let trainer = Trainer(model.network, adapter: adapter)
    let schedule = TrainingSchedule(
      peakRate: rate, warmUpSteps: (steps * 3 + 99) / 100, decay: .cosine, steps: steps,
      batchSize: specification.batchSize, seed: UInt64(seed))
    var tokens = 0
    for step in 0..<steps {
      try cancellation.check()
      let batch = schedule.batch(at: step, of: samples.count).map { samples[$0] }
      let loss = trainer.step(on: batch, rate: schedule.rate(at: step), workers: workers)
      if !loss.isFinite { return failed("the loss of step \(step + 1) is not a number at the rate \(rate)") }
      let now = batch.reduce(0) { $0 + $1.tokens.count }
      tokens += now
      spentTokens += now
      observe(.progress(done: done, total: total, "\(name): step \(step + 1)/\(steps)"))
    }
    var result = try measure(trainer.network, measuring, answering: answering)
    result.rows = rows.count
    result.steps = steps
    result.trainedTokens = tokens
    result.seconds = (ContinuousClock.now - begun) / .seconds(1)
    return result
  }

  /// - Parameter answering: whether answers are generated too, where the study has metrics; the samples are then the test's.
  private func measure(_ network: Network, _ samples: [LossSample?], answering: Bool) throws -> ArmResult {
    let whole = samples.compactMap(\.self)
    var losses: [Double] = []
    for start in stride(from: 0, to: whole.count, by: 64) {
      try cancellation.check()
      losses += network.losses(of: Array(whole[start..<min(start + 64, whole.count)]), workers: workers)
    }
    var next = losses.makeIterator()
    let found = samples.map { $0 == nil ? nil : next.next() }
    let isGood = losses.allSatisfy(\.isFinite)
    var result = ArmResult(
      rows: 0, steps: 0, trainedTokens: 0, losses: isGood ? found : [],
      error: isGood ? nil : "a test row's loss is not a number", seconds: 0, choosingSeconds: 0)
    guard answering, isGood, !specification.metrics.isEmpty else { return result }
    let answers = try answers(network, samples)
    result.metrics = Dictionary(
      uniqueKeysWithValues: specification.metrics.map { metric in
        (metric.rawValue, zip(answers, files.testRows).map { answer, row in answer.map { metric($0, row.response) } })
      })
    return result
  }

  /// What a model answers to each test row, by greedy decoding.
  private func answers(_ network: Network, _ samples: [LossSample?]) throws -> [String?] {
    let found = Mutex([String?](repeating: nil, count: samples.count))
    let ends: Set<Int32> = [model.configuration.endOfSequence]
    try workers.forEach(samples.count, cancellation: cancellation) { number, _ in
      guard let sample = samples[number], let first = sample.targets.first else { return }
      let tokens = try network.greedy(
        after: Array(sample.tokens[...first.row]), limit: specification.maxNewTokens, ends: ends,
        in: network.makeWorkspace(), cancellation: cancellation)
      let text = model.tokenizer.decode(tokens)
      found.withLock { $0[number] = text }
    }
    return found.withLock { $0 }
  }
}
