import Domain
import Numerics
import Scoring

/// Which pairs a run scores where it does not score all (Methods 5): for each query its nearest examples by words, and some
/// drawn at random beside them, so that what words do not show has a chance.
struct SparsePairing: Sendable {
  let settings: SparsePairs
  let seed: UInt64

  /// - Parameters:
  ///   - isWithin: queries and examples are one and the same rows: each is an example of itself too, and by far its best one.
  ///   - offset: of the examples among all of the run's, for the pairs that come out.
  ///   - salt: tells draws for different lists of examples apart.
  func lists(
    _ queries: [Sample], _ examples: [Sample], isWithin: Bool, offset: Int = 0, salt: UInt64 = 0, workers: Workers,
    cancellation: Cancellation
  ) throws -> [[Int]] {
    let index = WordIndex(examples.map(Self.text))
    var lists = [[Int]](repeating: [], count: queries.count)
    let block = 64
    try workers.fill(&lists, by: block, cancellation: cancellation) { rows, lists, _ in
      var scores = [Float](repeating: 0, count: examples.count)
      for (row, list) in zip(rows, lists.indices) {
        var chosen = index.nearest(
          to: Self.text(queries[row]), count: settings.neighbours, leavingOut: isWithin ? row : nil, scores: &scores)
        let missing = settings.neighbours - chosen.count
        if isWithin { chosen.append(row) }
        lists[list] = (chosen + drawn(missing, for: row, from: examples.count, beside: chosen, salt))
          .map { $0 + offset }
      }
    }
    return lists
  }

  /// Examples drawn uniformly from those that are not chosen yet, for neighbours that are missing too; the same for the same seed and
  /// row.
  private func drawn(_ missing: Int, for row: Int, from count: Int, beside chosen: [Int], _ salt: UInt64) -> [Int] {
    var generator = SeededGenerator(
      seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ salt &* 0xD1B5_4A32_D192_ED03 &+ UInt64(row))
    var taken = Set(chosen)
    var drawn: [Int] = []
    let wanted = min(settings.explore + missing, count - taken.count)
    while drawn.count < wanted {
      let example = generator.below(count)
      if taken.insert(example).inserted { drawn.append(example) }
    }
    return drawn
  }

  private static func text(_ sample: Sample) -> String {
    let parts = sample.query.instructionAndInput
    return "\(parts.instruction)\n\(parts.input)\n\(sample.response)"
  }
}
