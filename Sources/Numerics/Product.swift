import COpenBLAS
import Synchronization

/// Matrix products on OpenBLAS, one BLAS thread a caller: parallelism is the Dispatch workers', which scales where
/// BLAS's own threads under Dispatch lose, and keeps the bits of a product independent of the number of workers.
package enum Product {
  /// `c = alpha · op(a) · op(b) + beta · c` with row-major storage.
  ///
  /// - Parameters:
  ///   - m, n, k: op(a) is m × k, op(b) is k × n, c is m × n.
  ///   - lda, ldb, ldc: elements from one stored row to the next.
  @inline(__always)
  package static func multiply(
    m: Int, n: Int, k: Int, alpha: Float = 1, _ a: UnsafePointer<Float>, lda: Int, transposedA: Bool = false,
    _ b: UnsafePointer<Float>, ldb: Int, transposedB: Bool = false, beta: Float = 0,
    into c: UnsafeMutablePointer<Float>, ldc: Int
  ) {
    useOneThread()
    cblas_sgemm(
      CblasRowMajor, transposedA ? CblasTrans : CblasNoTrans, transposedB ? CblasTrans : CblasNoTrans,
      blasint(m), blasint(n), blasint(k), alpha, a, blasint(lda), b, blasint(ldb), beta, c, blasint(ldc))
  }

  /// Tells OpenBLAS once, before the first product, to stay on the caller's thread.
  package static func useOneThread() { _ = oneThread }

  private static let oneThread: Void = openblas_set_num_threads(1)
}
