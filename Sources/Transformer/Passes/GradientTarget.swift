import Numerics

/// Where derivatives by parameters go: added to a flat vector of the parameters' layout, or handed on tensor by tensor.
///
/// Derivatives come as ranges of the flat vector (``Differentiator/parameters`` names them); a range may come more than once
/// (a tied embedding does), and the parts then add up.
package struct GradientTarget {
  /// Parameters that are wanted, as ranges of the flat vector, ascending; nil for all.
  let selection: [Range<Int>]?
  private let sum: UnsafeMutablePointer<Float>?
  private let emit: ((Range<Int>, UnsafePointer<Float>) -> Void)?

  /// Adds to the flat vector at `sum`, which has room for all parameters.
  package static func adding(to sum: UnsafeMutablePointer<Float>) -> GradientTarget {
    GradientTarget(selection: nil, sum: sum, emit: nil)
  }

  /// Calls `emit` with each block of derivatives; what it points to is gone after the call. With `selection` only those
  /// ranges are computed and emitted.
  package static func blocks(
    of selection: [Range<Int>]? = nil, _ emit: @escaping (Range<Int>, UnsafePointer<Float>) -> Void
  ) -> GradientTarget {
    GradientTarget(selection: selection, sum: nil, emit: emit)
  }

  /// The first parameter that is wanted, as a place in the flat vector; nil if all are.
  var first: Int? { selection.map { $0.first?.lowerBound ?? Int.max } }

  /// Lets `body` add the derivatives of `count` parameters from `offset` on to memory that it is given; does nothing where
  /// none of them is wanted. `scratch` is used if they cannot be added in place.
  func add(
    _ offset: Int, _ count: Int, scratch: Scratch,
    _ body: (_ block: UnsafeMutablePointer<Float>) -> Void
  ) {
    let range = offset..<offset + count
    if let sum { return body(sum + offset) }
    let wanted = selection?.map { $0.clamped(to: range) }.filter { !$0.isEmpty } ?? [range]
    guard !wanted.isEmpty else { return }
    let block = scratch.floats(count)
    block.update(repeating: 0, count: count)
    body(block)
    for part in wanted { emit?(part, UnsafePointer(block + (part.lowerBound - offset))) }
  }
}
