/// Byte-pair encoding (Sennrich et al., 2016) over token ids: symbols start as single bytes or characters, and the adjacent
/// pair of lowest rank is merged until none is left; among equal ranks the leftmost.
struct BytePairEncoding: Sendable {
  /// How the symbols of a word begin.
  enum Alphabet: Sendable {
    /// Token of each byte; -1 where the vocabulary has none.
    case bytes([Int32])
    /// Token of each character; for others the tokens of their bytes (`<0x0A>`) if the vocabulary has all of them and
    /// `fallback` is on, else the unknown token (runs of it made one if `fusing`).
    case characters([UInt32: Int32], fallback: [Int32]?, unknown: Int32?, fusing: Bool)
  }

  private struct Merge: Sendable {
    var rank: UInt32
    var token: Int32
  }

  private let alphabet: Alphabet
  /// By the pair's two tokens, left in the upper half.
  private let merges: [UInt64: Merge]
  /// Words that are tokens as they are, for vocabularies that look before they merge (`ignore_merges`).
  private let wholeWords: [[UInt8]: Int32]?

  init(alphabet: Alphabet, merges list: [(left: Int32, right: Int32, merged: Int32)], wholeWords: [[UInt8]: Int32]?) {
    self.alphabet = alphabet
    self.wholeWords = wholeWords
    var merges: [UInt64: Merge] = [:]
    merges.reserveCapacity(list.count)
    for (rank, merge) in list.enumerated() {
      merges[Self.key(merge.left, merge.right)] = Merge(rank: UInt32(rank), token: merge.merged)
    }
    self.merges = merges
  }

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  /// Appends the tokens of one word.
  func encode(_ word: ArraySlice<UInt8>, into tokens: inout [Int32]) {
    if let wholeWords, let token = wholeWords[Array(word)] {
      tokens.append(token)
      return
    }
    let symbols = self.symbols(of: word)
    if symbols.count < 2 {
      tokens += symbols
    } else {
      merge(symbols, into: &tokens)
    }
  }

  private func symbols(of word: ArraySlice<UInt8>) -> [Int32] {
    switch alphabet {
    case .bytes(let table):
      return word.compactMap { table[Int($0)] >= 0 ? table[Int($0)] : nil }
    case .characters(let table, let fallback, let unknown, let fusing):
      var symbols: [Int32] = []
      symbols.reserveCapacity(word.count)
      var pending = false  // an unknown token that waits for another to fuse with
      for scalar in String(decoding: word, as: UTF8.self).unicodeScalars {
        if let token = table[scalar.value] {
          if pending, let unknown { symbols.append(unknown) }
          pending = false
          symbols.append(token)
        } else if let fallback, UTF8.encode(scalar)?.allSatisfy({ fallback[Int($0)] >= 0 }) == true {
          // As in the tokenizers library, a waiting unknown token is not flushed here.
          symbols += UTF8.encode(scalar)?.map { fallback[Int($0)] } ?? []
        } else if let unknown {
          if pending, !fusing { symbols.append(unknown) }
          pending = true
        }
      }
      if pending, let unknown { symbols.append(unknown) }
      return symbols
    }
  }

  /// Merges with a heap of candidates over a linked list of symbols: O(n log n) in a word's length, since a
  /// SentencePiece-style word is a whole text.
  private func merge(_ symbols: [Int32], into tokens: inout [Int32]) {
    var symbols = symbols  // -1 once merged into its left neighbour
    var next = (1...symbols.count).map { Int32($0) }
    var previous = (-1..<symbols.count - 1).map { Int32($0) }
    var queue = CandidateHeap()

    func offer(_ left: Int, _ right: Int) {
      if let merge = merges[Self.key(symbols[left], symbols[right])] {
        queue.push(Candidate(order: UInt64(merge.rank) << 32 | UInt64(left), token: merge.token))
      }
    }
    for left in 0..<symbols.count - 1 { offer(left, left + 1) }
    while let candidate = queue.pop() {
      let left = Int(candidate.order & 0xFFFF_FFFF)
      let right = Int(next[left])
      // A candidate is stale if its symbols have gone, or now form another pair.
      guard symbols[left] >= 0, right < symbols.count,
        merges[Self.key(symbols[left], symbols[right])]?.token == candidate.token
      else { continue }
      symbols[left] = candidate.token
      symbols[right] = -1
      next[left] = next[right]
      let following = Int(next[left])
      if following < symbols.count {
        previous[following] = Int32(left)
        offer(left, following)
      }
      if previous[left] >= 0 { offer(Int(previous[left]), left) }
    }
    for symbol in symbols where symbol >= 0 { tokens.append(symbol) }
  }
}

/// A merge that may be made: rank and left position in one word, so that the order is that of ranks, then positions.
private struct Candidate {
  var order: UInt64
  var token: Int32
}

/// A binary min-heap of candidates.
private struct CandidateHeap {
  private var items: [Candidate] = []

  mutating func push(_ item: Candidate) {
    items.append(item)
    var child = items.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard items[child].order < items[parent].order else { break }
      items.swapAt(child, parent)
      child = parent
    }
  }

  mutating func pop() -> Candidate? {
    guard let top = items.first, let last = items.popLast() else { return nil }
    if items.isEmpty { return top }
    items[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < items.count && items[child].order < items[least].order
      {
        least = child
      }
      if least == parent { return top }
      items.swapAt(parent, least)
      parent = least
    }
  }
}
