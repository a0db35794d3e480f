import Checkpoints
import Numerics

/// The weights of products and the token embedding where they lie in the mapped checkpoint, in the type they are stored in.
///
/// A product widens them a slice at a time into the layout it reads, so that they take no memory but the file's pages, which the
/// system can drop and read again. A slice gives the same numbers as the whole, widened once.
final class StoredTensors: @unchecked Sendable {
  // Sound as Sendable: the mapping is read-only, and lives as long as the checkpoint, which is held here.
  private struct Part {
    var outputs: Range<Int>  // of the product's
    var base: UnsafeRawPointer
    var type: StoredFloat
    /// From one output to the next, and from one input to the next, in elements.
    var outputStride: Int
    var inputStride: Int

    func element(output: Int, input: Int) -> UnsafeRawPointer {
      base + ((output - outputs.lowerBound) * outputStride + input * inputStride) * type.bytes
    }
  }

  /// Floats of widened weights that a product holds at a time.
  private static let slice = 1 << 17

  private let checkpoint: Checkpoint
  private let parts: [Int: [Part]]  // by the product's weight, in the order of outputs

  /// Nil where a tensor's type loses by widening (F64): such a checkpoint is widened whole.
  init?(_ layout: ParameterLayout, in checkpoint: Checkpoint) {
    self.checkpoint = checkpoint
    var parts: [Int: [Part]] = [:]
    for linear in layout.products + [layout.embeddingProduct] where parts[linear.weight] == nil {
      var found: [Part] = []
      for parameter in layout.parameters(of: linear) {
        guard let stored = checkpoint.stored(parameter.name) else { return nil }
        let first = (parameter.offset - linear.weight) / linear.inputs
        let outputs = parameter.range.count / linear.inputs
        found.append(
          Part(
            outputs: first..<first + outputs, base: stored.base, type: stored.type,
            outputStride: parameter.isTransposed ? 1 : linear.inputs,
            inputStride: parameter.isTransposed ? outputs : 1))
      }
      parts[linear.weight] = found
    }
    self.parts = parts
  }

  /// y (+)= x Wᵀ for x [rows, inputs] and a range of the outputs that begins at a multiple of the panels' width.
  func multiply(
    _ linear: LinearParameters, _ x: UnsafePointer<Float>, rows: Int, outputs range: Range<Int>, adding: Bool,
    into y: UnsafeMutablePointer<Float>, stride yStride: Int, scratch: Scratch
  ) {
    let slice = Self.slice(depth: linear.inputs)
    let weight = scratch.floats(min(slice, range.count) * linear.inputs)
    for first in stride(from: range.lowerBound, to: range.upperBound, by: slice) {
      let outputs = first..<min(first + slice, range.upperBound)
      let target = y + (first - range.lowerBound)
      if PanelProduct.suits(outputs: linear.outputs) {
        forEachPart(linear, within: outputs, by: PanelProduct.width) { part, some, panel in
          Widen.lanes(
            part.element(output: some.lowerBound, input: 0), part.type, lanes: some.count, depth: linear.inputs,
            laneStride: part.outputStride, depthStride: part.inputStride,
            into: weight + (panel - first) * linear.inputs + (some.lowerBound - panel), targetStride: PanelProduct.width
          )
        }
        PanelProduct.multiply(
          rows: rows, outputs: outputs.count, inputs: linear.inputs, x, stride: linear.inputs, panels: weight,
          adding: adding, into: target, stride: yStride)
      } else {
        widenRows(linear, outputs, into: weight)
        Product.multiply(
          m: rows, n: outputs.count, k: linear.inputs, x, lda: linear.inputs, weight, ldb: linear.inputs,
          transposedB: true, beta: adding ? 1 : 0, into: target, ldc: yStride)
      }
    }
  }

  /// dx (+)= dy W for dy [rows, outputs].
  func multiplyTransposed(
    _ linear: LinearParameters, _ dy: UnsafePointer<Float>, rows: Int, adding: Bool,
    into dx: UnsafeMutablePointer<Float>,
    scratch: Scratch
  ) {
    if PanelProduct.suits(outputs: linear.inputs) {
      let slice = Self.slice(depth: linear.outputs)
      let weight = scratch.floats(min(slice, linear.inputs) * linear.outputs)
      for first in stride(from: 0, to: linear.inputs, by: slice) {
        let inputs = first..<min(first + slice, linear.inputs)
        for panel in stride(from: first, to: inputs.upperBound, by: PanelProduct.width) {
          for part in parts[linear.weight] ?? [] {
            Widen.lanes(
              part.element(output: part.outputs.lowerBound, input: panel), part.type, lanes: PanelProduct.width,
              depth: part.outputs.count, laneStride: part.inputStride, depthStride: part.outputStride,
              into: weight + (panel - first) * linear.outputs + part.outputs.lowerBound * PanelProduct.width,
              targetStride: PanelProduct.width)
          }
        }
        PanelProduct.multiply(
          rows: rows, outputs: inputs.count, inputs: linear.outputs, dy, stride: linear.outputs, panels: weight,
          adding: adding, into: dx + first, stride: linear.inputs)
      }
    } else {
      let slice = Self.slice(depth: linear.inputs)
      let weight = scratch.floats(min(slice, linear.outputs) * linear.inputs)
      for first in stride(from: 0, to: linear.outputs, by: slice) {
        let outputs = first..<min(first + slice, linear.outputs)
        widenRows(linear, outputs, into: weight)
        Product.multiply(
          m: rows, n: linear.inputs, k: outputs.count, dy + first, lda: linear.outputs, weight, ldb: linear.inputs,
          beta: adding || first > 0 ? 1 : 0, into: dx, ldc: linear.inputs)
      }
    }
  }

  /// Weights of a range of outputs, row-major.
  func widenRows(_ linear: LinearParameters, _ range: Range<Int>, into rows: UnsafeMutablePointer<Float>) {
    forEachPart(linear, within: range, by: range.count) { part, some, _ in
      Widen.lanes(
        part.element(output: some.lowerBound, input: 0), part.type, lanes: linear.inputs, depth: some.count,
        laneStride: part.inputStride, depthStride: part.outputStride,
        into: rows + (some.lowerBound - range.lowerBound) * linear.inputs, targetStride: linear.inputs)
    }
  }

  /// Calls `body` with each part's outputs within a range that is gone through in steps, and the step's beginning.
  private func forEachPart(
    _ linear: LinearParameters, within range: Range<Int>, by step: Int,
    _ body: (_ part: Part, _ outputs: Range<Int>, _ start: Int) -> Void
  ) {
    for start in stride(from: range.lowerBound, to: range.upperBound, by: max(1, step)) {
      let outputs = start..<min(start + step, range.upperBound)
      for part in parts[linear.weight] ?? [] {
        let some = part.outputs.clamped(to: outputs)
        if !some.isEmpty { body(part, some, start) }
      }
    }
  }

  /// Lanes of so many weights each that a slice has: a multiple of the panels' width.
  private static func slice(depth: Int) -> Int {
    max(1, slice / max(1, depth) / PanelProduct.width) * PanelProduct.width
  }
}
