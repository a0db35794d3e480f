import Domain
import Numerics
import Submodular

/// The objectives of Methods 1.2 written straight from their formulas, in Double, and the greedy algorithm from its
/// definition. Slow, and independent of everything it checks.
struct BruteForce {
  enum Form {
    case facilityLocation
    case mutualInformation(target: [[Float]], eta: Double)
    case queryMutualInformation(eta: Double)
    case conditionalGain(existing: [[Float]], nu: Double)
  }

  /// Rows represented, columns candidates.
  var kernel: [[Float]]
  var form: Form

  var candidates: Int { kernel[0].count }

  func value(_ set: [Int]) -> Double {
    var sum = 0.0
    for (i, row) in kernel.enumerated() {
      let best = set.map { Double(row[$0]) }.max() ?? 0
      switch form {
      case .facilityLocation, .queryMutualInformation: sum += best
      case .mutualInformation(let target, let eta): sum += min(best, eta * Double(target[i].max() ?? 0))
      case .conditionalGain(let existing, let nu): sum += max(best - nu * Double(existing[i].max() ?? 0), 0)
      }
    }
    if case .queryMutualInformation(let eta) = form {
      for j in set { sum += eta * Double(kernel.map { $0[j] }.max() ?? 0) }
    }
    return sum
  }

  /// Greedy by definition: the largest f(A + j) - f(A), the lowest index on ties. Differences of sums carry rounding, so
  /// gains closer than `slack` count as ties.
  func greedy(_ budget: Int, banned: Set<Int> = [], slack: Double = 1e-9) -> [GreedyStep] {
    var chosen: [Int] = []
    var picks: [GreedyStep] = []
    while picks.count < budget {
      let present = value(chosen)
      var best: (index: Int, gain: Double)?
      for j in 0..<candidates where !chosen.contains(j) && !banned.contains(j) {
        let gain = value(chosen + [j]) - present
        if let held = best, gain <= held.gain + slack { continue }
        best = (j, gain)
      }
      guard let (index, gain) = best else { break }
      chosen.append(index)
      picks.append(GreedyStep(rank: Rank(picks.count), candidate: Candidate(index), gain: gain))
    }
    return picks
  }
}

/// A matrix as rows.
func matrix(_ rows: [[Float]]) -> Matrix {
  Matrix(rows: rows.count, columns: rows.first?.count ?? 0, elements: rows.flatMap { $0 })
}

/// What random kernels are made of.
enum Texture: CaseIterable {
  /// Float32 values anywhere in [0, 1).
  case smooth
  /// Few different values, so gains tie.
  case coarse
  /// Mostly zeros.
  case sparse
  /// Some columns equal to others.
  case duplicates

  func rows(_ count: Int, columns: Int, from generator: inout SeededGenerator) -> [[Float]] {
    var rows = (0..<count).map { _ in
      (0..<columns).map { _ -> Float in
        switch self {
        case .smooth, .duplicates: return Float(generator.unit())
        case .coarse: return Float(generator.below(5)) / 4
        case .sparse: return generator.below(8) == 0 ? Float(generator.unit()) : 0
        }
      }
    }
    if case .duplicates = self {
      for _ in 0..<(columns / 3) {
        let (from, to) = (generator.below(columns), generator.below(columns))
        for row in rows.indices { rows[row][to] = rows[row][from] }
      }
    }
    return rows
  }
}
