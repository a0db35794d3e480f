import Domain
import Interface
import Screen
import Testing

@Suite struct CompareTests {
  private func picks(_ rows: [Int]) -> [Pick] {
    rows.enumerated().map { Pick(rank: $0.offset, index: $0.element, gain: 1) }
  }

  @Test func sharedRowsAndTheirOrderAreMeasured() throws {
    let equal = Comparison(picks([4, 2, 9]), picks([4, 2, 9]))
    #expect(equal.jaccard == 1 && equal.common == 3 && equal.rankCorrelation == 1)
    let opposite = Comparison(picks([4, 2, 9]), picks([9, 2, 4]))
    #expect(opposite.rankCorrelation == -1)
    let disjoint = Comparison(picks([1, 2]), picks([3, 4]))
    #expect(disjoint.jaccard == 0 && disjoint.rankCorrelation == nil)
    let part = Comparison(picks([1, 2, 3, 4]), picks([3, 7, 1]))
    #expect(part.common == 2 && part.jaccard == 2.0 / 5 && part.rankCorrelation == -1)
    #expect(part.rows(of: .onlyA).map(\.index) == [2, 4])
    #expect(part.rows(of: .onlyB).map(\.index) == [7])
    let both = part.rows(of: .both)
    #expect(both.map(\.index) == [1, 3] && both.map(\.rankA) == [0, 2] && both.map(\.rankB) == [2, 0])
    #expect(part.rows.count == 5)
    #expect(Comparison([], []).jaccard == 1)
  }

  /// Against the definition: the correlation of the two ranks among the common rows.
  @Test func rankAgreementIsSpearmansCorrelation() throws {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<50 {
      let a = random.sample(12, of: 20)
      let b = random.sample(15, of: 20)
      let common = a.filter(b.contains)
      guard common.count >= 2 else { continue }
      let x = common.indices.map(Double.init)
      let orderB = b.filter(common.contains)
      let y = common.map { row in Double(orderB.firstIndex(of: row) ?? 0) }
      let mean = Double(common.count - 1) / 2
      let covariance = zip(x, y).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) }
      let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      let found = try #require(Comparison(picks(a), picks(b)).rankCorrelation)
      #expect(abs(found - covariance / variance) < 1e-12)
    }
  }

  @Test func withoutTwoRunsTheScreenSaysWhatIsNeeded() {
    var stage = Stage.opened()
    stage.press(.character("5"))
    #expect(stage.text.contains("Two runs are needed"))
    stage = Stage.chosen()
    stage.press(.character("5"))
    #expect(stage.text.contains("One run is there"))
  }

  @Test func theLatestTwoRunsAreComparedAndGroupsAreChosen() {
    var stage = Stage.compared(width: 120, height: 40)
    #expect(stage.text.contains("A · run 1") && stage.text.contains("B · run 2"))
    #expect(stage.text.contains("Rows of either"))
    stage.press(.right)
    #expect(stage.text.contains("Only in A"))
    stage.press(.right)
    #expect(stage.text.contains("Only in B"))
    stage.press(.right)
    #expect(stage.text.contains("In both"))
    stage.press(.character("}"))
    #expect(stage.text.contains("There is no other run on that side."))
    stage.press(.character("{"))
    #expect(stage.text.contains("B · run 1"))
    stage.press(.character("5"), .character("]"))
    #expect(stage.text.contains("A · run 2"))
  }

  @Test func aRowIsReadPinnedAndGoneTo() {
    var stage = Stage.compared(width: 120, height: 40)
    stage.press(.down, .character("p"))
    let pinned = stage.model.setup.marks.pinned
    #expect(pinned.count == 1)
    stage.press(.enter)
    stage.answer()
    #expect(stage.model.screen == .data)
    #expect(stage.text.contains("Row \(pinned.first ?? -1) · s\(pinned.first ?? -1)"))
    stage.press(.escape)
    #expect(stage.model.screen == .compare)
  }
}
