import Domain

/// Rows of a file that were decoded lately. Holds what is on the screen and its neighbourhood, never the whole file:
/// two generations, of which the older goes when the younger is full.
package struct RowCache: Sendable, Hashable {
  package static let mostRows = 2048
  package static let mostBytes = 8_000_000
  /// Gaps between wanted rows that are not worth a request of their own.
  static let smallGap = 8

  private var young: [Int: RowContent] = [:]
  private var old: [Int: RowContent] = [:]
  private var youngBytes = 0
  /// Rows that were asked for and have not come.
  private var pending: [Range<Int>] = []

  package init() {}

  package subscript(row: Int) -> RowContent? { young[row] ?? old[row] }

  package var count: Int { young.count + old.count }

  /// What must be asked for so that `visible` can be shown, of a file of `rows`; a page on either side comes along, so
  /// that the next steps find their rows there. Marks it as asked for.
  package mutating func want(_ visible: Range<Int>, of rows: Int) -> [Range<Int>] {
    let visible = visible.clamped(to: 0..<max(0, rows))
    guard !visible.isEmpty else { return [] }
    keep(visible)
    let page = min(visible.count, 128)
    let near = max(0, visible.lowerBound - page / 2)..<min(rows, visible.upperBound + page / 2)
    guard near.contains(where: { !isKnown($0) }) else { return [] }
    let wide = max(0, visible.lowerBound - page)..<min(rows, visible.upperBound + page)
    return ask(for: wide.filter { !isKnown($0) })
  }

  /// What must be asked for so that some scattered rows can be shown.
  package mutating func want(_ scattered: [Int], of rows: Int) -> [Range<Int>] {
    let inside = scattered.filter { $0 >= 0 && $0 < rows }
    keep(inside)
    return ask(for: inside.filter { !isKnown($0) }.sorted())
  }

  package mutating func receive(_ content: [RowContent], from first: Int) {
    let range = first..<first + content.count
    pending = pending.flatMap { waiting -> [Range<Int>] in
      guard waiting.overlaps(range) || range.isEmpty && waiting.contains(first) else { return [waiting] }
      if range.isEmpty { return [] }
      let before = waiting.lowerBound..<max(waiting.lowerBound, min(range.lowerBound, waiting.upperBound))
      let after = min(waiting.upperBound, max(range.upperBound, waiting.lowerBound))..<waiting.upperBound
      return [before, after].filter { !$0.isEmpty }
    }
    for (offset, row) in content.enumerated() { insert(row, at: first + offset) }
  }

  private func isKnown(_ row: Int) -> Bool { self[row] != nil || pending.contains { $0.contains(row) } }

  /// Brings rows into the younger generation, so that what is on the screen outlives the change of generations.
  private mutating func keep(_ rows: some Sequence<Int>) {
    for row in rows {
      if young[row] == nil, let content = old[row] { insert(content, at: row) }
    }
  }

  private mutating func insert(_ content: RowContent, at row: Int) {
    if young.count >= Self.mostRows || youngBytes >= Self.mostBytes {
      old = young
      young = [:]
      youngBytes = 0
    }
    young[row] = content
    youngBytes += content.approximateBytes
  }

  private mutating func ask(for rows: [Int]) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    for row in rows {
      if let last = ranges.last, row < last.upperBound + Self.smallGap, row >= last.lowerBound {
        ranges[ranges.count - 1] = last.lowerBound..<max(last.upperBound, row + 1)
      } else {
        ranges.append(row..<row + 1)
      }
    }
    pending += ranges
    return ranges
  }
}

extension RowContent {
  var sample: Sample? {
    if case .sample(let sample) = self { return sample }
    return nil
  }

  fileprivate var approximateBytes: Int {
    guard case .sample(let sample) = self else { return 200 }
    let parts = sample.query.instructionAndInput
    return 200 + parts.instruction.utf8.count + parts.input.utf8.count + sample.response.utf8.count
  }
}
