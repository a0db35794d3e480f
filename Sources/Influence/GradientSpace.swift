import Domain
import Transformer

/// The parameters that influence is measured by, as one row of numbers: all, those whose names fit a filter, or a seeded random
/// part of these (Methods 2.6).
package struct GradientSpace: Sendable, Hashable {
  /// Places in flat vectors of all parameters, ascending and apart; nil for all of them.
  package let ranges: [Range<Int>]?
  /// Where each range begins in a row.
  private let starts: [Int]
  /// Elements of the ranges that are kept, ascending; nil for all.
  package let mask: [Int]?
  /// Elements of a row.
  package let count: Int

  /// - Parameters:
  ///   - filter: parts of names, separated by commas; nil or "all" for all parameters.
  ///   - most: keeps at most so many elements, drawn at random.
  package init(
    _ differentiator: Differentiator, filter: String? = nil, most: Int? = nil, seed: UInt64 = 0
  ) throws(InfluenceError) {
    let parts = (filter ?? "all").split(separator: ",").map { $0.trimmingSpaces }
    var ranges: [Range<Int>]?
    if !parts.contains("all") {
      let chosen = differentiator.parameters.filter { parameter in parts.contains { parameter.name.contains($0) } }
      guard !parts.isEmpty, !chosen.isEmpty else { throw .noSuchParameters(filter ?? "") }
      ranges = Self.merged(chosen.map(\.range))
    }
    let whole = ranges?.reduce(0) { $0 + $1.count } ?? differentiator.count
    var mask: [Int]?
    if let most, most < whole {
      var chance = SeededGenerator(seed: seed)
      mask = chance.sample(most, of: whole).sorted()
    }
    self.init(ranges: ranges, mask: mask, of: differentiator.count)
  }

  /// The tensors with a row for each token: the token embeddings, and the output head where it is one of its own.
  package init(tablesOf differentiator: Differentiator) {
    let tokens = differentiator.configuration.vocabularySize
    let tables = differentiator.parameters.filter { $0.shape.count == 2 && $0.shape[0] == tokens }
    self.init(ranges: Self.merged(tables.map(\.range)), mask: nil, of: differentiator.count)
  }

  /// - Parameters:
  ///   - ranges: ascending and apart; nil for all `flat` elements.
  ///   - mask: indices among the ranges' elements, ascending; nil for all.
  package init(ranges: [Range<Int>]?, mask: [Int]?, of flat: Int) {
    self.ranges = ranges
    self.mask = mask
    var starts: [Int] = []
    var next = 0
    for range in ranges ?? [0..<flat] {
      starts.append(next)
      next += range.count
    }
    self.starts = starts
    count = mask?.count ?? next
  }

  private static func merged(_ ranges: [Range<Int>]) -> [Range<Int>] {
    var merged: [Range<Int>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = merged.last, last.upperBound == range.lowerBound {
        merged[merged.count - 1] = last.lowerBound..<range.upperBound
      } else {
        merged.append(range)
      }
    }
    return merged
  }

  /// Where a part of the flat vector that lies within one range begins among the ranges' elements.
  private func start(of part: Range<Int>) -> Int {
    guard let ranges else { return part.lowerBound }
    var (low, high) = (0, ranges.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if ranges[middle].lowerBound <= part.lowerBound { low = middle } else { high = middle }
    }
    return starts[low] + part.lowerBound - ranges[low].lowerBound
  }

  /// Brings a part of a flat vector to its columns of a row: `body` gets the column of the first element, and the elements, one after
  /// the other. `scratch` has room for as many elements as the part.
  func withPart(
    _ part: Range<Int>, _ values: UnsafePointer<Float>, scratch: UnsafeMutablePointer<Float>,
    _ body: (_ column: Int, _ values: UnsafePointer<Float>, _ count: Int) -> Void
  ) {
    let start = start(of: part)
    guard let mask else { return body(start, values, part.count) }
    let first = Self.firstColumn(in: mask, from: start)
    var count = 0
    while first + count < mask.count, mask[first + count] < start + part.count {
      scratch[count] = values[mask[first + count] - start]
      count += 1
    }
    if count > 0 { body(first, scratch, count) }
  }

  private static func firstColumn(in mask: [Int], from value: Int) -> Int {
    var (low, high) = (0, mask.count)
    while low < high {
      let middle = (low + high) / 2
      if mask[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The row of a flat vector.
  package func compress(_ flat: UnsafePointer<Float>, into row: UnsafeMutablePointer<Float>) {
    forEach { column, element in row[column] = flat[element] }
  }

  /// Writes a row's elements to where they belong in a flat vector; the others stay as they are.
  package func spread(_ row: UnsafePointer<Float>, into flat: UnsafeMutablePointer<Float>) {
    forEach { column, element in flat[element] = row[column] }
  }

  /// Goes through the row's columns and the flat vector's elements that belong to them.
  private func forEach(_ body: (_ column: Int, _ element: Int) -> Void) {
    if let mask {
      var number = 0
      let ranges = ranges ?? [0..<Int.max]
      for (column, element) in mask.enumerated() {
        while number + 1 < ranges.count, starts[number + 1] <= element { number += 1 }
        body(column, ranges[number].lowerBound + element - starts[number])
      }
      return
    }
    guard let ranges else {
      for column in 0..<count { body(column, column) }
      return
    }
    for (range, start) in zip(ranges, starts) {
      for offset in 0..<range.count { body(start + offset, range.lowerBound + offset) }
    }
  }
}

extension Substring {
  fileprivate var trimmingSpaces: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
