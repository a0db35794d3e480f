/// A way to choose a subset. The raw value is its name on the command line.
package enum Method: String, Sendable, Hashable, Codable, CaseIterable {
  case deliftInstruction = "delift-instruction"
  case deliftTask = "delift-task"
  case deliftContinual = "delift-continual"
  case influence
  case random

  /// Its name on screen.
  package var title: String {
    switch self {
    case .deliftInstruction: "DELIFT · instruction tuning"
    case .deliftTask: "DELIFT · task-specific tuning"
    case .deliftContinual: "DELIFT · continual tuning"
    case .influence: "Influence Distillation"
    case .random: "Random"
    }
  }

  /// What it does, in a sentence that needs no paper.
  package var summary: String {
    switch self {
    case .deliftInstruction:
      "Samples that, shown as an example, best help the model answer the rest of the pool (facility location)."
    case .deliftTask:
      "Samples that stand for the pool where it resembles the target set (facility location mutual information)."
    case .deliftContinual:
      "Samples that add what the existing data does not cover yet (facility location conditional gain)."
    case .influence:
      "Samples whose step of training lowers the loss on the target set most, by their gradients (Influence Distillation)."
    case .random:
      "A seeded uniform draw without replacement: the baseline to beat."
    }
  }

  /// Roles it needs beside the pool.
  package var needs: [DatasetRole] {
    switch self {
    case .deliftInstruction, .random: []
    case .deliftTask, .influence: [.target]
    case .deliftContinual: [.existing]
    }
  }

  /// Whether it needs utilities: a model to compute them, or a matrix that has them.
  package var needsUtilities: Bool { self != .random && self != .influence }
}
