import Checkpoints
import Numerics

/// The weights of products and the token embedding where they lie in the mapped checkpoint, in the type they are stored in: floats,
/// or blocks of quantised weights.
///
/// A product widens them a slice at a time into the layout it reads, so that they take no memory but the file's pages, which the
/// system can drop and read again. A slice gives the same numbers as the whole, widened once.
final class StoredTensors: @unchecked Sendable {
  // Sound as Sendable: the mapping is read-only, and lives as long as the checkpoint, which is held here.
  private struct Part {
    var outputs: Range<Int>  // of the product's
    var inputs: Int
    var tensor: StoredTensor
    /// From one output to the next, and from one input to the next, in elements, of a tensor that is plain.
    var outputStride: Int
    var inputStride: Int

    /// Weights of some outputs and all inputs: target[i · stride + o] with outputs as lanes, else target[o · stride + i].
    func widen(
      outputs some: Range<Int>, lanesAreOutputs: Bool, into target: UnsafeMutablePointer<Float>, stride: Int
    ) {
      let first = some.lowerBound - outputs.lowerBound
      if let type = tensor.isPlain {
        let source = tensor.base + first * outputStride * type.bytes
        Widen.lanes(
          source, type, lanes: lanesAreOutputs ? some.count : inputs, depth: lanesAreOutputs ? inputs : some.count,
          laneStride: lanesAreOutputs ? outputStride : inputStride,
          depthStride: lanesAreOutputs ? inputStride : outputStride, into: target, targetStride: stride)
        return
      }
      forEachTile(first..<first + some.count, columns: 0..<tensor.columns) { lines, rows, columns in
        let (row, width) = (rows.lowerBound - first, columns.count)
        Widen.lanes(
          lines, .float32, lanes: lanesAreOutputs ? rows.count : width, depth: lanesAreOutputs ? width : rows.count,
          laneStride: lanesAreOutputs ? Self.tile : 1, depthStride: lanesAreOutputs ? 1 : Self.tile,
          into: target + (lanesAreOutputs ? columns.lowerBound * stride + row : row * stride + columns.lowerBound),
          targetStride: stride)
      }
    }

    /// Weights of all outputs and some inputs, in panels of inputs that have `total` outputs each.
    func layInPanels(inputs: Range<Int>, of total: Int, into weight: UnsafeMutablePointer<Float>) {
      let width = PanelProduct.width
      func lay(
        _ source: UnsafeRawPointer, _ type: StoredFloat, panel: Int, outputs: Range<Int>, strides: (Int, Int)
      ) {
        Widen.lanes(
          source, type, lanes: width, depth: outputs.count, laneStride: strides.0, depthStride: strides.1,
          into: weight + (panel - inputs.lowerBound) * total + outputs.lowerBound * width, targetStride: width)
      }
      if let type = tensor.isPlain {
        for panel in stride(from: inputs.lowerBound, to: inputs.upperBound, by: width) {
          lay(
            tensor.base + panel * inputStride * type.bytes, type, panel: panel, outputs: outputs,
            strides: (inputStride, outputStride))
        }
        return
      }
      // Panels begin and end at multiples of their width, and so do tiles.
      forEachTile(0..<outputs.count, columns: inputs) { lines, rows, columns in
        let these = outputs.lowerBound + rows.lowerBound..<outputs.lowerBound + rows.upperBound
        for panel in stride(from: columns.lowerBound, to: columns.upperBound, by: width) {
          lay(lines + (panel - columns.lowerBound), .float32, panel: panel, outputs: these, strides: (1, Self.tile))
        }
      }
    }

    /// Columns of a tile: a multiple of what the blocks of all kinds hold.
    private static var tile: Int { 256 }

    /// Widens rows and columns a tile at a time that stays in the cache. `body` gets its first wanted element (the next row
    /// follows `tile` floats behind), its rows, and its columns.
    private func forEachTile(
      _ rows: Range<Int>, columns: Range<Int>, _ body: (UnsafePointer<Float>, Range<Int>, Range<Int>) -> Void
    ) {
      let lines = 16
      withUnsafeTemporaryAllocation(of: Float.self, capacity: lines * Self.tile) { buffer in
        guard let base = buffer.baseAddress else { return }
        for row in stride(from: rows.lowerBound, to: rows.upperBound, by: lines) {
          let some = row..<min(row + lines, rows.upperBound)
          for start in stride(from: columns.lowerBound / Self.tile * Self.tile, to: columns.upperBound, by: Self.tile) {
            let wanted = max(start, columns.lowerBound)..<min(start + Self.tile, columns.upperBound)
            // Blocks can only be widened whole.
            let group = tensor.columnGroup
            let from = wanted.lowerBound / group * group
            let to = min((wanted.upperBound + group - 1) / group * group, tensor.columns)
            for line in some { tensor.widen(row: line, columns: from..<to, into: base + (line - row) * Self.tile) }
            body(base + (wanted.lowerBound - from), some, wanted)
          }
        }
      }
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
        let outputsAreColumns = parameter.isTransposed != stored.isTransposed
        if outputsAreColumns, stored.isPlain == nil { return nil }
        found.append(
          Part(
            outputs: first..<first + outputs, inputs: linear.inputs, tensor: stored,
            outputStride: outputsAreColumns ? 1 : linear.inputs,
            inputStride: outputsAreColumns ? outputs : 1))
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
          part.widen(
            outputs: some, lanesAreOutputs: true,
            into: weight + (panel - first) * linear.inputs + (some.lowerBound - panel), stride: PanelProduct.width
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
      let slice = Self.slice(depth: linear.outputs, group: parts[linear.weight]?.map(\.tensor.columnGroup).max() ?? 1)
      let weight = scratch.floats(min(slice, linear.inputs) * linear.outputs)
      for first in stride(from: 0, to: linear.inputs, by: slice) {
        let inputs = first..<min(first + slice, linear.inputs)
        for part in parts[linear.weight] ?? [] { part.layInPanels(inputs: inputs, of: linear.outputs, into: weight) }
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
      part.widen(
        outputs: some, lanesAreOutputs: false,
        into: rows + (some.lowerBound - range.lowerBound) * linear.inputs, stride: linear.inputs)
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

  /// Lanes of so many weights each that a slice has: a multiple of the panels' width, and where lanes are widened in groups also
  /// of a group, or else of so many that a group is not widened all too often.
  private static func slice(depth: Int, group: Int = 1) -> Int {
    let lanes = max(1, (group > 1 ? slice << 4 : slice) / max(1, depth) / PanelProduct.width) * PanelProduct.width
    return lanes > group ? lanes / group * group : lanes
  }
}
