import CVectorKernels

/// An 8-bit copy of a matrix, column by column: for a column, it tells quickly which rows may lie above given values.
///
/// A code never falls as its value rises, so `element > value` implies `code(element) >= code(value)`: what the codes
/// rule out is ruled out, and what they let through is looked up in the matrix. One byte an element, a quarter of the
/// matrix.
package final class CoverageCodes: @unchecked Sendable {
  // Sound as Sendable: `encode` writes disjoint blocks of rows, and nothing reads before they are all written.
  package let rows: Int
  package let columns: Int
  /// Bytes from one column to the next: the rows, filled up to a multiple of 64.
  package let stride: Int
  private let least: Float
  private let scale: Float
  private let codes: LargeMemory

  /// Codes for elements from `least` to `greatest`, not yet filled in.
  package init(rows: Int, columns: Int, least: Float, greatest: Float) {
    self.rows = rows
    self.columns = columns
    self.least = least
    let scale = 255 / (greatest - least)
    self.scale = scale.isFinite ? scale : 0
    stride = (rows + 63) / 64 * 64
    codes = LargeMemory(bytes: stride * columns)
  }

  /// Memory that codes of so many elements take.
  package static func bytes(rows: Int, columns: Int) -> Int {
    let (bytes, overflow) = ((rows + 63) / 64 * 64).multipliedReportingOverflow(by: columns)
    return overflow ? Int.max : bytes
  }

  /// Fills in a block of 64 rows from up to 64 rows, the first of which is 64 · block.
  package func encode(block: Int, rows: [UnsafePointer<Float>]) {
    var pointers: [UnsafePointer<Float>?] = rows
    pointers.withUnsafeMutableBufferPointer {
      wk_encode64(
        $0.baseAddress, rows.count, columns, least, scale,
        codes.base.assumingMemoryBound(to: UInt8.self) + 64 * block, stride)
    }
  }

  /// The code of one value; a value above every code's range gives the largest.
  package func code(_ value: Float) -> UInt8 { wk_code(value, least, scale) }

  /// A floor that no row reaches.
  package static let unreachable: UInt8 = 255

  /// Writes the rows whose code in `column` is at least their floor to `found`; returns how many. Both hold `stride`
  /// elements; floors from `rows` on should be unreachable.
  package func find(column: Int, floors: UnsafePointer<UInt8>, found: UnsafeMutablePointer<UInt32>) -> Int {
    wk_find_at_least(
      codes.base.assumingMemoryBound(to: UInt8.self) + column * stride, floors, stride, found)
  }
}
