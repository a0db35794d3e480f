/// A way to choose a subset. The raw value is its name on the command line; what it does is a selector's affair, which Workbench has
/// by this name. All of them stand in ``all``, a line each.
package struct Method: RawRepresentable, Sendable, Hashable {
  /// What a method chooses by.
  package enum Signal: Sendable, Hashable {
    /// Utilities between samples: a model to compute them, or a matrix that has them.
    case utilities
    /// Gradients of samples.
    case gradients
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

  package static let all: [Method] = [deliftInstruction, deliftTask, deliftContinual, influence, random]

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

  package static func == (one: Method, other: Method) -> Bool { one.rawValue == other.rawValue }
  package func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
}

/// Written as its name.
extension Method: Codable {}
