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
  public func explain(rank: Int) throws -> PickExplanation {
    guard selection.picks.indices.contains(rank) else {
      throw WorkbenchError.outsideRange(
        option: "rank", value: "\(rank)", bounds: "0 to \(selection.picks.count - 1)")
    }
    let pick = selection.picks[rank]
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
    return PickExplanation(pick: pick, represents: represents, utilityHistogram: histogram)
  }

  /// A kernel row's place in its file.
  private func place(ofRow row: Int) -> Int {
    let file = KernelSet.choosesFromTarget(specification) ? inputs.target : inputs.pool
    return file?.index(at: row) ?? row
  }
}
