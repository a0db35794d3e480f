/// A way to choose a subset. The raw value is its name on the command line; what it does is a selector's affair, which Workbench has
/// by this name. All of them stand in ``all``, a line each.
package struct Method: RawRepresentable, Sendable, Hashable {
  /// What a method chooses by.
  package enum Signal: Sendable, Hashable {
    /// Utilities between samples: a model to compute them, or a matrix that has them.
    case utilities
    /// Gradients of samples.
    case gradients
    /// Passes of samples through a model: its states, or the loss of their responses.
    case passes
    /// Lengths of responses, in tokens where a model is named.
    case lengths
    /// Words, labels, or chance.
    case nothing
  }

  package let rawValue: String
  /// Its name on screen.
  package let title: String
  /// What it does, in a sentence that needs no paper.
  package let summary: String
  /// Roles it needs beside the pool.
  package let needs: [DatasetRole]
  package let signal: Signal

  package static let all: [Method] = [
    deliftInstruction, deliftTask, deliftContinual, influence, rds, inContext, bm25, middlePerplexity, ifd, kCentre,
    length,
    dedupRandom, randomBalanced, randomLength, random,
  ]

  package static let deliftInstruction = Method(
    "delift-instruction", "DELIFT · instruction tuning", by: .utilities,
    "Samples that, shown as an example, best help the model answer the rest of the pool (facility location).")
  package static let deliftTask = Method(
    "delift-task", "DELIFT · task-specific tuning", by: .utilities, needs: [.target],
    "Samples that stand for the pool where it resembles the target set (facility location mutual information).")
  package static let deliftContinual = Method(
    "delift-continual", "DELIFT · continual tuning", by: .utilities, needs: [.existing],
    "Samples that add what the existing data does not cover yet (facility location conditional gain).")
  package static let influence = Method(
    "influence", "Influence Distillation", by: .gradients, needs: [.target],
    "Samples whose step of training lowers the loss on the target set most, by their gradients (Influence Distillation)."
  )
  package static let rds = Method(
    "rds", "RDS+ states", by: .passes, needs: [.target],
    "Samples whose hidden states in the model are nearest to those of a target sample (RDS+).")
  package static let inContext = Method(
    "in-context", "In-context gain", by: .passes, needs: [.target],
    "Samples whose response the model finds likelier once it is shown samples of the target (in-context approximation)."
  )
  package static let bm25 = Method(
    "bm25", "BM25 words", by: .nothing, needs: [.target],
    "Samples that share the most telling words with a target sample (BM25).")
  package static let middlePerplexity = Method(
    "middle-perplexity", "Middle perplexity", by: .passes,
    "Samples whose response is neither easy nor hard for the model: nearest to the median perplexity.")
  package static let ifd = Method(
    "ifd", "Instruction difficulty", by: .passes,
    "Samples whose instruction helps the model least with the response, though it helps (instruction-following difficulty)."
  )
  package static let kCentre = Method(
    "k-centre", "k-centre", by: .passes,
    "Samples far from one another: each next one is the farthest from those chosen, by the model's hidden states.")
  package static let length = Method(
    "length", "Longest responses", by: .lengths, "Samples with the longest responses, in tokens of a model or in words."
  )
  package static let dedupRandom = Method(
    "dedup-random", "Random, no near-duplicates", by: .nothing,
    "A seeded uniform draw from what is left when near-duplicates are taken out.")
  package static let randomBalanced = Method(
    "random-balanced", "Random by label", by: .nothing,
    "A seeded draw with as many samples of each label, as far as there are so many.")
  package static let randomLength = Method(
    "random-length", "Random of like lengths", by: .lengths,
    "A seeded draw with the lengths of another run's responses: what of its worth is length alone.")
  package static let random = Method(
    "random", "Random", by: .nothing, "A seeded uniform draw without replacement: the baseline to beat.")

  private init(
    _ name: String, _ title: String, by signal: Signal, needs: [DatasetRole] = [], _ summary: String
  ) {
    rawValue = name
    self.title = title
    self.summary = summary
    self.needs = needs
    self.signal = signal
  }

  /// The method of a name; nil where there is none.
  package init?(rawValue: String) {
    guard let method = Self.all.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = method
  }

  package var needsUtilities: Bool { signal == .utilities }
  package var needsGradients: Bool { signal == .gradients }
  /// Whether it ranks rows by a score of their own, or draws them by a rule (Methods 3).
  package var isRanking: Bool { !needsUtilities && !needsGradients && self != .random }

  package static func == (one: Method, other: Method) -> Bool { one.rawValue == other.rawValue }
  package func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
}

/// Written as its name.
extension Method: Codable {}
