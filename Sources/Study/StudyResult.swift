import Datasets
import Domain
import Foundation

/// What generated answers of an arm are worth.
package struct MetricFinding: Sendable, Hashable {
  package var metric: AnswerMetric
  /// Mean over seeds and rows.
  package var mean: Double
  /// To random, as of losses; above 0 is better. The interval is the arm's alone.
  package var difference: Double?
  package var interval: ClosedRange<Double>?
}

/// What a study found about one arm.
package struct ArmFinding: Sendable, Hashable {
  package var method: String
  package var budget: Budget?
  /// Seeds that were trained and measured.
  package var seeds: Int
  /// Rows trained on, steps and tokens, of the first seed.
  package var rows: Int
  package var steps: Int
  package var trainedTokens: Int
  /// Mean over seeds of the loss a response token: the mean of rows' means, and the mean over all tokens.
  package var loss: Double?
  package var tokenLoss: Double?
  /// Mean difference to random at the same budget, in nats a response token; of arms without a budget to random at the greatest.
  package var difference: Double?
  /// Where the difference lies, adjusted for all comparisons (Holm).
  package var interval: ClosedRange<Double>?
  /// The same for this arm alone: over seeds only, and by bootstrap.
  package var overSeeds: ClosedRange<Double>?
  package var bootstrap: ClosedRange<Double>?
  package var adjusted: Double?
  package var verdict: Verdict
  /// Labels whose rows are better, alike and worse than with random, each by its own 95 % interval over seeds.
  package var labels: [Int]
  package var errors: [String]
  package var metrics: [MetricFinding]
  package var seconds: Double
  package var choosingSeconds: Double
  package var isReference: Bool

  /// The finding in words.
  package var sentence: String {
    let name = method + (budget.map { " at \($0)" } ?? "")
    if let error = errors.first, difference == nil { return "\(name) failed: \(error.replacing("\n", with: " "))" }
    if isReference { return "\(name): what the others are measured against." }
    guard let difference, let interval else { return "\(name): can't tell." }
    func number(_ value: Double) -> String { String(format: "%+.4f", value) }
    let range = "\(number(difference)) nats a token (\(number(interval.lowerBound)) to \(number(interval.upperBound)))"
    switch verdict {
    case .better: return "\(name) is better than random: \(range)."
    case .worse: return "\(name) is worse than random: \(range)."
    case .cannotTell: return "\(name): can't tell from random: \(range)."
    }
  }
}

/// What a study came to.
package struct StudyResult: Sendable {
  package let arms: [ArmFinding]
  package let visible: Double
  package let rate: Float

  private struct Line: Encodable {
    var method: String
    var budget: Double?
    var seed: Int
    var row: Int
    var label: String?
    var loss: Double
    var tokens: Int
    var metrics: [String: Double]

    private struct Key: CodingKey {
      var stringValue: String
      var intValue: Int? { nil }
      init(_ name: String) { stringValue = name }
      init?(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(method, forKey: Key("method"))
      try container.encode(budget, forKey: Key("budget"))
      try container.encode(seed, forKey: Key("seed"))
      try container.encode(row, forKey: Key("row"))
      try container.encode(label, forKey: Key("label"))
      try container.encode(loss, forKey: Key("loss"))
      try container.encode(tokens, forKey: Key("tokens"))
      for (name, value) in metrics { try container.encode(value, forKey: Key(name)) }
    }
  }

  init(
    _ specification: StudySpecification, files: Files, inputs: StudyInputs, results: [StudyArm: ArmResult], rate: Float,
    tuned: [StudyRate], visible: Double, overlaps: [StudyOverlap], responseTokens: [Int], version: String,
    folder: String
  ) throws {
    let summary = Summary(
      specification: specification, results: results, labels: files.testRows.map(\.label), tokens: responseTokens,
      rows: files.pool.count)
    arms = summary.findings()
    self.visible = visible
    self.rate = rate

    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var lines = ""
    for (method, budget) in summary.order {
      for seed in 0..<specification.seeds {
        guard let result = summary.result(method, budget, seed) else { continue }
        for (row, loss) in result.losses.enumerated() {
          guard let loss else { continue }
          let line = Line(
            method: method, budget: budget.map(Self.number), seed: seed, row: files.test.index(at: row).value,
            label: files.testRows[row].label, loss: loss, tokens: responseTokens[row],
            metrics: (result.metrics ?? [:]).compactMapValues { $0[row] })
          lines += String(decoding: try encoder.encode(line), as: UTF8.self) + "\n"
        }
      }
    }
    let manifest = StudyManifest(
      winnow: version, study: specification.withAbsolutePaths, inputs: inputs, rate: rate, tuned: tuned,
      visible: visible.isFinite ? visible : nil, overlaps: overlaps, results: ContentHash(of: lines))
    let table = StudyTable(
      arms, visible: visible, rate: rate, seeds: specification.seeds, loraRank: specification.loraRank)
    for (name, text) in [
      ("results.jsonl", lines), ("table.md", table.markdown), ("table.csv", table.csv), ("costs.csv", table.costs),
      ("chart.svg", StudyChart(arms).svg),
      ("manifest.json", String(decoding: try encoder.encode(manifest), as: UTF8.self) + "\n"),
    ] {
      try StudyFolder.write(text, to: "\(folder)/\(name)")
    }
  }

  static func number(_ budget: Budget) -> Double {
    switch budget {
    case .count(let count): Double(count)
    case .fraction(let share): share
    }
  }
}

/// What is needed to make a study again, and to know that it is the same.
package struct StudyManifest: Sendable, Hashable, Codable {
  package var winnow: String
  package var study: StudySpecification
  package var inputs: StudyInputs
  /// The peak learning rate that all arms were trained with, and those that were tried.
  package var rate: Float
  package var tuned: [StudyRate]
  /// Smallest difference that the design sees in four of five cases, from the pilot; nil where that failed.
  package var visible: Double?
  package var overlaps: [StudyOverlap]
  /// Digest of `results.jsonl`.
  package var results: ContentHash

  /// Errors: `ErrorReport` for a file that is not there; nil for one that is no manifest of a study.
  package init?(path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ErrorReport("no such file", at: path, status: .noSuchFile)
    }
    guard let found = try? JSONDecoder().decode(StudyManifest.self, from: data) else { return nil }
    self = found
  }

  init(
    winnow: String, study: StudySpecification, inputs: StudyInputs, rate: Float, tuned: [StudyRate], visible: Double?,
    overlaps: [StudyOverlap], results: ContentHash
  ) {
    self.winnow = winnow
    self.study = study
    self.inputs = inputs
    self.rate = rate
    self.tuned = tuned
    self.visible = visible
    self.overlaps = overlaps
    self.results = results
  }

  /// What differs when the study is made again in an empty folder; empty where nothing does.
  package func differences(from other: StudyManifest) -> [String] {
    var found: [String] = []
    if inputs != other.inputs { found.append("A file, the model or the template is not what it was.") }
    if rate != other.rate { found.append("The learning rate is \(other.rate), and was \(rate).") }
    if results != other.results { found.append("The losses are not the same.") }
    return found
  }
}

extension StudySpecification {
  /// The same with each path in it changed.
  private func mappingPaths(_ change: (String) -> String) -> StudySpecification {
    var copy = self
    copy.pool = pool.map(change)
    copy.target = target.map(change)
    copy.existing = existing.map(change)
    copy.test = change(test)
    copy.validation = validation.map(change)
    copy.model = change(model)
    return copy
  }

  /// The same with paths that hold in any working folder. A model that is named by its Hub identifier keeps that.
  var withAbsolutePaths: StudySpecification {
    mappingPaths { path in
      FileManager.default.fileExists(atPath: path) ? URL(fileURLWithPath: path).standardizedFileURL.path : path
    }
  }

  /// The same where each file or folder that is not there any more is the one of its name in `folder`, if that is there.
  package func lookingForFiles(in folder: String) -> StudySpecification {
    mappingPaths { path in
      let other = folder + "/" + (path as NSString).lastPathComponent
      let manager = FileManager.default
      return !manager.fileExists(atPath: path) && manager.fileExists(atPath: other) ? other : path
    }
  }

  /// Files of rows that are not there.
  package var missingFiles: [String] {
    (pool + [target, existing, validation].compactMap(\.self) + [test])
      .filter { !FileManager.default.fileExists(atPath: $0) }
  }
}

/// Findings from results.
private struct Summary {
  let specification: StudySpecification
  let results: [StudyArm: ArmResult]
  let labels: [String?]
  let tokens: [Int]
  let rows: Int

  /// The arms, random first.
  var order: [(method: String, budget: Budget?)] {
    var order: [(String, Budget?)] = [(StudyArm.untrained, nil)]
    if specification.includesFull { order.append((StudyArm.full, nil)) }
    for method in [Method.random] + specification.compared {
      for budget in specification.budgets { order.append((method.rawValue, budget)) }
    }
    return order
  }

  func result(_ method: String, _ budget: Budget?, _ seed: Int) -> ArmResult? {
    let found = results[StudyArm(method: method, budget: budget, seed: method == StudyArm.untrained ? 0 : seed)]
    return found?.error == nil ? found : nil
  }

  private var greatest: Budget? {
    specification.budgets.max { ((try? $0.picks(of: rows)) ?? 0) < ((try? $1.picks(of: rows)) ?? 0) }
  }

  /// Differences to random of the seeds that both have, and the places of the rows.
  private func differences(_ method: String, _ budget: Budget?) -> (values: [[Double]], places: [Int])? {
    var values: [[Double]] = []
    var places: [Int]?
    for seed in 0..<specification.seeds {
      guard let own = result(method, budget, seed),
        let random = result(Method.random.rawValue, budget ?? greatest, seed)
      else { continue }
      let both = places ?? own.losses.indices.filter { own.losses[$0] != nil && random.losses[$0] != nil }
      places = both
      values.append(both.map { (own.losses[$0] ?? 0) - (random.losses[$0] ?? 0) })
    }
    guard let places, !places.isEmpty else { return nil }
    return (values, places)
  }

  func findings() -> [ArmFinding] {
    var paired: [PairedDifferences?] = []
    var found = order.map { method, budget in
      let differences = differences(method, budget)
      let isReference = method == Method.random.rawValue
      let pairs = differences.map { found in
        PairedDifferences(found.values, clusters: PairedDifferences.clusters(of: found.places.map { labels[$0] }))
      }
      paired.append(isReference ? nil : pairs)
      return finding(method, budget, pairs, differences, isReference: isReference)
    }
    let compared = paired.indices.filter { paired[$0] != nil }
    let values = compared.map { paired[$0]?.p ?? 1 }
    for ((arm, adjusted), p) in zip(zip(compared, holm(values)), values) {
      guard let pairs = paired[arm] else { continue }
      found[arm].adjusted = adjusted
      found[arm].verdict = Verdict(difference: pairs.mean, adjusted: adjusted)
      // As wide as the adjusted p has it: it holds 0 where that is 0.05 or more, and only there.
      found[arm].interval = pairs.interval(missing: 0.05 * (adjusted > 0 ? p / adjusted : 1 / Double(values.count)))
    }
    return found
  }

  private func finding(
    _ method: String, _ budget: Budget?, _ pairs: PairedDifferences?,
    _ differences: (values: [[Double]], places: [Int])?, isReference: Bool
  ) -> ArmFinding {
    let all = (0..<specification.seeds).compactMap { result(method, budget, $0) }
    let means = all.map { result in
      let losses = result.losses.compactMap(\.self)
      return losses.reduce(0, +) / Double(max(1, losses.count))
    }
    let tokenMeans = all.map { result in
      var (sum, count) = (0.0, 0)
      for (row, loss) in result.losses.enumerated() {
        guard let loss else { continue }
        sum += loss * Double(tokens[row])
        count += tokens[row]
      }
      return sum / Double(max(1, count))
    }
    func mean(_ values: [Double]) -> Double? { values.isEmpty ? nil : values.reduce(0, +) / Double(values.count) }
    let errors = (0..<specification.seeds).compactMap {
      results[StudyArm(method: method, budget: budget, seed: method == StudyArm.untrained ? 0 : $0)]?.error
    }
    return ArmFinding(
      method: method, budget: budget, seeds: all.count, rows: all.first?.rows ?? 0, steps: all.first?.steps ?? 0,
      trainedTokens: all.first?.trainedTokens ?? 0, loss: mean(means), tokenLoss: mean(tokenMeans),
      difference: isReference && !all.isEmpty ? 0 : pairs?.mean, interval: isReference && !all.isEmpty ? 0...0 : nil,
      overSeeds: isReference ? nil : pairs?.intervalOverSeeds, bootstrap: isReference ? nil : pairs?.bootstrap(),
      adjusted: isReference ? 1 : nil, verdict: .cannotTell,
      labels: isReference ? [] : wins(differences), errors: errors,
      metrics: specification.metrics.compactMap { metric(method, budget, $0, isReference: isReference) },
      seconds: mean(all.map(\.seconds)) ?? 0, choosingSeconds: mean(all.map(\.choosingSeconds)) ?? 0,
      isReference: isReference)
  }

  private func metric(
    _ method: String, _ budget: Budget?, _ metric: AnswerMetric, isReference: Bool
  ) -> MetricFinding? {
    func values(_ method: String, _ budget: Budget?, _ seed: Int) -> [Double?]? {
      result(method, budget, seed)?.metrics?[metric.rawValue]
    }
    let own = (0..<specification.seeds).compactMap { values(method, budget, $0) }
    let all = own.flatMap { $0.compactMap(\.self) }
    guard !all.isEmpty else { return nil }
    var finding = MetricFinding(metric: metric, mean: all.reduce(0, +) / Double(all.count))
    guard !isReference else { return finding }
    var differences: [[Double]] = []
    var places: [Int] = []
    for seed in 0..<specification.seeds {
      guard let one = values(method, budget, seed),
        let random = values(Method.random.rawValue, budget ?? greatest, seed)
      else { continue }
      places = one.indices.filter { one[$0] != nil && random[$0] != nil }
      differences.append(places.map { (one[$0] ?? 0) - (random[$0] ?? 0) })
    }
    let pairs = PairedDifferences(differences, clusters: PairedDifferences.clusters(of: places.map { labels[$0] }))
    (finding.difference, finding.interval) = (pairs.mean, pairs.interval())
    return finding
  }

  private func wins(_ differences: (values: [[Double]], places: [Int])?) -> [Int] {
    guard let differences, differences.values.count > 1 else { return [] }
    let groups = Dictionary(grouping: differences.places.indices.filter { labels[differences.places[$0]] != nil }) {
      labels[differences.places[$0]] ?? ""
    }
    var counts = [0, 0, 0]
    for rows in groups.values {
      let own = PairedDifferences(
        differences.values.map { values in rows.map { values[$0] } }, clusters: Array(rows.indices))
      let interval = own.intervalOverSeeds
      counts[interval.upperBound < 0 ? 0 : interval.lowerBound > 0 ? 2 : 1] += 1
    }
    return groups.isEmpty ? [] : counts
  }
}
