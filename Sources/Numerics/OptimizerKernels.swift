import CVectorKernels

/// Element-wise steps of optimisers over flat vectors.
package enum OptimizerKernel {
  /// One step of AdamW (Loshchilov and Hutter, 2019) on values and both moments; corrections are 1 − βᵗ.
  package static func adamW(
    _ values: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>, first: UnsafeMutablePointer<Float>,
    second: UnsafeMutablePointer<Float>, count: Int, rate: Float, beta1: Float, beta2: Float, epsilon: Float,
    decay: Float, correction1: Float, correction2: Float
  ) {
    wk_adamw(
      values, gradient, first, second, count, rate, beta1, beta2, epsilon, decay, correction1, correction2)
  }
}
