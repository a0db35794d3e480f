import Domain
import Foundation

/// How the learning rate runs and in which order samples come.
package struct TrainingSchedule: Sendable, Hashable, Codable {
  package enum Decay: String, Sendable, Hashable, Codable, CaseIterable {
    case constant, cosine
  }

  package var peakRate: Float
  /// Steps over which the rate rises linearly to its peak.
  package var warmUpSteps: Int
  package var decay: Decay
  package var steps: Int
  /// Samples a step.
  package var batchSize: Int
  package var seed: UInt64

  package init(
    peakRate: Float, warmUpSteps: Int = 0, decay: Decay = .cosine, steps: Int, batchSize: Int, seed: UInt64 = 0
  ) {
    self.peakRate = peakRate
    self.warmUpSteps = warmUpSteps
    self.decay = decay
    self.steps = steps
    self.batchSize = batchSize
    self.seed = seed
  }

  /// The rate of step `step`, counted from 0; cosine falls to 0 at the end.
  package func rate(at step: Int) -> Float {
    if step < warmUpSteps { return peakRate * Float(step + 1) / Float(warmUpSteps) }
    switch decay {
    case .constant: return peakRate
    case .cosine:
      let share = Float(step - warmUpSteps) / Float(max(1, steps - warmUpSteps))
      return peakRate * (1 + cosf(.pi * min(1, share))) / 2
    }
  }

  /// Indices of the samples of a step out of `count`: one seeded shuffle an epoch, run through without gaps, so that a
  /// resumed run goes on where it stopped.
  package func batch(at step: Int, of count: Int) -> [Int] {
    precondition(count > 0)
    var epoch = -1
    var order: [Int] = []
    return (step * batchSize..<(step + 1) * batchSize).map { index in
      if index / count != epoch {
        epoch = index / count
        var chance = SeededGenerator(seed: seed &+ UInt64(epoch) &* 0x9E37_79B9_7F4A_7C15)
        order = chance.sample(count, of: count)
      }
      return order[index % count]
    }
  }
}
