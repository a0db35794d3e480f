import Domain
import Numerics

/// Turns of several targets at taking their best sample that is left: targets in a fresh random order each round (arXiv 2505.19051,
/// the authors' code; Methods 2.6).
package struct RoundRobin: Sendable {
  /// A sample taken, by whom, and its score for that target.
  package struct Turn: Sendable, Hashable {
    package var sample: SampleNumber
    package var target: Int
    package var score: Double
  }

  /// For each target, all samples by falling score; the lowest index first among equals.
  private let ranking: [[Int32]]
  private let scores: DoubleMatrix  // [samples, targets]

  package init(scores: DoubleMatrix, workers: Workers = Workers()) {
    self.scores = scores
    var ranking = [[Int32]](repeating: [], count: scores.columns)
    workers.fill(&ranking) { target, ranking, _ in
      let column = scores.column(target.lowerBound)
      ranking[0] = (0..<Int32(column.count)).sorted {
        let (left, right) = (column[Int($0)], column[Int($1)])
        return left == right ? $0 < $1 : left > right
      }
    }
    self.ranking = ranking
  }

  /// Takes `count` samples, those of `taken` (pinned or banned ones) left out. `order` gives the targets' order in a round; a target
  /// may come in a round more than once, or not at all.
  package func turns(count: Int, taken: Set<SampleNumber> = [], order: (_ round: Int) -> [Int]) -> [Turn] {
    var isTaken = [Bool](repeating: false, count: scores.rows)
    for sample in taken { isTaken[sample.value] = true }
    var next = [Int](repeating: 0, count: scores.columns)
    var turns: [Turn] = []
    let room = min(count, scores.rows - taken.count)
    var round = 0
    while turns.count < room {
      for target in order(round) where turns.count < room {
        while isTaken[Int(ranking[target][next[target]])] { next[target] += 1 }
        let sample = Int(ranking[target][next[target]])
        isTaken[sample] = true
        turns.append(Turn(sample: SampleNumber(sample), target: target, score: scores[sample, target]))
      }
      round += 1
    }
    return turns
  }

  /// The seeded order of a round.
  package static func order(targets: Int, round: Int, seed: UInt64) -> [Int] {
    var chance = SeededGenerator(seed: seed &+ UInt64(round) &* 0x9E37_79B9_7F4A_7C15)
    return chance.sample(targets, of: targets)
  }
}
