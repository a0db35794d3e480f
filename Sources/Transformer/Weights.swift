import Checkpoints
import Domain
import Numerics

/// Whether a checkpoint's weights are widened to float32 when they are read, or stay as they are stored and are widened a
/// slice at a time, each time they are used: half the memory of float16 and bfloat16, some of the speed, the same numbers.
package enum WeightPrecision: String, Sendable, Hashable, CaseIterable {
  /// Widened where that takes at most half of the memory that is free.
  case auto
  case stored
  case float32
}

/// The parameters' values, immutable once read.
///
/// Either all of them lie in one allocation, a flat vector of the layout whose weights of products are in panels where that pays,
/// each in its own place; or the products' weights and the embedding stay in the mapped checkpoint.
final class Weights: Sendable {
  let layout: ParameterLayout
  private let storage: Matrix
  fileprivate let stored: StoredTensors?
  /// Where norms and biases lie in `storage`, by their offsets in the flat vector, where the rest stays in the checkpoint.
  private let offsets: [Int: Int]

  /// Reads the tensors of the layout. Shapes are checked for all before memory is taken.
  init(
    _ configuration: ModelConfiguration, from checkpoint: Checkpoint, precision: WeightPrecision,
    adapter: AdapterFile? = nil
  ) throws(CheckpointError) {
    let names = configuration.family.tensors
    let hasPrefix = checkpoint.contains(names.optionalPrefix + names.embedding + ".weight")
    let prefix = hasPrefix ? names.optionalPrefix : ""
    let layout = ParameterLayout(configuration, prefix: prefix)
    self.layout = layout
    for parameter in layout.parameters { try checkpoint.check(parameter.name, shape: parameter.shape) }
    try adapter?.check(layout)
    let widens =
      switch precision {
      case _ where adapter != nil: true  // changed weights are no longer those of the file
      case .float32: true
      case .stored: false
      case .auto: layout.count <= SystemMemory.available / 2 / MemoryLayout<Float>.stride
      }
    stored = widens ? nil : StoredTensors(layout, in: checkpoint)
    guard stored != nil else {
      offsets = [:]
      storage = Matrix(zerosOfRows: 1, columns: layout.count)
      for parameter in layout.parameters {
        try read(parameter, from: checkpoint)
        try adapter?.change(parameter, layout, storage.base + parameter.offset)
        try Self.checkIsFinite(storage.base + parameter.offset, parameter, in: checkpoint)
      }
      for linear in layout.products where PanelProduct.suits(outputs: linear.outputs) { layInPanels(linear) }
      checkpoint.releasePages()
      return
    }
    let matrices = Set((layout.products.flatMap { layout.parameters(of: $0) }).map(\.offset) + [layout.embedding])
    let vectors = layout.parameters.filter { !matrices.contains($0.offset) }
    var offsets: [Int: Int] = [:]
    var count = 0
    for vector in vectors {
      offsets[vector.offset] = count
      count += (vector.range.count + 15) & ~15
    }
    self.offsets = offsets
    storage = Matrix(zerosOfRows: 1, columns: count)
    for vector in vectors {
      let target = storage.base + offsets[vector.offset, default: 0]
      try checkpoint.read(vector.name, into: target)
      try Self.checkIsFinite(target, vector, in: checkpoint)
    }
    for parameter in layout.parameters where parameter.shape.count == 2 {
      try checkpoint.checkIsFinite(parameter.name)
    }
    checkpoint.releasePages()
  }

  private static func checkIsFinite(
    _ values: UnsafeMutablePointer<Float>, _ parameter: ModelParameter, in checkpoint: Checkpoint
  ) throws(CheckpointError) {
    guard let place = UnsafePointer(values).firstNotFinite(count: parameter.range.count) else { return }
    let (outputs, inputs) = parameter.shape.count == 2 ? parameter.sizes : (1, parameter.range.count)
    let at = parameter.shape.count == 1 ? [place] : [place / inputs, place % inputs]
    throw .notFinite(
      parameter.name, place: parameter.isTransposed && outputs > 1 ? at.reversed() : at, value: values[place],
      file: checkpoint.file(of: parameter.name))
  }

  private func read(_ parameter: ModelParameter, from checkpoint: Checkpoint) throws(CheckpointError) {
    let target = storage.base + parameter.offset
    guard parameter.isTransposed else { return try checkpoint.read(parameter.name, into: target) }
    let (inputs, outputs) = (parameter.shape[0], parameter.shape[1])
    let stored = Matrix(uninitializedRows: inputs, columns: outputs)
    try checkpoint.read(parameter.name, into: stored.base)
    for input in 0..<inputs {
      for output in 0..<outputs { target[output * inputs + input] = stored.base[input * outputs + output] }
    }
  }

  /// Values of the same layout, all row-major; to be changed by `refresh` between passes only.
  init(_ layout: ParameterLayout, rowMajor values: UnsafePointer<Float>) {
    self.layout = layout
    stored = nil
    offsets = [:]
    storage = Matrix(uninitializedRows: 1, columns: layout.count)
    refresh(fromRowMajor: values)
  }

  /// Only for weights that are widened.
  func refresh(fromRowMajor values: UnsafePointer<Float>) {
    storage.base.update(from: values, count: layout.count)
    for linear in layout.products where PanelProduct.suits(outputs: linear.outputs) { layInPanels(linear) }
  }

  /// All parameters with their products' weights row-major.
  func copyRowMajor(into values: UnsafeMutablePointer<Float>) {
    guard let stored else {
      values.update(from: storage.base, count: layout.count)
      for linear in layout.products where PanelProduct.suits(outputs: linear.outputs) {
        PanelProduct.unpack(
          storage.base + linear.weight, outputs: linear.outputs, inputs: linear.inputs, into: values + linear.weight)
      }
      return
    }
    values.update(repeating: 0, count: layout.count)
    for parameter in layout.parameters {
      if let offset = offsets[parameter.offset] {
        (values + parameter.offset).update(from: storage.base + offset, count: parameter.range.count)
      }
    }
    for linear in layout.products + [layout.embeddingProduct] {
      stored.widenRows(linear, 0..<linear.outputs, into: values + linear.weight)
    }
  }

  private func layInPanels(_ linear: LinearParameters) {
    // A slice of outputs at a time: the copy need not be as large as the weight.
    let slice = 64 * PanelProduct.width
    let copy = Matrix(uninitializedRows: min(slice, linear.outputs), columns: linear.inputs)
    for first in stride(from: 0, to: linear.outputs, by: slice) {
      let outputs = min(slice, linear.outputs - first)
      let target = storage.base + linear.weight + first * linear.inputs
      copy.base.update(from: target, count: outputs * linear.inputs)
      PanelProduct.pack(copy.base, outputs: outputs, inputs: linear.inputs, into: target)
    }
  }

  /// Rows that products should run over at a time: what they read and write stays in the cache, and weights that are widened
  /// as they are used pay for it over enough rows.
  var rowBlock: Int { stored == nil ? 256 : 1024 }

  /// Whether weights stay as they are stored.
  var areStored: Bool { stored != nil }

  /// A norm's weight, a bias or the position table, by its offset; valid while this object lives.
  func vector(_ offset: Int) -> UnsafePointer<Float> {
    guard stored != nil else { return UnsafePointer(storage.base + offset) }
    guard let start = offsets[offset] else { preconditionFailure("no vector begins at \(offset)") }
    return UnsafePointer(storage.base + start)
  }

  /// A token's row of the embedding: [hidden].
  func copyEmbedding(of token: Int, into target: UnsafeMutablePointer<Float>) {
    let linear = layout.embeddingProduct
    if let stored { return stored.widenRows(linear, token..<token + 1, into: target) }
    let hidden = linear.inputs
    guard layout.head.weight == layout.embedding, PanelProduct.suits(outputs: linear.outputs) else {
      return target.update(from: storage.base + layout.embedding + token * hidden, count: hidden)
    }
    // A tied embedding lies in the output head's panels: its elements are a panel's width apart.
    let width = PanelProduct.width
    let source = storage.base + layout.embedding + token / width * width * hidden + token % width
    for element in 0..<hidden { target[element] = source[element * width] }
  }

  /// y (+)= x Wᵀ for x [rows, inputs] and a range of the outputs, all if nil, without the bias. The range begins at a multiple
  /// of the panels' width. `scratch` is for weights that are widened as they are used.
  func multiply(
    _ linear: LinearParameters, _ x: UnsafePointer<Float>, rows: Int, outputs range: Range<Int>? = nil, adding: Bool,
    into y: UnsafeMutablePointer<Float>, stride: Int? = nil, scratch: Scratch
  ) {
    let range = range ?? 0..<linear.outputs
    let stride = stride ?? linear.outputs
    if let stored {
      stored.multiply(linear, x, rows: rows, outputs: range, adding: adding, into: y, stride: stride, scratch: scratch)
      return
    }
    // Panels of whole outputs follow each other, so the range begins at the same place in both layouts.
    let first = UnsafePointer(storage.base + linear.weight + range.lowerBound * linear.inputs)
    if PanelProduct.suits(outputs: linear.outputs) {
      PanelProduct.multiply(
        rows: rows, outputs: range.count, inputs: linear.inputs, x, stride: linear.inputs, panels: first,
        adding: adding,
        into: y, stride: stride)
    } else {
      Product.multiply(
        m: rows, n: range.count, k: linear.inputs, x, lda: linear.inputs, first, ldb: linear.inputs, transposedB: true,
        beta: adding ? 1 : 0, into: y, ldc: stride)
    }
  }
}

/// The products' weights once more, as products with their transposes read them: what derivatives go back through. Weights that
/// stay as they are stored need no second copy.
final class TransposedWeights: Sendable {
  private let layout: ParameterLayout
  private let storage: Matrix  // pages of what is no product stay untouched
  private let stored: StoredTensors?

  init(sharing weights: Weights) {
    layout = weights.layout
    storage = Matrix(uninitializedRows: 0, columns: 0)
    stored = weights.stored
  }

  init(_ layout: ParameterLayout, rowMajor values: UnsafePointer<Float>) {
    self.layout = layout
    stored = nil
    storage = Matrix(uninitializedRows: 1, columns: layout.count)
    refresh(fromRowMajor: values)
  }

  /// Only between passes.
  func refresh(fromRowMajor values: UnsafePointer<Float>) {
    for linear in layout.products {
      let target = storage.base + linear.weight
      if PanelProduct.suits(outputs: linear.inputs) {
        PanelProduct.packTransposed(
          values + linear.weight, outputs: linear.outputs, inputs: linear.inputs, into: target)
      } else {
        target.update(from: values + linear.weight, count: linear.count)
      }
    }
  }

  /// dx (+)= dy W for dy [rows, outputs].
  func multiply(
    _ linear: LinearParameters, _ dy: UnsafePointer<Float>, rows: Int, adding: Bool,
    into dx: UnsafeMutablePointer<Float>,
    scratch: Scratch
  ) {
    if let stored {
      return stored.multiplyTransposed(linear, dy, rows: rows, adding: adding, into: dx, scratch: scratch)
    }
    let weight = UnsafePointer(storage.base + linear.weight)
    if PanelProduct.suits(outputs: linear.inputs) {
      PanelProduct.multiply(
        rows: rows, outputs: linear.inputs, inputs: linear.outputs, dy, stride: linear.outputs, panels: weight,
        adding: adding, into: dx, stride: linear.inputs)
    } else {
      Product.multiply(
        m: rows, n: linear.inputs, k: linear.outputs, dy, lda: linear.outputs, weight, ldb: linear.inputs,
        beta: adding ? 1 : 0, into: dx, ldc: linear.inputs)
    }
  }
}
