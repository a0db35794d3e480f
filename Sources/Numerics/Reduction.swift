import COpenBLAS
import CVectorKernels

/// Sums of products over long float32 vectors: pieces of a fixed length in float32, the pieces in double. The same bits
/// every time.
package enum Reduction {
  private static let piece = 8192

  /// Σ x y.
  package static func dot(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, count: Int) -> Double {
    Product.useOneThread()
    var sum = 0.0
    for start in stride(from: 0, to: count, by: piece) {
      sum += Double(cblas_sdot(blasint(min(piece, count - start)), x + start, 1, y + start, 1))
    }
    return sum
  }

  /// out[i, j] = Σ x_i y_j for rows of x [rows, count] and y [others, count], each with its stride: [rows, others].
  package static func dots(
    _ x: UnsafePointer<Float>, rows: Int, stride xStride: Int, _ y: UnsafePointer<Float>, others: Int,
    stride yStride: Int, count: Int, into out: UnsafeMutablePointer<Double>
  ) {
    out.update(repeating: 0, count: rows * others)
    guard rows > 0, others > 0 else { return }
    for start in Swift.stride(from: 0, to: count, by: piece) {
      wk_dots(x + start, xStride, rows, y + start, yStride, others, min(piece, count - start), out)
    }
  }
}
