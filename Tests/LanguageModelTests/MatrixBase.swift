import Numerics

extension Matrix {
  /// The address of the first element, to have a pass write to. Valid while the matrix lives.
  var base: UnsafeMutablePointer<Float> { UnsafeMutablePointer(mutating: start()) }
}
