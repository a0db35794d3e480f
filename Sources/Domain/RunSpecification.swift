/// How utilities are made from distances (Methods 1.1; DELIFT section 3.1).
package enum UtilityKernel: String, Sendable, Hashable, Codable, CaseIterable {
  case euclidean, exponential
}

/// What is done to a utility matrix before an objective sees it.
package enum Rescaling: String, Sendable, Hashable, Codable, CaseIterable {
  case minMax = "min-max"
  /// What an example gains, and 0 where it gains nothing: S = max(U, 0).
  case positive
  case none
}

/// How the greedy step finds the next pick (Methods 1.3).
package enum Maximizer: String, Sendable, Hashable, Codable, CaseIterable {
  case lazy, naive, stochastic, lazier
}

/// Which form of mutual information `delift-task` maximises (Methods 1.2).
package enum TaskObjective: String, Sendable, Hashable, Codable, CaseIterable {
  case flmi, flqmi
}

/// Where utilities come from.
package enum UtilitySource: Sendable, Hashable {
  /// A Hugging Face checkpoint directory, run on this machine.
  case model(directory: String)
  /// A model behind an inference server.
  case endpoint(Endpoint)
  /// Matrices that were computed elsewhere: n × n, n × m (or m × n for FLQMI), n × e.
  case matrices(pool: String, target: String?, existing: String?)
  /// Vectors of the pool's samples, n × d: each row's nearest `neighbours` by cosine make a sparse kernel.
  case embeddings(String, neighbours: Int)
}

/// Written as an object with the options' own names.
extension UtilitySource: Codable {
  private enum Keys: String, CodingKey {
    case model, utilities, targetUtilities, existingUtilities, embeddings, neighbours
    case endpoint, servedModel, servedRoot, tokenizer, context
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Keys.self)
    if let directory = try container.decodeIfPresent(String.self, forKey: .model) {
      self = .model(directory: directory)
    } else if let url = try container.decodeIfPresent(String.self, forKey: .endpoint) {
      self = .endpoint(
        Endpoint(
          url: url, model: try container.decodeIfPresent(String.self, forKey: .servedModel),
          tokenizer: try container.decodeIfPresent(String.self, forKey: .tokenizer),
          context: try container.decodeIfPresent(Int.self, forKey: .context),
          root: try container.decodeIfPresent(String.self, forKey: .servedRoot)))
    } else if let path = try container.decodeIfPresent(String.self, forKey: .embeddings) {
      self = .embeddings(path, neighbours: try container.decode(Int.self, forKey: .neighbours))
    } else {
      self = .matrices(
        pool: try container.decode(String.self, forKey: .utilities),
        target: try container.decodeIfPresent(String.self, forKey: .targetUtilities),
        existing: try container.decodeIfPresent(String.self, forKey: .existingUtilities))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    switch self {
    case .model(let directory):
      try container.encode(directory, forKey: .model)
    case .endpoint(let endpoint):
      try container.encode(endpoint.url, forKey: .endpoint)
      try container.encodeIfPresent(endpoint.model, forKey: .servedModel)
      try container.encodeIfPresent(endpoint.tokenizer, forKey: .tokenizer)
      try container.encodeIfPresent(endpoint.context, forKey: .context)
      try container.encodeIfPresent(endpoint.root, forKey: .servedRoot)
    case .embeddings(let path, let neighbours):
      try container.encode(path, forKey: .embeddings)
      try container.encode(neighbours, forKey: .neighbours)
    case .matrices(let pool, let target, let existing):
      try container.encode(pool, forKey: .utilities)
      try container.encodeIfPresent(target, forKey: .targetUtilities)
      try container.encodeIfPresent(existing, forKey: .existingUtilities)
    }
  }
}

/// Everything that decides a run's answer. Two runs with equal specifications and equal file contents choose the same
/// rows, whatever the number of threads.
package struct RunSpecification: Sendable, Hashable, Codable {
  package var method: Method
  /// Nil where the answer is indices into imported matrices.
  package var pool: String?
  /// Files that the pool goes on in: their rows follow the first one's.
  package var morePools: [String]
  package var target: String?
  package var existing: String?
  package var source: UtilitySource?
  package var budget: Budget
  /// Only the first so many rows of the pool; nil for all.
  package var limit: Int?
  package var skipBadRows: Bool
  package var objective: TaskObjective
  package var eta: Double
  package var nu: Double
  package var utilityKernel: UtilityKernel
  package var rescaling: Rescaling
  package var maximizer: Maximizer
  /// Accuracy of the stochastic maximisers: samples of ceil((n/k) ln(1/epsilon)).
  package var epsilon: Double
  package var seed: UInt64
  /// Name of the prompt template.
  package var template: String
  /// Rows taken first, in this order, and rows never taken.
  package var pinned: [RowIndex]
  package var banned: [RowIndex]
  /// How the files are read, where the data alone is not to say it.
  package var reading: DatasetReading
  /// What Influence Distillation is set to; nil for the other methods.
  package var influence: InfluenceSettings?
  /// What a method that ranks rows is set to; nil for the other methods.
  package var ranking: RankingSettings?
  /// Which pairs are scored; nil for all.
  package var sparse: SparsePairs?
  /// What keeps a share of the pool for the method; nil where all rows are candidates.
  package var prefilter: Prefilter?
  /// What becomes of rows that the model's context can't hold, and by role those that were left out, once they are known.
  package var tooLong: TooLong
  package var leftOut: [String: RowSet]?

  package init(
    method: Method, pool: String?, target: String? = nil, existing: String? = nil, source: UtilitySource?,
    budget: Budget, limit: Int? = nil, skipBadRows: Bool = false, objective: TaskObjective = .flmi,
    eta: Double = 1, nu: Double = 1, utilityKernel: UtilityKernel = .euclidean, rescaling: Rescaling = .positive,
    maximizer: Maximizer = .lazy, epsilon: Double = 0.01, seed: UInt64 = 0, template: String = "delift",
    pinned: [RowIndex] = [], banned: [RowIndex] = [], morePools: [String] = [],
    reading: DatasetReading = DatasetReading(),
    influence: InfluenceSettings? = nil, sparse: SparsePairs? = nil, ranking: RankingSettings? = nil,
    prefilter: Prefilter? = nil, tooLong: TooLong = .leaveOut, leftOut: [String: RowSet]? = nil
  ) {
    self.ranking = ranking ?? (method.isRanking ? RankingSettings() : nil)
    self.sparse = sparse
    self.prefilter = prefilter
    self.tooLong = tooLong
    self.leftOut = leftOut
    self.method = method
    self.pool = pool
    self.target = target
    self.existing = existing
    self.source = source
    self.budget = budget
    self.limit = limit
    self.skipBadRows = skipBadRows
    self.objective = objective
    self.eta = eta
    self.nu = nu
    self.utilityKernel = utilityKernel
    self.rescaling = rescaling
    self.maximizer = maximizer
    self.epsilon = epsilon
    self.seed = seed
    self.template = template
    self.pinned = pinned
    self.banned = banned
    self.morePools = morePools
    self.reading = reading
    self.influence = influence ?? (method == .influence ? InfluenceSettings() : nil)
  }
}

extension RunSpecification {
  /// All files of the pool, in order.
  package var poolFiles: [String] { [pool].compactMap(\.self) + morePools }

  /// Reads a specification that an older version may have written: what it does not say has its default.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func value<Value: Decodable>(_ key: CodingKeys, _ standard: Value) throws -> Value {
      try container.decodeIfPresent(Value.self, forKey: key) ?? standard
    }
    func optional<Value: Decodable>(_ key: CodingKeys) throws -> Value? {
      try container.decodeIfPresent(Value.self, forKey: key)
    }
    self.init(
      method: try container.decode(Method.self, forKey: .method), pool: try optional(.pool),
      target: try optional(.target), existing: try optional(.existing), source: try optional(.source),
      budget: try container.decode(Budget.self, forKey: .budget), limit: try optional(.limit),
      skipBadRows: try value(.skipBadRows, false), objective: try value(.objective, .flmi),
      eta: try value(.eta, 1), nu: try value(.nu, 1), utilityKernel: try value(.utilityKernel, .euclidean),
      rescaling: try value(.rescaling, .minMax), maximizer: try value(.maximizer, .lazy),
      epsilon: try value(.epsilon, 0.01), seed: try value(.seed, 0), template: try value(.template, "delift"),
      pinned: try value(.pinned, []), banned: try value(.banned, []), morePools: try value(.morePools, []),
      reading: try value(.reading, DatasetReading()), influence: try optional(.influence),
      sparse: try optional(.sparse), ranking: try optional(.ranking),
      prefilter: try optional(.prefilter), tooLong: try value(.tooLong, .leaveOut), leftOut: try optional(.leftOut))
  }
}
