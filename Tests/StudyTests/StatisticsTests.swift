import Domain
import Foundation
import Study
import Testing

/// Statistics against known distributions.
@Suite struct StatisticsTests {
  /// Quantiles of printed tables.
  @Test(arguments: [
    (1.0, 0.975, 12.7062), (2, 0.975, 4.30265), (4, 0.975, 2.77645), (7, 0.975, 2.36462), (9, 0.975, 2.26216),
    (30, 0.95, 1.69726), (7, 0.8, 0.896030), (2.5, 0.975, 3.57465), (1e7, 0.975, 1.95996),
  ])
  func quantilesAreThoseOfTheTables(degrees: Double, share: Double, expected: Double) {
    let t = StudentT(degrees: degrees)
    #expect(abs(t.quantile(share) - expected) < 1e-3 * expected)
    #expect(abs(t.cumulative(t.quantile(share)) - share) < 1e-10)
    #expect(abs(t.twoSided(t.quantile(share)) - 2 * (1 - share)) < 1e-10)
    #expect(t.quantile(1 - share) == -t.quantile(share))
  }

  @Test func holmIsItsDefinition() {
    #expect(holm([0.01, 0.04, 0.03, 0.005]).map { ($0 * 1000).rounded() / 1000 } == [0.03, 0.06, 0.06, 0.02])
    #expect(holm([0.9, 0.5]) == [1, 1] && holm([]) == [])
  }

  private struct Made {
    var generator: SeededGenerator

    mutating func normal() -> Double {
      (-2 * log(max(generator.unit(), 1e-300))).squareRoot() * cos(2 * .pi * generator.unit())
    }

    /// truth + seed + cluster + row + what is left.
    mutating func differences(
      truth: Double, seeds: Int, rows: Int, labels: Int, ofSeeds: Double, ofLabels: Double, ofRows: Double, rest: Double
    ) -> PairedDifferences {
      let labelled = (0..<rows).map { labels > 0 ? "\($0 % labels)" : nil }
      let effects = (0..<max(1, labels)).map { _ in ofLabels * normal() }
      let own = (0..<rows).map { row in (labels > 0 ? effects[row % labels] : 0) + ofRows * normal() }
      let values = (0..<seeds).map { _ in
        let seed = ofSeeds * normal()
        return own.map { truth + seed + $0 + rest * normal() }
      }
      return PairedDifferences(values, clusters: PairedDifferences.clusters(of: labelled))
    }
  }

  /// Where seeds differ, where rows do, where both do, with and without clusters: 1,000 made studies each.
  @Test(arguments: [
    (8, 60, 0, 1.0, 0.0, 1.0, 1.0), (8, 60, 0, 0.3, 0.0, 3.0, 1.0), (5, 60, 0, 1.0, 0.0, 0.5, 0.5),
    (5, 60, 12, 0.3, 1.0, 1.0, 0.5), (8, 60, 20, 0.2, 0.6, 0.3, 1.0), (3, 60, 0, 1.0, 0.0, 1.0, 1.0),
    (5, 60, 0, 0.0, 0.0, 1.0, 1.0),
  ])
  func intervalsCoverTheTruth(
    seeds: Int, rows: Int, labels: Int, ofSeeds: Double, ofLabels: Double, ofRows: Double, rest: Double
  ) {
    var made = Made(generator: SeededGenerator(seed: UInt64(seeds * 1000 + labels)))
    var covered = 0
    for _ in 0..<1000 {
      let found = made.differences(
        truth: 0.7, seeds: seeds, rows: rows, labels: labels, ofSeeds: ofSeeds, ofLabels: ofLabels, ofRows: ofRows,
        rest: rest)
      if found.interval().contains(0.7) { covered += 1 }
    }
    #expect((930...970).contains(covered), "\(covered)")
  }

  /// Why the verdict does not rest on percentiles: with few seeds they promise too much.
  @Test func percentilesOfFewSeedsCoverTooLittle() {
    var made = Made(generator: SeededGenerator(seed: 4))
    var covered = 0
    for study in 0..<300 {
      let found = made.differences(
        truth: 0, seeds: 4, rows: 40, labels: 0, ofSeeds: 1, ofLabels: 0, ofRows: 0.2, rest: 0.2)
      if found.bootstrap(draws: 400, seed: UInt64(study)).contains(0) { covered += 1 }
    }
    #expect(covered < 279 && covered > 220, "\(covered)")
  }

  @Test func withManySeedsAndRowsAllIntervalsAgree() {
    var made = Made(generator: SeededGenerator(seed: 6))
    let found = made.differences(
      truth: 0, seeds: 60, rows: 300, labels: 0, ofSeeds: 1, ofLabels: 0, ofRows: 0.1, rest: 0.1)
    let (whole, seeds, drawn) = (found.interval(), found.intervalOverSeeds, found.bootstrap(seed: 1))
    for other in [seeds, drawn] {
      #expect(abs(whole.lowerBound - other.lowerBound) < 0.03 && abs(whole.upperBound - other.upperBound) < 0.03)
    }
    #expect(found.bootstrap(seed: 1) == drawn)
  }

  /// Six arms that are all like random: in 95 % of studies not one of them is called anything else.
  @Test func identicalArmsCannotBeTold() {
    var made = Made(generator: SeededGenerator(seed: 11))
    var quiet = 0
    for _ in 0..<1000 {
      let arms = (0..<6).map { _ in
        made.differences(truth: 0, seeds: 8, rows: 40, labels: 0, ofSeeds: 0.5, ofLabels: 0, ofRows: 0.7, rest: 0.5)
      }
      let adjusted = holm(arms.map(\.p))
      if zip(arms, adjusted).allSatisfy({ Verdict(difference: $0.mean, adjusted: $1) == .cannotTell }) { quiet += 1 }
    }
    // 950 less two standard errors of a thousand studies.
    #expect(quiet >= 936, "\(quiet)")
    // The very same losses are no difference at all.
    let same = PairedDifferences([[0, 0, 0], [0, 0, 0]], clusters: [0, 1, 2])
    #expect(same.p == 1 && same.interval() == 0...0)
    let one = PairedDifferences([[-1, -1, -1]], clusters: [0, 1, 2])
    #expect(one.p == 1 && Verdict(difference: one.mean, adjusted: one.p) == .cannotTell)
  }

  /// What a pilot of many seeds says can be seen, is seen in four of five studies.
  @Test func aPlantedArmIsFoundAtTheAnnouncedPower() {
    var made = Made(generator: SeededGenerator(seed: 21))
    func studies(_ truth: Double, seeds: Int) -> PairedDifferences {
      made.differences(truth: truth, seeds: seeds, rows: 50, labels: 0, ofSeeds: 0.5, ofLabels: 0, ofRows: 1, rest: 0.3)
    }
    // The rows' part is told from one draw of rows: many pilots, so that their mean is what is announced.
    let pilots = (0..<60).map { _ in studies(0, seeds: 40).visibleDifference(seeds: 8) }
    let announced = pilots.reduce(0, +) / 60
    let found = (0..<500).count { _ in
      let study = studies(-announced, seeds: 8)
      return Verdict(difference: study.mean, adjusted: study.p) == .better
    }
    #expect((365...445).contains(found), "\(found)")
  }
}
