import CVectorKernels

/// The reverse of the transformer's elementwise layers, on caller-owned row-major float32 memory. Derivatives of inputs and of
/// weights are added to what is there, unless a name says `into`.
package enum BackwardKernel {
  /// `stride`: elements from one row to the next of x, dy and dx alike.
  package static func rmsNorm(
    _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, epsilon: Float, dy: UnsafePointer<Float>, rows: Int,
    columns: Int, stride: Int, dx: UnsafeMutablePointer<Float>, dweight: UnsafeMutablePointer<Float>
  ) {
    wk_rms_norm_backward(x, weight, epsilon, dy, rows, columns, stride, dx, dweight)
  }

  package static func layerNorm(
    _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, epsilon: Float, dy: UnsafePointer<Float>, rows: Int,
    columns: Int, dx: UnsafeMutablePointer<Float>, dweight: UnsafeMutablePointer<Float>,
    dbias: UnsafeMutablePointer<Float>
  ) {
    wk_layer_norm_backward(x, weight, epsilon, dy, rows, columns, dx, dweight, dbias)
  }

  package static func siluMultiply(
    gateUp: UnsafePointer<Float>, dy: UnsafePointer<Float>, rows: Int, columns: Int,
    into dGateUp: UnsafeMutablePointer<Float>
  ) {
    wk_silu_multiply_backward(gateUp, dy, rows, columns, dGateUp)
  }

  /// `d`: the output's derivative in, the input's out.
  package static func gelu(_ x: UnsafePointer<Float>, _ d: UnsafeMutablePointer<Float>, count: Int) {
    wk_gelu_backward(x, d, count)
  }

  /// Adds the sum of the rows.
  package static func columnSums(
    _ x: UnsafePointer<Float>, rows: Int, columns: Int, addingInto sums: UnsafeMutablePointer<Float>
  ) {
    wk_column_sums(x, rows, columns, sums)
  }

  /// softmax(scale · x) over the columns first[row]..<last[row], in place; the other columns become 0.
  package static func softmaxRows(
    _ x: UnsafeMutablePointer<Float>, stride: Int, rows: Int, first: UnsafePointer<Int32>, last: UnsafePointer<Int32>,
    columns: Int, scale: Float
  ) {
    wk_softmax_rows(x, stride, rows, first, last, columns, scale)
  }

  /// factor · softmax(x) in place; returns log Σ eˣ.
  package static func softmaxRow(_ x: UnsafeMutablePointer<Float>, columns: Int, factor: Float) -> Float {
    wk_softmax_row(x, columns, factor)
  }

  /// For p = softmax(scale · x): `dp` is the derivative of p in, of x out.
  package static func softmaxRowsBackward(
    _ p: UnsafePointer<Float>, _ dp: UnsafeMutablePointer<Float>, stride: Int, rows: Int, columns: Int, scale: Float
  ) {
    wk_softmax_rows_backward(p, dp, stride, rows, columns, scale)
  }
}
