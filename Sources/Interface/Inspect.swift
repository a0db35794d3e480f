import Domain

/// What the Inspect screen looks at.
public struct InspectState: Sendable, Hashable {
  /// Place of the run among the session's runs; nil before the first.
  public var run: Int?
  public var list = ListState()
  public var textTop = 0
  public var represented = ListState()
  /// Why rows were chosen, by rank, as far as it was asked for.
  public var explanations: [Int: PickExplanation] = [:]
  public var failures: [Int: ErrorReport] = [:]
  /// The rank that was asked about and is not answered yet.
  public var pending: Int?

  static let mostExplanations = 64

  public init() {}
}

extension Model {
  var inspectedRun: Run? { inspect.run.flatMap { runs.indices.contains($0) ? runs[$0] : nil } }

  var inspectedPick: Pick? {
    guard let run = inspectedRun, run.picks.indices.contains(inspect.list.cursor) else { return nil }
    return run.picks[inspect.list.cursor]
  }

  var explanation: PickExplanation? { inspectedPick.flatMap { inspect.explanations[$0.rank] } }

  var representedUnderCursor: PickExplanation.Represented? {
    guard let rows = explanation?.represents, rows.indices.contains(inspect.represented.cursor) else { return nil }
    return rows[inspect.represented.cursor]
  }

  /// The row of a pool by its place, if it is at hand and the pool is still the one that is open.
  func poolRow(_ index: Int, of key: DatasetKey?) -> RowContent? {
    guard let pool = files[.pool]?.opened, pool.key == key else { return nil }
    return pool.cache[index]
  }

  /// A row that a pick of the inspected run stands for, if it is at hand.
  func servedRow(_ index: Int) -> RowContent? {
    guard let run = inspectedRun, let file = files[run.servedRole]?.opened, file.key == run.served else { return nil }
    return file.cache[index]
  }

  /// The row that actions like copy and pin are about.
  var rowUnderCursor: Int? {
    switch screen {
    case .data:
      return shownFile?.rowUnderCursor
    case .inspect:
      if focusedPanel == .reasons, let row = representedUnderCursor { return row.index }
      return inspectedPick?.index
    case .compare: return comparedRow?.index
    case .run: return nil
    }
  }

  /// Looks at another run, from its first pick.
  mutating func inspect(run place: Int) {
    guard runs.indices.contains(place) else { return }
    let pending = inspect.pending
    inspect = InspectState()
    inspect.run = place
    // An answer that is still under way belongs to the other run and will be passed over when it comes.
    inspect.pending = pending
  }
}
