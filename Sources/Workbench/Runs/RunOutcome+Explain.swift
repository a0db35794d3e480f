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
  package func explain(rank: Int) throws -> PickExplanation {
    guard selection.picks.indices.contains(rank) else {
      throw WorkbenchError.outsideRange(
        option: "rank", value: "\(rank)", bounds: "0 to \(selection.picks.count - 1)")
    }
    let pick = selection.picks[rank]
    if let influence { return influence.explain(pick, rank: rank, inputs: inputs, most: Self.mostNamed) }
    guard let kernel, let assignments else {
      return PickExplanation(pick: pick, represents: [], utilityHistogram: [])
    }
    let column = assignments.picks[rank]
    var histogram = [Int](repeating: 0, count: Self.bins)
    let greatest = max(1, kernel.greatest)
    for row in 0..<kernel.rows {
      histogram[min(Self.bins - 1, Int(kernel[row, column] / greatest * Float(Self.bins)))] += 1
    }
    let represents = assignments.represented(by: rank).map { row, utility in
      PickExplanation.Represented(index: place(ofRow: row), utility: utility)
    }
    return PickExplanation(
      pick: pick, represents: represents, utilityHistogram: histogram, partners: partners(of: column, kernel),
      targets: targets(of: column))
  }

  /// Rows that are named of a list that could be as long as the pool.
  private static let mostNamed = 50

  /// The rows that help most with the row in a column of the kernel, where the kernel says that: shown as an example.
  private func partners(of row: Int, _ kernel: Kernel) -> [PickExplanation.Represented] {
    guard kernel.rows == kernel.columns else { return [] }
    var utilities = [Float](repeating: 0, count: kernel.columns)
    utilities.withUnsafeMutableBufferPointer { if let base = $0.baseAddress { kernel.copyRow(row, to: base) } }
    return Self.greatest(utilities).filter { $0 != row }.map {
      PickExplanation.Represented(index: inputs.pool?.index(at: $0) ?? $0, utility: utilities[$0])
    }
  }

  /// The target's rows that are nearest in utility to a row of the pool.
  private func targets(of row: Int) -> [PickExplanation.Represented] {
    guard let target = kernels?.target else { return [] }
    let isByTarget = kernels?.servesTarget == true
    var utilities = [Float](repeating: 0, count: isByTarget ? target.rows : target.columns)
    utilities.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      if isByTarget { target.copyColumn(row, to: base) } else { target.copyRow(row, to: base) }
    }
    return Self.greatest(utilities).map {
      PickExplanation.Represented(index: inputs.target?.index(at: $0) ?? $0, utility: utilities[$0])
    }
  }

  /// Places of the largest values above 0, the largest first, the lowest place on ties.
  private static func greatest(_ values: [Float]) -> [Int] {
    var best: [Int] = []
    for place in values.indices where values[place] > 0 {
      if best.count == mostNamed + 1, let last = best.last, values[place] <= values[last] { continue }
      let spot = best.firstIndex { values[$0] < values[place] } ?? best.count
      best.insert(place, at: spot)
      if best.count > mostNamed + 1 { best.removeLast() }
    }
    return best
  }

  /// A kernel row's place in its file.
  private func place(ofRow row: Int) -> Int {
    let file = kernels?.servesTarget == true ? inputs.target : inputs.pool
    return file?.index(at: row) ?? row
  }
}
