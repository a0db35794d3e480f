import Domain
import Interface
import Screen
import Testing

@Suite struct CompareTests {
  private func picks(_ rows: [Int]) -> [Pick] {
    rows.enumerated().map { Pick(rank: Rank($0.offset), row: RowIndex($0.element), gain: 1) }
  }

  private func rows(_ comparison: Comparison, _ group: Comparison.Group) -> [Comparison.Row] {
    comparison.positions(of: group).map { comparison[$0] }
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
    #expect(rows(part, .only(0)).map(\.index) == [2, 4])
    #expect(rows(part, .only(1)).map(\.index) == [7])
    let both = rows(part, .shared)
    #expect(both.map(\.index) == [1, 3] && both.map(\.ranks) == [[0, 2], [2, 0]])
    #expect(part.count == 5)
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

  /// Each two of several, against the two alone; and rows against sets.
  @Test func severalSelectionsAreComparedAsEachTwoAreAlone() {
    var random = SeededGenerator(seed: 9)
    for turn in 0..<40 {
      // Rows that are far apart too, as a damaged file of runs may have them.
      let factor = turn % 4 == 0 ? 1 << 40 : 1
      let all = (0..<4).map { _ in picks(random.sample(1 + random.below(30), of: 40).map { $0 * factor }) }
      let several = Comparison(all)
      for a in 0..<4 {
        for b in 0..<4 where a != b {
          let alone = Comparison(all[a], all[b])
          #expect(several.pairs[a][b] == alone.pairs[0][1] || a > b && several.pairs[a][b] == several.pairs[b][a])
        }
      }
      let sets = all.map { Set($0.map(\.row)) }
      #expect(Set(rows(several, .all).map(\.index)) == sets.reduce([]) { $0.union($1) })
      #expect(rows(several, .shared).count == sets.dropFirst().reduce(sets[0]) { $0.intersection($1) }.count)
      for one in 0..<4 {
        let others = sets.indices.filter { $0 != one }.reduce(Set<RowIndex>()) { $0.union(sets[$1]) }
        #expect(Set(rows(several, .only(one)).map(\.index)) == sets[one].subtracting(others))
      }
    }
    let odd = [Pick(rank: 0, row: -4, gain: 1), Pick(rank: 1, row: 3, gain: 1), Pick(rank: 2, row: 3, gain: 1)]
    #expect(rows(Comparison(odd, odd), .all).map(\.index) == [3] && Comparison(odd, odd).jaccard == 1)
  }

  @Test func upToFourRunsStandSideBySide() {
    var stage = Stage.compared(width: 120, height: 40)
    stage.press(.character("+"))
    #expect(stage.text.contains("All runs that have ended are compared."))
    stage.run(9, seed: 6, stride: 31)
    stage.run(10, seed: 7, stride: 13)
    stage.press(.character("5"))
    #expect(!stage.text.contains("in C"))
    stage.press(.character("+"))
    #expect(stage.text.contains("in C") && !stage.text.contains("in D") && stage.text.contains("Rows of any"))
    stage.press(.character("+"), .character("+"))
    stage.answer()
    #expect(stage.text.contains("in D") && stage.text.contains("Four runs are as many as are compared."))
    stage.press(.right, .right, .right)
    #expect(stage.text.contains("Only in C"))
    stage.press(.right, .right)
    #expect(stage.text.contains("In all"))
    var seen: [String] = []
    for _ in 0..<5 {
      seen.append(stage.text)
      stage.press(.character("v"))
    }
    let all = seen.joined()
    for title in [
      "Value at a shared budget", "Overlap of each two", "Labels", "Lengths", "Objectives on each other's rows",
    ] {
      #expect(all.contains(title), "\(title)")
    }
    // The cursor among the runs: another one on its line, Enter reads it, and it is taken off.
    stage.press(.backTab)
    while stage.model.contexts.first != .compare || !stage.text.contains("‹ run ›") { stage.press(.backTab) }
    stage.press(.down, .down)
    let before = stage.text
    stage.press(.left)
    #expect(stage.text != before)
    stage.press(.character("-"))
    #expect(!stage.text.contains("in D") && stage.text.contains("in C"))
    stage.press(.character("-"), .character("-"))
    #expect(stage.text.contains("Two runs are as few as can be compared."))
    stage.press(.enter)
    #expect(stage.model.screen == .inspect)
  }

  @Test func aTableOfSeveralRunsHasAColumnForEach() throws {
    var stage = Stage.compared(width: 120, height: 40)
    stage.run(9, seed: 6, stride: 31)
    stage.press(.character("5"), .character("+"))
    stage.answer()
    _ = stage.takeEffects()
    stage.press(.character("e"), .enter)
    guard case .writeText(_, let text, _)? = stage.takeEffects().last else {
      Issue.record("nothing was written")
      return
    }
    #expect(text.hasPrefix("|  | A | B | C |\n"))
    let lines = text.split(separator: "\n")
    #expect(lines.allSatisfy { $0.split(separator: "|", omittingEmptySubsequences: false).count == 6 })
    for name in ["overlap with A (Jaccard)", "rank agreement with C (Spearman)", "objective of C", "label: arithmetic"]
    {
      #expect(lines.contains { $0.hasPrefix("| \(name) |") }, "\(name)")
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
    #expect(stage.text.contains("A  run 1") && stage.text.contains("B  run 2"))
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
    #expect(stage.text.contains("B  run 1"))
    stage.press(.character("5"), .character("]"))
    #expect(stage.text.contains("A  run 2"))
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
