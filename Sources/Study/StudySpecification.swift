import Domain
import Foundation

/// What a study compares and how.
package struct StudySpecification: Sendable, Hashable, Codable {
  /// What arms of the same budget have alike beside their rows.
  package enum Equal: String, Sendable, Hashable, Codable, CaseIterable {
    /// Steps of training.
    case rows
    /// Tokens that go through the model in training, as near as whole steps allow.
    case tokens
  }

  package var pool: [String]
  package var target: String?
  package var existing: String?
  package var test: String
  /// What the learning rate is tuned on; the target set where nil.
  package var validation: String?
  package var model: String
  package var template: String
  package var methods: [Method]
  package var budgets: [Budget]
  package var seeds: Int
  /// Steps of every arm; nil for `epochs` of its rows.
  package var steps: Int?
  package var epochs: Double
  package var batchSize: Int
  /// Rank of the adapter that is trained; nil trains all parameters.
  package var loraRank: Int?
  /// Peak learning rate; nil has it tuned.
  package var rate: Float?
  package var equal: Equal
  /// Whether an arm is trained on the whole pool.
  package var includesFull: Bool
  package var allowsOverlap: Bool
  /// Of DELIFT's methods: score only so many nearest examples of each row.
  package var neighbours: Int?
  /// What generated answers are held against the responses by; empty generates none.
  package var metrics: [AnswerMetric]
  /// Tokens of an answer, at most.
  package var maxNewTokens: Int
  package var skipBadRows: Bool
  package var reading: DatasetReading

  package init(
    pool: [String], target: String?, existing: String? = nil, test: String, validation: String? = nil, model: String,
    template: String = "delift", methods: [Method], budgets: [Budget], seeds: Int, steps: Int? = nil,
    epochs: Double = 3, batchSize: Int = 8, loraRank: Int? = nil, rate: Float? = nil, equal: Equal = .rows,
    includesFull: Bool = true, allowsOverlap: Bool = false, neighbours: Int? = nil, metrics: [AnswerMetric] = [],
    maxNewTokens: Int = 64,
    skipBadRows: Bool = false, reading: DatasetReading = DatasetReading()
  ) {
    self.pool = pool
    self.target = target
    self.existing = existing
    self.test = test
    self.validation = validation
    self.model = model
    self.template = template
    self.methods = methods
    self.budgets = budgets
    self.seeds = seeds
    self.steps = steps
    self.epochs = epochs
    self.batchSize = batchSize
    self.loraRank = loraRank
    self.rate = rate
    self.equal = equal
    self.includesFull = includesFull
    self.allowsOverlap = allowsOverlap
    self.neighbours = neighbours
    self.metrics = metrics
    self.maxNewTokens = maxNewTokens
    self.skipBadRows = skipBadRows
    self.reading = reading
  }

  /// The methods that are compared with random.
  package var compared: [Method] { methods.filter { $0 != .random } }

  /// The run that chooses an arm's rows.
  func run(_ method: Method, _ budget: Budget, seed: Int) -> RunSpecification {
    let isSparse = method.needsUtilities && neighbours != nil
    return RunSpecification(
      method: method, pool: pool.first, target: target, existing: method.needs.contains(.existing) ? existing : nil,
      source: method.signal == .nothing ? nil : .model(directory: model), budget: budget, skipBadRows: skipBadRows,
      seed: UInt64(seed),
      template: template, morePools: Array(pool.dropFirst()), reading: reading,
      influence: method.needsGradients ? InfluenceSettings() : nil,
      sparse: isSparse ? neighbours.map { SparsePairs(neighbours: $0, audit: 0) } : nil)
  }

  /// Whether a method chooses other rows with another seed.
  func isSeeded(_ method: Method) -> Bool {
    if method.needsUtilities { return neighbours != nil }
    return ![.bm25, .rds, .length, .ifd, .middlePerplexity].contains(method)
  }

  /// Refuses what can't be studied, before anything is opened.
  package func check() throws {
    func refuse(_ problem: String, _ option: String, _ remedy: String) -> ErrorReport {
      ErrorReport(problem, at: option, remedy: remedy, status: .unusableArguments)
    }
    if compared.isEmpty {
      throw refuse(
        "no method is named to compare with random", "--methods", "Name some: --methods delift-task,rds,length.")
    }
    if budgets.isEmpty { throw refuse("no budget is named", "--budgets", "Name some: --budgets 5%,10%.") }
    if Set(budgets).count < budgets.count || Set(methods).count < methods.count {
      throw refuse("a method or budget is named twice", "--methods and --budgets", "Name each once.")
    }
    if !(2...1000).contains(seeds) {
      throw refuse(
        "\(seeds) seeds can't tell what chance does", "--seeds", "Take 2 to 1000; five is the least that tells much.")
    }
    for method in compared {
      if method == .randomLength {
        throw refuse(
          "random-length draws the lengths of a run, which a study does not have", "--methods", "Leave it out.")
      }
      if method.needs.contains(.target), target == nil {
        throw refuse("\(method.rawValue) needs a target set", "--target", "Name a file of target samples.")
      }
      if method.needs.contains(.existing), existing == nil {
        throw refuse("\(method.rawValue) needs existing data", "--existing", "Name its file.")
      }
    }
    let rank = loraRank ?? 1
    let peak = rate ?? 1
    let checks: [(String, Bool, String)] = [
      ("--steps", (steps ?? 1) >= 1, "1 and above"), ("--epochs", epochs > 0 && epochs <= 10_000, "above 0"),
      ("--batch-size", batchSize >= 1, "1 and above"), ("--lora-rank", rank >= 1 && rank <= 65536, "1 to 65536"),
      ("--rate", peak > 0 && peak.isFinite, "above 0"), ("--neighbours", (neighbours ?? 1) >= 1, "1 and above"),
      ("--max-new-tokens", maxNewTokens >= 1, "1 and above"),
      ("--metrics", Set(metrics).count == metrics.count, "each metric once"),
    ]
    for (option, isGood, bounds) in checks where !isGood {
      throw refuse("the value is out of range", option, "Give \(bounds).")
    }
  }

  /// Rates that are tried where none is given.
  var rates: [Float] { loraRank == nil ? [3e-5, 1e-4, 3e-4, 1e-3, 3e-3] : [1e-4, 3e-4, 1e-3, 3e-3, 1e-2] }
}

/// One training of a study.
package struct StudyArm: Sendable, Hashable, Codable {
  /// A method, or `untrained` or `full`.
  package var method: String
  /// Nil for arms without one.
  package var budget: Budget?
  package var seed: Int

  package static let untrained = "untrained"
  package static let full = "full"
}

/// What came of one training, as it is kept.
package struct ArmResult: Sendable, Hashable, Codable {
  /// Rows of the pool that it was trained on.
  package var rows: Int
  package var steps: Int
  package var trainedTokens: Int
  /// Of each test row the mean loss a response token; nil for a row without room for a response.
  package var losses: [Double?]
  /// By metric, of each test row what its generated answer has; nil where none was generated.
  package var metrics: [String: [Double?]]?
  /// Why there are none.
  package var error: String?
  package var seconds: Double
  package var choosingSeconds: Double
}
