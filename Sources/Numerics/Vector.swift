import CVectorKernels

/// Elementwise arithmetic on caller-owned float32 memory.
package enum Vector {
  /// y += x.
  package static func add(_ x: UnsafePointer<Float>, count: Int, to y: UnsafeMutablePointer<Float>) {
    wk_add_rows(y, x, 1, count)
  }
}
