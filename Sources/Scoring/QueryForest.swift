import Transformer

/// Queries merged into a trie, so that opening words that several of them share (one instruction, many inputs) go
/// through the model once behind each example.
struct QueryForest: Sendable {
  /// A query's tokens, and which of them are asked for.
  struct Entry: Sendable {
    /// Every token that the model reads or predicts: prompt, E, response, E.
    var tokens: [Int32]
    /// Places of those that carry the loss, ascending and above 0.
    var losses: [Int]

    /// Tokens that the model reads: the last one is predicted only.
    var inputCount: Int { tokens.count - 1 }
  }

  /// What the model runs.
  private(set) var batch = TokenBatch()
  /// For each entry, in the order given: where its log-probabilities stand among the batch's.
  private(set) var targets: [Range<Int>] = []

  /// A branch that saves fewer tokens than this is not worth a segment of its own.
  private static let leastShared = 4

  /// Builds the batch of `entries`, which must be in lexicographic order of the tokens that are read (all but the last).
  init(entries: [Entry]) {
    var paths = [[Place]](repeating: [], count: entries.count)
    grow(entries, entries.indices, depth: 0, parent: nil, &paths)
    var asked = 0
    for (entry, path) in zip(entries, paths) {
      ask(entry, path)
      targets.append(asked..<asked + entry.losses.count)
      asked += entry.losses.count
    }
  }

  /// A segment on the way from the root to an entry's end, and the entry's token at which it starts.
  private struct Place {
    var segment: Int
    var start: Int
  }

  // Places the entries of `range`, whose first `depth` tokens stand already, behind `parent`.
  private mutating func grow(
    _ entries: [Entry], _ range: Range<Int>, depth: Int, parent: Int?, _ paths: inout [[Place]]
  ) {
    var first = range.lowerBound
    while first < range.upperBound {
      var end = first + 1
      var shared = entries[first].inputCount
      while end < range.upperBound {
        let common = Self.sharedInput(entries[end - 1], entries[end], from: depth)
        if common < depth + Self.leastShared && common < entries[end].inputCount { break }
        shared = min(shared, common)
        end += 1
      }
      var leaf = parent
      if shared > depth {
        let segment = batch.append(entries[first].tokens[depth..<shared], after: parent)
        for entry in first..<end { paths[entry].append(Place(segment: segment, start: depth)) }
        leaf = segment
      }
      if end - first > 1 {
        // Those that end here need nothing more; lexicographic order puts them first.
        let longer = (first..<end).first { entries[$0].inputCount > shared } ?? end
        if longer < end { grow(entries, longer..<end, depth: shared, parent: leaf, &paths) }
      }
      first = end
    }
  }

  private mutating func ask(_ entry: Entry, _ path: [Place]) {
    var index = 0
    for position in entry.losses.lazy.map({ $0 - 1 }) {
      while index + 1 < path.count, path[index + 1].start <= position { index += 1 }
      batch.target(
        segment: path[index].segment, offset: position - path[index].start, token: entry.tokens[position + 1])
    }
  }

  /// How many input tokens two entries share at their start, given that `from` of them are known to be shared.
  static func sharedInput(_ a: Entry, _ b: Entry, from: Int = 0) -> Int {
    let limit = min(a.inputCount, b.inputCount)
    var count = from
    while count < limit, a.tokens[count] == b.tokens[count] { count += 1 }
    return count
  }
}
