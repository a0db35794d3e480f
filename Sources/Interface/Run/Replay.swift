import Domain

/// A walk through the picks of a run that has ended, as if they were taken again.
package struct Replay: Sendable, Hashable {
  /// Picks that are shown.
  package var position: Int
  package var isPlaying: Bool
  /// Picks a second.
  package var speed: Double
  /// The part of a pick that time has brought and that does not show yet.
  var remainder = 0.0

  static let speeds: [Double] = [1, 2, 5, 10, 25, 50, 100, 1000, 10_000]

  /// From a pick on, at a speed that takes about ten seconds for all.
  init(of picks: Int, at position: Int) {
    self.position = position
    isPlaying = true
    speed = Self.speeds.first { $0 * 10 >= Double(picks) } ?? 10_000
  }

  mutating func advance(by seconds: Double, of picks: Int) {
    guard isPlaying, seconds > 0, seconds < 10 else { return }
    remainder += seconds * speed
    let whole = Int(remainder)
    remainder -= Double(whole)
    position = min(picks, position + whole)
    if position == picks { isPlaying = false }
  }

  mutating func step(by steps: Int, of picks: Int) {
    isPlaying = false
    position = max(0, min(picks, position + steps))
  }

  mutating func change(speed steps: Int) {
    let index = Self.speeds.firstIndex { $0 >= speed } ?? 0
    speed = Self.speeds[max(0, min(Self.speeds.count - 1, index + steps))]
  }
}

extension Run {
  /// The picks that are shown: all, or as many as a replay has come to.
  var shownPicks: ArraySlice<Pick> {
    replay.map { picks.prefix($0.position) } ?? picks[...]
  }
}
