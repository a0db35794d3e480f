import Datasets
import Domain

extension RunEngine {
  /// Operations a second that any machine has, to tell runs that are short without a measurement.
  private static let leastSpeed = 2e10
  private static let tokensOfAPair = 150.0

  /// Refuses a run that would take longer than ``longest``, with the ways out.
  ///
  /// Errors: `ErrorReport`, as unusable arguments; those of an estimate.
  func checkLength(_ specification: RunSpecification, _ inputs: RunInputs, cancellation: Cancellation) throws {
    guard let longest, let pool = inputs.pool, couldTakeLong(specification, inputs, longest) else { return }
    let found = try estimate(
      specification, pool: pool, target: inputs.target, existing: inputs.existing, cancellation: cancellation)
    guard found.seconds > longest else { return }
    var ways = ["go on all the same with --yes"]
    if specification.method.needsUtilities, specification.sparse == nil {
      var sparse = specification
      sparse.sparse = SparsePairs(neighbours: 32)
      if sparse.rescaling == .minMax { sparse.rescaling = .positive }
      if let few = try? estimate(
        sparse, pool: pool, target: inputs.target, existing: inputs.existing, cancellation: cancellation),
        few.seconds < found.seconds / 2
      {
        ways.append("score each row's nearest examples only with --neighbours 32 (\(Self.span(few.seconds)))")
      }
    }
    if specification.method.needsUtilities, specification.prefilter == nil {
      ways.append(
        "let a cheap method keep a share first with --prefilter \(inputs.target == nil ? "length" : "bm25"):20%")
    }
    if pool.count > 200 { ways.append("look at fewer rows first with --limit 200") }
    ways.append("choose by a method that asks less of the model (winnow methods)")
    throw ErrorReport(
      "\(specification.method.rawValue) would take \(Self.span(found.seconds)) here (\(found.passes) passes"
        + (found.kept.map { ", \(Int(($0 * 100).rounded())) % of the scores are kept already" } ?? "") + ")",
      at: specification.pool, remedy: ways.map { "- " + $0 }.joined(separator: "\n  "), status: .unusableArguments)
  }

  /// Whether a run could take so long on a slow machine.
  private func couldTakeLong(_ specification: RunSpecification, _ inputs: RunInputs, _ longest: Double) -> Bool {
    let rows = Double(inputs.pool?.count ?? 0)
    let others = Double((inputs.target?.count ?? 0) + (inputs.existing?.count ?? 0))
    var passes = specification.method.needsUtilities ? rows * (rows + others) : 6 * (rows + others)
    if let sparse = specification.sparse {
      passes = min(passes, rows * 3 * Double(sparse.neighbours + sparse.explore + 2))
    }
    switch specification.source {
    case .endpoint?: return passes > 20_000
    case .model(let directory)?:
      guard specification.method.signal != .nothing, specification.method.signal != .lengths else { return false }
      // Two operations a parameter and token, at least a byte a parameter on disk where it is quantised.
      let operations = passes * Self.tokensOfAPair * 2 * DeliftSelector.bytes(ofCheckpoint: directory)
      return operations / Self.leastSpeed > longest
    default: return false
    }
  }

  /// A time in words: "about 40 min", "about 31 days".
  static func span(_ seconds: Double) -> String {
    for (unit, size) in [("days", 86_400.0), ("hours", 3600), ("min", 60)] where seconds >= 2 * size {
      return "about \(Int((seconds / size).rounded())) \(unit)"
    }
    return "about \(Int(seconds.rounded(.up))) s"
  }
}
