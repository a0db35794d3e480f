import Domain
import Foundation

/// Differences of an arm to random, a value for each seed and test row, paired by both. Negative is better.
package struct PairedDifferences: Sendable {
  /// Of each cluster and seed the sum of its rows' differences.
  private let sums: [[Double]]
  /// Rows of each cluster.
  private let sizes: [Double]
  package let seeds: Int
  package let rows: Int

  /// - Parameters:
  ///   - values: [seeds][rows].
  ///   - clusters: of each row the number of its cluster, below the number of rows; rows of a cluster are drawn together.
  package init(_ values: [[Double]], clusters: [Int]) {
    seeds = values.count
    rows = clusters.count
    let count = (clusters.max() ?? -1) + 1
    var sums = [[Double]](repeating: [Double](repeating: 0, count: values.count), count: count)
    var sizes = [Double](repeating: 0, count: count)
    for (row, cluster) in clusters.enumerated() {
      sizes[cluster] += 1
      for seed in values.indices { sums[cluster][seed] += values[seed][row] }
    }
    self.sums = sums
    self.sizes = sizes
  }

  /// Labels as clusters where there are enough of them to tell how they differ, otherwise each row by itself.
  package static func clusters(of labels: [String?]) -> [Int] {
    var numbers: [String: Int] = [:]
    for case let label? in labels where numbers[label] == nil { numbers[label] = numbers.count }
    guard numbers.count >= 8, !labels.contains(where: { $0 == nil }) else { return Array(labels.indices) }
    return labels.map { $0.flatMap { numbers[$0] } ?? 0 }
  }

  /// The mean over seeds of each seed's mean over rows.
  package var mean: Double { seedMeans.reduce(0, +) / Double(max(1, seeds)) }

  package var seedMeans: [Double] {
    (0..<seeds).map { seed in sums.reduce(0) { $0 + $1[seed] } / Double(max(1, rows)) }
  }

  /// The part of the mean's variance that other seeds would change, and the part that other rows would, each with its degrees of
  /// freedom, and what both have of the same chance: crossed random effects of seeds and clusters.
  private var parts: (seeds: Double, rows: Double, both: Double) {
    let mean = mean
    let seedMeans = seedMeans
    let total = Double(max(1, rows))
    let (s, c) = (Double(seeds), Double(sizes.count))
    let ofSeeds = seeds < 2 ? 0 : seedMeans.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (s - 1) / s
    guard sizes.count > 1 else { return (ofSeeds, 0, 0) }
    var (ofRows, both) = (0.0, 0.0)
    for (cluster, size) in zip(sums, sizes) {
      let own = cluster.reduce(0, +) / (size * s)
      let weight = size / total
      ofRows += weight * weight * (own - mean) * (own - mean)
      guard seeds > 1 else { continue }
      for (seed, sum) in cluster.enumerated() {
        let rest = sum / size - own - seedMeans[seed] + mean
        both += weight * weight * rest * rest / (s - 1) / s
      }
    }
    return (ofSeeds, ofRows * c / (c - 1), both * c / (c - 1))
  }

  /// Standard error of the mean for other seeds and other rows, and its degrees of freedom (Satterthwaite, 1946).
  package var spread: (error: Double, degrees: Double) {
    let (ofSeeds, ofRows, both) = parts
    let variance = max(ofSeeds + ofRows - both, max(ofSeeds, ofRows))
    guard variance > 0 else { return (0, Double(max(1, seeds - 1))) }
    var below = 0.0
    if seeds > 1 { below += ofSeeds * ofSeeds / Double(seeds - 1) }
    if sizes.count > 1 { below += ofRows * ofRows / Double(sizes.count - 1) }
    let degrees = below > 0 ? variance * variance / below : 1
    return (variance.squareRoot(), max(1, degrees))
  }

  /// Two-sided p of no difference; 1 with one seed, which can tell nothing. The larger of two: of other seeds and rows, and of other
  /// seeds alone, whose spread few seeds may understate beside the rows'.
  package var p: Double {
    guard seeds > 1 else { return 1 }
    return tests.reduce(0) { found, test in
      max(found, test.error == 0 ? mean == 0 ? 1 : 0 : StudentT(degrees: test.degrees).twoSided(mean / test.error))
    }
  }

  /// The interval that misses the truth in a share of studies, for other seeds and other rows: the wider of the two that ``p`` looks at.
  package func interval(missing share: Double = 0.05) -> ClosedRange<Double> {
    guard seeds > 1 else { return -Double.infinity...Double.infinity }
    let half = tests.reduce(0) { half, test in
      max(half, test.error == 0 ? 0 : StudentT(degrees: test.degrees).quantile(1 - max(share, 1e-12) / 2) * test.error)
    }
    return mean - half...mean + half
  }

  private var tests: [(error: Double, degrees: Double)] {
    [spread, (parts.seeds.squareRoot(), Double(max(1, seeds - 1)))]
  }

  /// The 95 % t interval over seeds alone: what other seeds would give on these very rows.
  package var intervalOverSeeds: ClosedRange<Double> {
    guard seeds > 1 else { return -Double.infinity...Double.infinity }
    let half = StudentT(degrees: Double(seeds - 1)).quantile(0.975) * parts.seeds.squareRoot()
    return mean - half...mean + half
  }

  /// The 95 % percentile interval of a two-level bootstrap: seeds, then clusters of rows, drawn with replacement.
  package func bootstrap(draws: Int = 10_000, seed: UInt64 = 0) -> ClosedRange<Double> {
    guard seeds > 0, rows > 0 else { return 0...0 }
    var generator = SeededGenerator(seed: seed)
    var means: [Double] = []
    means.reserveCapacity(draws)
    var times = [Double](repeating: 0, count: seeds)
    for _ in 0..<draws {
      for seed in times.indices { times[seed] = 0 }
      for _ in 0..<seeds { times[generator.below(seeds)] += 1 }
      var (sum, count) = (0.0, 0.0)
      for _ in sizes.indices {
        let cluster = generator.below(sizes.count)
        for seed in 0..<seeds where times[seed] > 0 { sum += times[seed] * sums[cluster][seed] }
        count += sizes[cluster]
      }
      means.append(sum / (count * Double(seeds)))
    }
    means.sort()
    func share(_ share: Double) -> Double { means[min(draws - 1, max(0, Int((share * Double(draws)).rounded()) - 1))] }
    return share(0.025)...share(0.975)
  }

  /// The difference that a study of `seeds` seeds finds in four of five cases at 5 %, told from differences between two random
  /// draws, whose mean is 0.
  package func visibleDifference(seeds count: Int) -> Double {
    guard seeds > 0, count > 1 else { return .infinity }
    let ofSeeds = seedMeans.reduce(0) { $0 + $1 * $1 } / Double(seeds) / Double(count)
    let ofRows = parts.rows
    let variance = ofSeeds + ofRows
    guard variance > 0 else { return 0 }
    var below = ofSeeds * ofSeeds / Double(count - 1)
    if sizes.count > 1 { below += ofRows * ofRows / Double(sizes.count - 1) }
    let t = StudentT(degrees: max(1, variance * variance / below))
    return (t.quantile(0.975) + t.quantile(0.8)) * variance.squareRoot()
  }
}

/// Holm's procedure (1979): p-values that hold for all comparisons together, in their order.
package func holm(_ values: [Double]) -> [Double] {
  var adjusted = [Double](repeating: 1, count: values.count)
  var largest = 0.0
  for (place, number) in values.indices.sorted(by: { (values[$0], $0) < (values[$1], $1) }).enumerated() {
    largest = max(largest, min(1, Double(values.count - place) * values[number]))
    adjusted[number] = largest
  }
  return adjusted
}

/// What a difference says.
package enum Verdict: String, Sendable, Hashable, Codable {
  case better, worse
  case cannotTell = "can't tell"

  /// - Parameter adjusted: the p-value, adjusted for all comparisons.
  package init(difference: Double, adjusted: Double) {
    self = adjusted < 0.05 ? difference < 0 ? .better : .worse : .cannotTell
  }
}
