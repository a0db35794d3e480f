import Domain

/// Rows of a file that were decoded lately. Holds what is on the screen and its neighbourhood, never the whole file:
/// two generations, of which the older goes when the younger is full.
package struct RowCache: Sendable, Hashable {
  package static let mostRows = 2048
  package static let mostBytes = 8_000_000
  /// Gaps between wanted rows that are not worth a request of their own.
  static let smallGap = 8

  private var young: [RowIndex: RowContent] = [:]
  private var old: [RowIndex: RowContent] = [:]
  private var youngBytes = 0
  /// Rows that were asked for and have not come.
  private var pending: [Range<RowIndex>] = []

  package init() {}

  package subscript(row: RowIndex) -> RowContent? { young[row] ?? old[row] }

  package var count: Int { young.count + old.count }

  /// What must be asked for so that `visible` can be shown, of a file of `rows`; a page on either side comes along, so
  /// that the next steps find their rows there. Marks it as asked for.
  package mutating func want(_ visible: Range<RowIndex>, of rows: Int) -> [Range<RowIndex>] {
    let visible = visible.clamped(to: 0..<RowIndex(max(0, rows)))
    guard !visible.isEmpty else { return [] }
    keep(visible)
    let page = min(visible.count, 128)
    let near = visible.widened(by: page / 2, of: rows)
    guard near.contains(where: { !isKnown($0) }) else { return [] }
    return ask(for: visible.widened(by: page, of: rows).filter { !isKnown($0) })
  }

  /// What must be asked for so that some scattered rows can be shown.
  package mutating func want(_ scattered: [RowIndex], of rows: Int) -> [Range<RowIndex>] {
    let inside = scattered.filter { $0 >= 0 && $0.value < rows }
    keep(inside)
    return ask(for: inside.filter { !isKnown($0) }.sorted())
  }

  package mutating func receive(_ content: [RowContent], from first: RowIndex) {
    let range = first..<first.advanced(by: content.count)
    pending = pending.flatMap { waiting -> [Range<RowIndex>] in
      guard waiting.overlaps(range) || range.isEmpty && waiting.contains(first) else { return [waiting] }
      if range.isEmpty { return [] }
      let before = waiting.lowerBound..<max(waiting.lowerBound, min(range.lowerBound, waiting.upperBound))
      let after = min(waiting.upperBound, max(range.upperBound, waiting.lowerBound))..<waiting.upperBound
      return [before, after].filter { !$0.isEmpty }
    }
    for (offset, row) in content.enumerated() { insert(row, at: first.advanced(by: offset)) }
  }

  private func isKnown(_ row: RowIndex) -> Bool { self[row] != nil || pending.contains { $0.contains(row) } }

  /// Brings rows into the younger generation, so that what is on the screen outlives the change of generations.
  private mutating func keep(_ rows: some Sequence<RowIndex>) {
    for row in rows {
      if young[row] == nil, let content = old[row] { insert(content, at: row) }
    }
  }

  private mutating func insert(_ content: RowContent, at row: RowIndex) {
    if young.count >= Self.mostRows || youngBytes >= Self.mostBytes {
      old = young
      young = [:]
      youngBytes = 0
    }
    young[row] = content
    youngBytes += content.approximateBytes
  }

  private mutating func ask(for rows: [RowIndex]) -> [Range<RowIndex>] {
    var ranges: [Range<RowIndex>] = []
    for row in rows {
      if let last = ranges.last, row < last.upperBound.advanced(by: Self.smallGap), row >= last.lowerBound {
        ranges[ranges.count - 1] = last.lowerBound..<max(last.upperBound, row.advanced(by: 1))
      } else {
        ranges.append(row..<row.advanced(by: 1))
      }
    }
    pending += ranges
    return ranges
  }
}

extension Range<RowIndex> {
  /// With so many more rows on either side, of a file of `rows`.
  fileprivate func widened(by count: Int, of rows: Int) -> Self {
    Swift.max(0, lowerBound.advanced(by: -count))..<Swift.min(RowIndex(rows), upperBound.advanced(by: count))
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
