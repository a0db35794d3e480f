import Numerics

extension Matrix {
  /// The address of the first element, to read and to write: the passes and the trainer carve a matrix into named parts themselves, and
  /// say who writes where. Valid while the matrix lives.
  var base: UnsafeMutablePointer<Float> { UnsafeMutablePointer(mutating: start()) }
}
