/// What Influence Distillation is set to (arXiv 2505.19051; Methods 2).
package struct InfluenceSettings: Sendable, Hashable, Codable {
  /// How far the target loss is expanded.
  package enum Order: String, Sendable, Hashable, Codable, CaseIterable {
    case first, second
  }

  /// The step of training that is looked ahead.
  package enum Step: String, Sendable, Hashable, Codable, CaseIterable {
    case gradientDescent = "gd"
    case adamW = "adamw"
  }

  /// Whether each target chooses in turn, or all have one loss.
  package enum Pooling: String, Sendable, Hashable, Codable, CaseIterable {
    case roundRobin = "round-robin"
    /// The groups that the targets' labels name in turn, each by the mean of its targets' cosines: what the targets of a group have
    /// in common counts, and what is each one's own cancels. Targets without any label take turns one by one.
    case groups
    case pooled
  }

  /// How influence spreads from landmarks to all samples.
  package enum Propagation: String, Sendable, Hashable, Codable, CaseIterable {
    /// Kernel ridge regression with the authors' width and ridge.
    case krr
    /// The least-squares form of the paper.
    case linear
    /// Kernel, width and ridge by the error that landmarks have when left out.
    case tuned
    /// What the embeddings themselves say of a sample and a target (their product), corrected by what landmarks show to be missing
    /// of it, spread as with `tuned`.
    case corrected

    /// What is measured to be the truest for an embedding: products of jvp embeddings say nothing of influence by themselves.
    package static func standard(for embedding: Embedding) -> Propagation { embedding == .tangents ? .krr : .corrected }
  }

  /// What embeddings are made of.
  package enum Embedding: String, Sendable, Hashable, Codable, CaseIterable {
    /// Derivatives of the hidden state behind the first blocks along random directions: the authors'.
    case tangents = "jvp"
    /// Gradients of the model cut to its first blocks, projected.
    case cutGradient = "cut-gradient"
    /// Gradients of the output head of the whole model, projected.
    case output
    /// Gradients of the token embeddings and the output head, projected: all the way back, but by no other parameter.
    case tables

    /// Whether it is made of the model's first blocks.
    package var hasBlocks: Bool { self == .tangents || self == .cutGradient }
  }

  /// Learning rate of a warm-up: as low as at the start of a fine-tuning, whose rate rises from 0. At rates such as 1e-3 a small model
  /// unlearns in 20 steps what tells its tasks apart.
  package static let warmUpRate: Float = 1e-5

  package var order: Order
  package var step: Step
  /// Folder or file with the optimiser's state, as `winnow finetune --keep-state` leaves it; nil for a warm-up.
  package var optimizerState: String?
  /// Steps of AdamW on a random part of the pool, where there is no state.
  package var warmUpSteps: Int
  package var pooling: Pooling
  /// Samples whose gradients are taken, a count or a share of the pool; nil for a standard number.
  package var landmarks: Budget?
  package var landmarkChoice: LandmarkChoice
  package var propagation: Propagation
  package var embedding: Embedding
  /// Blocks that embeddings are made with; nil for the standard number.
  package var blocks: Int?
  package var tangents: Int
  /// Parts of the names of the parameters that gradients are taken by, separated by commas; nil for all.
  package var parameters: String?
  package var projection: ProjectionSetting?
  /// Nil for one that leaves as many weights above 0 as there are picks.
  package var lambda: Double?
  /// eta, of gradient descent or as AdamW's rate.
  package var stepSize: Double
  /// Shares of target groups in the picks, by label; empty for turns of equal right for each target.
  package var groupShares: [String: Double]
  /// Samples beside the landmarks whose gradients are taken to say how true the spread is; nil for a standard number.
  package var heldOut: Int?
  /// Gradients that were computed elsewhere, of pool and target: then no model is needed.
  package var gradients: String?
  package var targetGradients: String?
  /// Embeddings of the pool that were computed elsewhere.
  package var embeddings: String?

  package init(
    order: Order = .first, step: Step = .gradientDescent, optimizerState: String? = nil, warmUpSteps: Int = 20,
    pooling: Pooling? = nil, landmarks: Budget? = nil, landmarkChoice: LandmarkChoice = .uniform,
    propagation: Propagation? = nil, embedding: Embedding = .output, blocks: Int? = nil, tangents: Int = 2,
    parameters: String? = nil, projection: ProjectionSetting? = nil, lambda: Double? = nil, stepSize: Double = 1e-3,
    groupShares: [String: Double] = [:], heldOut: Int? = nil, gradients: String? = nil,
    targetGradients: String? = nil, embeddings: String? = nil
  ) {
    self.order = order
    self.step = step
    self.optimizerState = optimizerState
    self.warmUpSteps = warmUpSteps
    self.pooling = pooling ?? (order == .first ? .groups : .pooled)
    self.landmarks = landmarks
    self.landmarkChoice = landmarkChoice
    self.propagation = propagation ?? .standard(for: embedding)
    self.embedding = embedding
    self.blocks = blocks
    self.tangents = tangents
    self.parameters = parameters
    self.projection = projection
    self.lambda = lambda
    self.stepSize = stepSize
    self.groupShares = groupShares
    self.heldOut = heldOut
    self.gradients = gradients
    self.targetGradients = targetGradients
    self.embeddings = embeddings
  }

  /// Landmarks of a pool of `rows`: as many as asked for, or min(4096, max(64, rows / 50)), never more than there are rows.
  package func landmarkCount(of rows: Int) -> Int {
    switch landmarks {
    case .count(let count)?: min(rows, count)
    case .fraction(let share)?: min(rows, max(1, Int((share * Double(rows)).nextUp.rounded(.down))))
    case nil: min(rows, min(4096, max(64, rows / 50)))
    }
  }

  /// The phases that such a run goes through for certain, or nearly so.
  package var expectedPhases: Set<Phase> {
    var phases: Set<Phase> = [.load, .gradients, .select]
    if step == .adamW, optimizerState == nil { phases.insert(.warmUp) }
    if landmarks != .fraction(1) { phases.formUnion([.embed, .propagate]) }
    if pooling == .pooled { phases.insert(.weigh) }
    return phases
  }

  /// Samples that the spread is checked on.
  package func heldOutCount(of rows: Int) -> Int {
    let landmarks = landmarkCount(of: rows)
    return min(rows - landmarks, heldOut ?? min(64, max(16, landmarks / 4)))
  }
}

/// How landmarks are chosen.
package enum LandmarkChoice: String, Sendable, Hashable, Codable, CaseIterable {
  /// A uniform draw.
  case uniform
  /// Each next one with a chance that grows with its squared distance from those that are there (Arthur and Vassilvitskii, 2007).
  case kMeans = "k-means"
  /// Without replacement, by ridge leverage scores of the embeddings (Alaoui and Mahoney, 2015).
  case leverage
}

/// How a long vector is brought to fewer numbers with inner products kept on average (Johnson and Lindenstrauss, 1984).
package enum ProjectionKind: String, Sendable, Hashable, Codable, CaseIterable {
  /// Random signs, dense: as many operations as inputs × outputs.
  case rademacher
  /// Random signs, a Walsh-Hadamard transform and a random choice of its outputs, tile by tile (Ailon and Chazelle, 2006).
  case hadamard
}

/// A projection as it is asked for: written `hadamard:8192`, or `rademacher:48:8192` to keep but 8192 elements of the gradient,
/// drawn at random, before it.
package struct ProjectionSetting: Sendable, Hashable {
  package var kind: ProjectionKind
  /// Numbers that are left.
  package var size: Int
  /// Elements of the gradient that are kept at most; nil for all.
  package var most: Int?

  package init(kind: ProjectionKind, size: Int, most: Int? = nil) {
    self.kind = kind
    self.size = size
    self.most = most
  }

  /// Reads what ``description`` writes; the size defaults to 4096.
  package init(parsing text: String) throws(ErrorReport) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    let numbers = parts.dropFirst().map { Int($0) ?? 0 }
    guard let kind = ProjectionKind(rawValue: parts[0]), parts.count <= 3,
      numbers.allSatisfy({ (1...1 << 20).contains($0) || ($0 > 0 && $0 == numbers.last && numbers.count == 2) })
    else {
      throw ErrorReport(
        "\"\(text)\" is no projection", at: "--projection",
        remedy:
          "Give rademacher or hadamard, a size of 1 to 1048576 and perhaps how many elements to keep: hadamard:8192.",
        status: .unusableArguments)
    }
    self.init(kind: kind, size: numbers.first ?? 4096, most: numbers.count == 2 ? numbers[1] : nil)
  }
}

extension ProjectionSetting: CustomStringConvertible {
  package var description: String { "\(kind.rawValue):\(size)" + (most.map { ":\($0)" } ?? "") }
}

extension ProjectionSetting: Codable {
  package init(from decoder: any Decoder) throws {
    try self.init(parsing: decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
