import CVectorKernels

/// Inner loops of Influence Distillation on caller-owned float32 memory.
package enum InfluenceKernel {
  /// x ∘ scale, in place.
  package static func multiply(_ x: UnsafeMutablePointer<Float>, by scale: UnsafePointer<Float>, count: Int) {
    wk_multiply(x, scale, count, x)
  }

  /// target = x ∘ scale.
  package static func multiply(
    _ x: UnsafePointer<Float>, by scale: UnsafePointer<Float>, count: Int, into target: UnsafeMutablePointer<Float>
  ) {
    wk_multiply(x, scale, count, target)
  }

  /// exp(scale · |x − y_i|²) for one x and many y, from their products and squared lengths.
  package static func radial(
    products: UnsafePointer<Float>, square: Float, squares: UnsafePointer<Float>, count: Int, scale: Float,
    into target: UnsafeMutablePointer<Float>
  ) {
    wk_radial(products, square, squares, count, scale, target)
  }

  /// float32 to float16, to nearest even.
  package static func narrow(_ source: UnsafePointer<Float>, count: Int, into target: UnsafeMutableRawPointer) {
    wk_narrow_float16(source, count, target)
  }
}
