/// Why a row was not chosen: how well the chosen rows serve it, and what it would have been worth to them.
package struct WhyNot: Sendable, Hashable, Codable {
  /// A pick, and a number that says what it has to do with the row.
  package struct Related: Sendable, Hashable, Codable {
    package var pick: Pick
    package var value: Double

    package init(pick: Pick, value: Double) {
      self.pick = pick
      self.value = value
    }
  }

  package var row: RowIndex
  /// Whether the run was told to leave it out.
  package var isBanned: Bool
  /// The pick that serves it best and with what utility; nil where none does, or where the method has no utilities between rows.
  package var served: Related?
  /// What it would add to the whole selection; nil where the method has no such measure.
  package var gain: Double?
  /// Its place by that gain among the rows that were not chosen, from 0, and how many these are.
  package var place: Int?
  package var others: Int
  /// What it would have added as the first pick.
  package var firstGain: Double?
  /// The gain of the last pick, when it was taken.
  package var leastGain: Double?
  /// The pick whose place it would best take, and what the objective would change by; below 0 where every swap is a loss.
  package var bestSwap: Related?
  /// The same with the pick that serves it best.
  package var swapWithServing: Related?

  package init(
    row: RowIndex, isBanned: Bool, served: Related? = nil, gain: Double? = nil, place: Int? = nil, others: Int,
    firstGain: Double? = nil, leastGain: Double? = nil, bestSwap: Related? = nil, swapWithServing: Related? = nil
  ) {
    self.row = row
    self.isBanned = isBanned
    self.served = served
    self.gain = gain
    self.place = place
    self.others = others
    self.firstGain = firstGain
    self.leastGain = leastGain
    self.bestSwap = bestSwap
    self.swapWithServing = swapWithServing
  }
}
