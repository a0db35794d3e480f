/// Token segments packed one behind the other, without padding, as a forest.
///
/// A segment may continue an earlier one of the batch, its parent. A token attends to the prefix it is run after, to all of
/// its ancestor segments whole, and causally within its own segment; its position is the number of tokens it so sees
/// before itself. Sequences that share their opening words thus share the work on them.
package struct TokenBatch: Sendable, Hashable {
  struct Segment: Sendable, Hashable {
    var parent: Int?
    /// Row of the first token in the batch.
    var start: Int
    var count: Int
    /// Tokens between the prefix and the first token.
    var depth: Int
  }

  /// What is asked for at a row: the probability of `token` after all that the row sees, itself included.
  struct Target: Sendable, Hashable {
    var row: Int
    var token: Int32
  }

  private(set) var tokens: [Int32] = []
  /// For each token, the number of tokens between the prefix and it.
  private(set) var depths: [Int32] = []
  private(set) var segments: [Segment] = []
  private(set) var targets: [Target] = []
  /// Segments from a root to the one appended last: the only ones that may be parents of the next.
  private var path: [Int] = []

  package init() {}

  /// Tokens in the batch.
  package var count: Int { tokens.count }
  package var targetCount: Int { targets.count }

  /// Positions that the batch takes behind its prefix: the longest path's length.
  package private(set) var length = 0

  /// Adds a segment behind `parent`, or directly behind the prefix, and returns its number.
  ///
  /// Segments come in depth-first order: `parent` is the segment appended last or one of its ancestors. Token ids must be
  /// in `0..<vocabularySize`.
  @discardableResult
  package mutating func append(_ segment: some Collection<Int32>, after parent: Int? = nil) -> Int {
    if let parent {
      while let last = path.last, last != parent { path.removeLast() }
      precondition(!path.isEmpty, "segments come in depth-first order")
    } else {
      path.removeAll()
    }
    let depth = parent.map { segments[$0].depth + segments[$0].count } ?? 0
    segments.append(Segment(parent: parent, start: tokens.count, count: segment.count, depth: depth))
    for (offset, token) in segment.enumerated() {
      tokens.append(token)
      depths.append(Int32(depth + offset))
    }
    length = max(length, depth + segment.count)
    path.append(segments.count - 1)
    return segments.count - 1
  }

  /// Asks for log P(`token` | prefix, ancestors, and the segment up to and including the token at `offset`).
  package mutating func target(segment: Int, offset: Int, token: Int32) {
    precondition(offset >= 0 && offset < segments[segment].count, "a target stands on a token of its segment")
    targets.append(Target(row: segments[segment].start + offset, token: token))
  }
}
