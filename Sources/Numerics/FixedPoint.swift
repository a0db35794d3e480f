import CVectorKernels

/// One entry of a row's list: a candidate's column, and its utility for the row.
package typealias SparseEntry = wk_entry

/// Fixed-point numbers on a grid whose step is a power of two, as 64-bit integers.
///
/// Greedy selection adds and takes away millions of small utilities. On this grid each is an integer, so a sum has the
/// same bits in whatever order, in however many parts and on however many threads it is made; and a sum that was kept
/// up to date by differences equals one that was made anew. The step is as small as 62 bits allow: with 10,000 rows of
/// utilities up to 1 it is 2^-46, and a float32 above 2^-23 loses nothing.
package struct FixedPoint: Sendable, Hashable {
  /// The grid's step, a power of two.
  package let step: Double
  /// 1.5 · 2^52 · step: adding it leaves the integer in a double's low bits.
  let magic: Double
  private let magicBits: UInt64

  /// A grid for values of at most `magnitude`, and for sums of at most `total` (both at least 0 and finite).
  package init(magnitude: Double, total: Double) {
    func exponent(_ value: Double) -> Int { value > 0 ? Int(value.exponent) + 1 : -126 }
    let stepExponent = max(exponent(magnitude) - 50, exponent(total) - 60, -900)
    step = Double(sign: .plus, exponent: stepExponent, significand: 1)
    magic = Double(sign: .plus, exponent: stepExponent + 52, significand: 1.5)
    magicBits = magic.bitPattern
  }

  /// `value`, at most the grid's magnitude, as a whole number of steps, rounded to nearest.
  package func fixed(_ value: Double) -> Int64 { Int64(bitPattern: (value + magic).bitPattern &- magicBits) }

  /// A value of any size up to the grid's total, as a whole number of steps.
  package func fixedTotal(_ value: Double) -> Int64 { Int64((value / step).rounded(.toNearestOrEven)) }

  /// The value of a whole number of steps.
  package func value(_ steps: Int64) -> Double { Double(steps) * step }
}

/// Four rows of a matrix that are summed together, and the bounds each is clamped to. A row with `low` = `high` adds
/// nothing, so it fills a group of fewer.
package struct RowGroup {
  package var rows: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>)
  package var low: SIMD4<Double> = .zero
  package var high: SIMD4<Double> = .zero

  /// A group of no rows; `any` is a readable row.
  package init(padding any: UnsafePointer<Float>) { rows = (any, any, any, any) }

  /// Puts a row into slot 0, 1, 2 or 3.
  package mutating func set(_ slot: Int, _ row: UnsafePointer<Float>, low: Double, high: Double) {
    switch slot {
    case 0: rows.0 = row
    case 1: rows.1 = row
    case 2: rows.2 = row
    default: rows.3 = row
    }
    self.low[slot] = low
    self.high[slot] = high
  }
}

extension FixedPoint {
  /// `sums[j] += Σ_r fixed(clamp(rows[r][j], low[r], high[r])) - fixed(low[r])` over the group's rows, `count` elements
  /// each.
  package func add(_ group: RowGroup, count: Int, to sums: UnsafeMutablePointer<UInt64>) {
    let bounds = [group.low, group.high]
    bounds.withUnsafeBytes { bounds in
      guard let low = bounds.baseAddress?.assumingMemoryBound(to: Double.self) else { return }
      wk_add_clamped4(
        group.rows.0, group.rows.1, group.rows.2, group.rows.3, count, low, low + 4, magic, sums)
    }
  }

  /// The same with a minus.
  package func take(_ group: RowGroup, count: Int, from sums: UnsafeMutablePointer<UInt64>) {
    let bounds = [group.low, group.high]
    bounds.withUnsafeBytes { bounds in
      guard let low = bounds.baseAddress?.assumingMemoryBound(to: Double.self) else { return }
      wk_take_clamped4(
        group.rows.0, group.rows.1, group.rows.2, group.rows.3, count, low, low + 4, magic, sums)
    }
  }

  /// For each entry (all above `low`): `gains[column] -= fixed(min(value, high)) - fixed(low)`. Keeps the entries above
  /// `high` at the front and returns how many.
  @inline(__always)
  package func drain(
    _ entries: UnsafeMutablePointer<SparseEntry>, count: Int, low: Double, high: Double,
    from gains: UnsafeMutablePointer<UInt64>
  ) -> Int {
    wk_drain(entries, count, low, high, magic, gains)
  }

  /// For each entry above `low`: `gains[column] += fixed(min(value, high)) - fixed(low)`, and a copy in `kept`, which
  /// has room for `count`; returns how many were kept.
  package func add(
    _ entries: UnsafePointer<SparseEntry>, count: Int, low: Double, high: Double,
    to gains: UnsafeMutablePointer<UInt64>, keeping kept: UnsafeMutablePointer<SparseEntry>
  ) -> Int {
    wk_add_entries(entries, count, low, high, magic, gains, kept)
  }

  /// `sums[j] += parts[j]`, and `parts[j] = 0`.
  package static func move(_ parts: UnsafeMutablePointer<UInt64>, to sums: UnsafeMutablePointer<UInt64>, count: Int) {
    wk_move_sums(sums, parts, count)
  }

  /// The largest of `count` gains (as signed integers) and the lowest index that has it; `count` > 0.
  package static func firstMaximum(_ gains: UnsafePointer<UInt64>, count: Int) -> (index: Int, gain: Int64) {
    var maximum: Int64 = 0
    let index = gains.withMemoryRebound(to: Int64.self, capacity: count) { wk_first_maximum($0, count, &maximum) }
    return (index, maximum)
  }
}
