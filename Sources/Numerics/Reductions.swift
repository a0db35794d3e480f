import CVectorKernels

/// Reductions over float vectors, on the C kernels.
public enum Reduction {
  /// Smallest and largest element; nil for an empty vector. NaN elements are passed over.
  public static func range(of vector: UnsafeBufferPointer<Float>) -> (least: Float, greatest: Float)? {
    guard let base = vector.baseAddress, vector.count > 0 else { return nil }
    var least: Float = 0
    var greatest: Float = 0
    wk_min_max(base, vector.count, &least, &greatest)
    return (least, greatest)
  }
}
