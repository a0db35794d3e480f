import CVectorKernels

/// Derivatives along a direction of the transformer's elementwise layers and of their reverses: t… is the tangent of a value
/// when inputs and weights move along theirs. Rows are packed; td… of inputs and weights are added to.
package enum TangentKernel {
  package static func rmsNorm(
    _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, epsilon: Float, tx: UnsafePointer<Float>,
    tweight: UnsafePointer<Float>, rows: Int, columns: Int, into ty: UnsafeMutablePointer<Float>
  ) {
    wk_rms_norm_tangent(x, weight, epsilon, tx, tweight, rows, columns, ty)
  }

  package static func layerNorm(
    _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, epsilon: Float, tx: UnsafePointer<Float>,
    tweight: UnsafePointer<Float>, tbias: UnsafePointer<Float>, rows: Int, columns: Int,
    into ty: UnsafeMutablePointer<Float>
  ) {
    wk_layer_norm_tangent(x, weight, epsilon, tx, tweight, tbias, rows, columns, ty)
  }

  package static func siluMultiply(
    gateUp: UnsafePointer<Float>, tGateUp: UnsafePointer<Float>, rows: Int, columns: Int,
    into ty: UnsafeMutablePointer<Float>
  ) {
    wk_silu_multiply_tangent(gateUp, tGateUp, rows, columns, ty)
  }

  package static func rmsNormBackward(
    _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, epsilon: Float, dy: UnsafePointer<Float>,
    tx: UnsafePointer<Float>, tweight: UnsafePointer<Float>, tdy: UnsafePointer<Float>, rows: Int, columns: Int,
    tdx: UnsafeMutablePointer<Float>, tdweight: UnsafeMutablePointer<Float>
  ) {
    wk_rms_norm_backward_tangent(x, weight, epsilon, dy, tx, tweight, tdy, rows, columns, tdx, tdweight)
  }

  package static func layerNormBackward(
    _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, epsilon: Float, dy: UnsafePointer<Float>,
    tx: UnsafePointer<Float>, tweight: UnsafePointer<Float>, tdy: UnsafePointer<Float>, rows: Int, columns: Int,
    tdx: UnsafeMutablePointer<Float>, tdweight: UnsafeMutablePointer<Float>, tdbias: UnsafeMutablePointer<Float>
  ) {
    wk_layer_norm_backward_tangent(x, weight, epsilon, dy, tx, tweight, tdy, rows, columns, tdx, tdweight, tdbias)
  }

  package static func siluMultiplyBackward(
    gateUp: UnsafePointer<Float>, dy: UnsafePointer<Float>, tGateUp: UnsafePointer<Float>, tdy: UnsafePointer<Float>,
    rows: Int, columns: Int, into tdGateUp: UnsafeMutablePointer<Float>
  ) {
    wk_silu_multiply_backward_tangent(gateUp, dy, tGateUp, tdy, rows, columns, tdGateUp)
  }

  /// `td`: tangent of the output's derivative in, of the input's out; `d`: the output's derivative.
  package static func geluBackward(
    _ x: UnsafePointer<Float>, d: UnsafePointer<Float>, tx: UnsafePointer<Float>, _ td: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    wk_gelu_backward_tangent(x, d, tx, td, count)
  }

  /// For p = softmax(scale · x): dp and tdp in, the derivatives by x and their tangents out.
  package static func softmaxRowsBackward(
    _ p: UnsafePointer<Float>, tp: UnsafePointer<Float>, _ dp: UnsafeMutablePointer<Float>,
    _ tdp: UnsafeMutablePointer<Float>, stride: Int, rows: Int, columns: Int, scale: Float
  ) {
    wk_softmax_rows_backward_tangent(p, tp, dp, tdp, stride, rows, columns, scale)
  }

  package static func scale(_ x: UnsafeMutablePointer<Float>, count: Int, by factor: Float) {
    wk_scale(x, count, factor)
  }
}
