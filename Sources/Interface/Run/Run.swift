import Domain

/// A run of this session: how far it is, and what it has chosen.
package struct Run: Sendable, Hashable {
  package enum State: Sendable, Hashable {
    case starting, running, cancelling
    case finished(seconds: PhaseSeconds)
    case cancelled
    case failed(ErrorReport)
  }

  /// Nil until the store has given it a number.
  package var id: RunID?
  package var specification: RunSpecification
  package var state = State.starting
  /// The latest of each phase that has begun, and the phase that was heard of last.
  package var phases: [Phase: Progress] = [:]
  package var latestPhase: Phase?
  package var picks: [Pick] = []
  /// How many picks it is to make.
  package var budget: Int
  /// A walk through the picks, while there is one.
  package var replay: Replay?
  /// Rows that it chooses from.
  package var candidates: Int
  /// What was chosen, once it has ended.
  package var selection: Selection?
  /// Content of the files that it reads, by role: the rows of its picks are found in files that have it.
  package var contents: [DatasetRole: ContentHash]
  /// What choosing every row would be worth; nil where that is not known.
  package var reachable: Double?
  /// Its number in the library, as `winnow runs` lists it.
  package var number: Int64?
  /// Whether it is held.
  package var isPaused = false

  package init(
    specification: RunSpecification, budget: Int, candidates: Int, contents: [DatasetRole: ContentHash]
  ) {
    self.specification = specification
    self.budget = budget
    self.candidates = candidates
    self.contents = contents
  }

  /// A run of the library.
  init(_ stored: StoredRun) {
    var contents: [DatasetRole: ContentHash] = [:]
    for role in DatasetRole.allCases { contents[role] = stored.contents[role.rawValue] }
    self.init(
      specification: stored.specification, budget: stored.selection.picks.count, candidates: stored.candidates,
      contents: contents)
    id = stored.id
    number = stored.number
    state = stored.selection.isPartial ? .cancelled : .finished(seconds: stored.seconds)
    selection = stored.selection
    picks = stored.selection.picks
    isStored = true
  }

  /// Whether it came from the library.
  package private(set) var isStored = false

  /// The pool that it chooses from.
  var pool: ContentHash? { contents[.pool] }
  /// The file whose rows its picks stand for: the pool, or the target set.
  var served: ContentHash? { contents[servedRole] }

  package var isGoingOn: Bool {
    switch state {
    case .starting, .running, .cancelling: true
    case .finished, .cancelled, .failed: false
    }
  }

  /// The phase that is at work. Phases need not come in one order: gradients are taken before embeddings and after.
  var currentPhase: Phase? { latestPhase }

  /// The phases to show: those that such a run has, and any other that has been seen.
  var shownPhases: [Phase] {
    let expected: Set<Phase> =
      specification.method == .influence
      ? specification.influence?.expectedPhases ?? []
      : specification.method.needsUtilities ? [.load, .score, .select] : [.load, .select]
    return Phase.allCases.filter { expected.contains($0) || phases[$0] != nil }
  }

  /// Digits after the point so that the column of gains lines up and the least of them still shows three digits, as far
  /// as there is room. Gains fall along a run: the first is the largest, the last the least.
  var gainDigits: Int {
    guard let first = picks.first?.gain, let last = picks.last(where: { $0.gain > 0 })?.gain else { return 3 }
    return max(0, min(2 - Format.magnitude(last), 4, 5 - Format.magnitude(first)))
  }

  /// Whether picks have scores by gradients.
  var isInfluence: Bool { specification.method == .influence }

  /// Whether picks have scores of their own, rather than gains of a submodular objective.
  var hasScores: Bool { isInfluence || specification.method.isRanking }

  /// Whether picks have weights of their own.
  var hasWeights: Bool { picks.contains { $0.weight != 1 } }

  /// Whether the method says what a pick adds: a random draw does not.
  var hasGains: Bool { picks.first.map { $0.gain != 0 } ?? specification.method.needsUtilities }

  /// Whose rows its picks stand for: the pool's, but for the objective that serves the target itself.
  var servedRole: DatasetRole {
    specification.method == .deliftTask && specification.objective == .flqmi ? .target : .pool
  }

  /// Sum of the gains, and so the objective's value for what was chosen so far.
  var objective: Double { selection?.objective ?? picks.reduce(0) { $0 + $1.gain } }

}

extension Method {
  /// The title without what every title of the family says.
  var shortTitle: String {
    title.hasSuffix(" tuning") ? String(title.dropLast(" tuning".count)) : title
  }
}
