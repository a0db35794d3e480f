import CVectorKernels

/// How a stored real number is written, where it is widened to float32 without loss.
package enum StoredFloat: Int32, Sendable, Hashable {
  case float32 = 0
  case float16
  case bfloat16

  package var bytes: Int { self == .float32 ? 4 : 2 }
}

/// Conversions of stored numbers, at any alignment, to float32.
package enum Widen {
  /// `count` numbers, one behind the other.
  package static func run(
    _ source: UnsafeRawPointer, _ type: StoredFloat, count: Int, into target: UnsafeMutablePointer<Float>
  ) {
    wk_widen(source, type.rawValue, count, target)
  }

  /// target[d · targetStride + l] = source[l · laneStride + d · depthStride] for l below `lanes` and d below `depth`, strides in
  /// elements; one of the source's is 1.
  package static func lanes(
    _ source: UnsafeRawPointer, _ type: StoredFloat, lanes: Int, depth: Int, laneStride: Int, depthStride: Int,
    into target: UnsafeMutablePointer<Float>, targetStride: Int
  ) {
    wk_widen_lanes(source, type.rawValue, lanes, depth, laneStride, depthStride, target, targetStride)
  }
}
