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
    guard let kernel = KernelSet.choosesFromTarget(specification) ? kernels.target : kernels.pool else {
      return PickExplanation(pick: pick, represents: [], utilityHistogram: [])
    }
    let columns = selection.picks.map(position(of:))
    let own = columns[rank]
    var represents: [PickExplanation.Represented] = []
    var histogram = [Int](repeating: 0, count: Self.bins)
    let top = max(1, kernel.greatest)
    for row in 0..<kernel.rows {
      let utility = kernel[row, own]
      histogram[min(Self.bins - 1, Int(utility / top * Float(Self.bins)))] += 1
      // Of several picks that serve a row equally well, the one taken first represents it.
      let isBest = columns.enumerated().allSatisfy { place, column in
        place < rank ? kernel[row, column] < utility : kernel[row, column] <= utility
      }
      if isBest, utility > 0 { represents.append(.init(index: place(ofRow: row), utility: utility)) }
    }
    represents.sort { a, b in a.utility == b.utility ? a.index < b.index : a.utility > b.utility }
    return PickExplanation(pick: pick, represents: represents, utilityHistogram: histogram)
  }

  /// A kernel row's place in its file.
  private func place(ofRow row: Int) -> Int {
    let file = KernelSet.choosesFromTarget(specification) ? inputs.target : inputs.pool
    return file?.index(at: row) ?? row
  }

  /// The candidate that a pick names by its place in the file.
  private func position(of pick: Pick) -> Int {
    guard let pool = inputs.pool else { return pick.index }
    return pool.position(ofIndex: pick.index) ?? pick.index
  }
}
