import Domain
import Numerics
import Submodular

extension RunOutcome {
  /// Bins of the utility histogram, over 0 to 1.
  private static let bins = 20

  /// Why a pick was chosen: the rows that the chosen set serves best through it, and its utility for every row.
  ///
  /// For `delift-task --objective flqmi` the rows are the target's, otherwise the pool's. A method without utilities has
  /// nothing to say but the pick itself.
  package func explain(rank: Rank) throws -> PickExplanation {
    guard selection.picks.indices.contains(rank.value) else {
      throw WorkbenchError.outsideRange(
        option: "rank", value: "\(rank)", bounds: "0 to \(selection.picks.count - 1)")
    }
    let pick = selection.picks[rank.value]
    if let influence { return influence.explain(pick, rank: rank, map: map, most: Self.mostNamed) }
    if let ranking {
      return ranking.explain(pick, map: map, targetRow: { inputs.row(at: $0, of: .target) }, most: Self.mostNamed)
    }
    guard let kernel, let assignments else {
      return PickExplanation(pick: pick, represents: [], utilityHistogram: [])
    }
    let candidate = assignments.picks[rank.value]
    var histogram = [Int](repeating: 0, count: Self.bins)
    let greatest = max(1, kernel.greatest)
    for row in 0..<kernel.rows {
      histogram[min(Self.bins - 1, Int(kernel[row, candidate.value] / greatest * Float(Self.bins)))] += 1
    }
    let represents = assignments.represented(by: rank).map { row, utility in
      PickExplanation.Represented(row: inputs.row(at: row, of: servedRole), utility: utility)
    }
    return PickExplanation(
      pick: pick, represents: represents, utilityHistogram: histogram, partners: partners(of: candidate, kernel),
      targets: targets(of: candidate))
  }

  /// Rows that are named of a list that could be as long as the pool.
  private static let mostNamed = 50

  /// The rows that help most with a candidate's, where the kernel says that: shown as an example.
  private func partners(of candidate: Candidate, _ kernel: Kernel) -> [PickExplanation.Represented] {
    guard kernel.rows == kernel.columns else { return [] }
    var utilities = [Float](repeating: 0, count: kernel.columns)
    utilities.withUnsafeMutableBufferPointer {
      if let base = $0.baseAddress { kernel.copyRow(candidate.value, to: base) }
    }
    return Self.greatest(utilities).filter { $0 != candidate.value }.map {
      PickExplanation.Represented(row: map.row(of: Candidate($0)), utility: utilities[$0])
    }
  }

  /// The target's rows that are nearest in utility to a candidate.
  private func targets(of candidate: Candidate) -> [PickExplanation.Represented] {
    guard let target = kernels?.target else { return [] }
    let isByTarget = kernels?.servesTarget == true
    var utilities = [Float](repeating: 0, count: isByTarget ? target.rows : target.columns)
    utilities.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      if isByTarget { target.copyColumn(candidate.value, to: base) } else { target.copyRow(candidate.value, to: base) }
    }
    return Self.greatest(utilities).map {
      PickExplanation.Represented(row: inputs.row(at: $0, of: .target), utility: utilities[$0])
    }
  }

  /// Indices of the largest values above 0, the largest first, the lowest index on ties.
  private static func greatest(_ values: [Float]) -> [Int] {
    var best: [Int] = []
    for index in values.indices where values[index] > 0 {
      if best.count == mostNamed + 1, let last = best.last, values[index] <= values[last] { continue }
      let position = best.firstIndex { values[$0] < values[index] } ?? best.count
      best.insert(index, at: position)
      if best.count > mostNamed + 1 { best.removeLast() }
    }
    return best
  }

  /// The file that the kernel's rows are of.
  private var servedRole: DatasetRole { kernels?.servesTarget == true ? .target : .pool }
}
