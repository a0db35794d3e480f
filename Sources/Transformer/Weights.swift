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
  private let places: [Int: Int]

  /// Reads the tensors of the layout. Shapes are checked for all before memory is taken.
  init(
    _ configuration: ModelConfiguration, from checkpoint: Checkpoint, precision: WeightPrecision,
    adapter: AdapterFile? = nil
  ) throws(CheckpointError) {
    let prefix = configuration.family == .gpt2 && checkpoint.contains("transformer.wte.weight") ? "transformer." : ""
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
      places = [:]
      storage = Matrix(zerosOfRows: 1, columns: layout.count)
      for parameter in layout.parameters {
        try read(parameter, from: checkpoint)
        try adapter?.change(parameter, layout, storage.base + parameter.offset)
      }
      for place in layout.products where PanelProduct.suits(outputs: place.outputs) { layInPanels(place) }
      checkpoint.releasePages()
      return
    }
    let matrices = Set((layout.products.flatMap { layout.parameters(of: $0) }).map(\.offset) + [layout.embedding])
    let vectors = layout.parameters.filter { !matrices.contains($0.offset) }
    var places: [Int: Int] = [:]
    var count = 0
    for vector in vectors {
      places[vector.offset] = count
      count += (vector.count + 15) & ~15
    }
    self.places = places
    storage = Matrix(zerosOfRows: 1, columns: count)
    for vector in vectors { try checkpoint.read(vector.name, into: storage.base + places[vector.offset, default: 0]) }
  }

  private func read(_ parameter: Parameter, from checkpoint: Checkpoint) throws(CheckpointError) {
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
    places = [:]
    storage = Matrix(uninitializedRows: 1, columns: layout.count)
    refresh(fromRowMajor: values)
  }

  /// Only for weights that are widened.
  func refresh(fromRowMajor values: UnsafePointer<Float>) {
    storage.base.update(from: values, count: layout.count)
    for place in layout.products where PanelProduct.suits(outputs: place.outputs) { layInPanels(place) }
  }

  /// All parameters with their products' weights row-major.
  func copyRowMajor(into values: UnsafeMutablePointer<Float>) {
    guard let stored else {
      values.update(from: storage.base, count: layout.count)
      for place in layout.products where PanelProduct.suits(outputs: place.outputs) {
        PanelProduct.unpack(
          storage.base + place.weight, outputs: place.outputs, inputs: place.inputs, into: values + place.weight)
      }
      return
    }
    values.update(repeating: 0, count: layout.count)
    for parameter in layout.parameters {
      if let place = places[parameter.offset] {
        (values + parameter.offset).update(from: storage.base + place, count: parameter.count)
      }
    }
    for place in layout.products + [layout.embeddingPlace] {
      stored.widenRows(place, 0..<place.outputs, into: values + place.weight)
    }
  }

  private func layInPanels(_ place: LinearPlace) {
    // A slice of outputs at a time: the copy need not be as large as the weight.
    let slice = 64 * PanelProduct.width
    let copy = Matrix(uninitializedRows: min(slice, place.outputs), columns: place.inputs)
    for first in stride(from: 0, to: place.outputs, by: slice) {
      let outputs = min(slice, place.outputs - first)
      let target = storage.base + place.weight + first * place.inputs
      copy.base.update(from: target, count: outputs * place.inputs)
      PanelProduct.pack(copy.base, outputs: outputs, inputs: place.inputs, into: target)
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
    guard let place = places[offset] else { preconditionFailure("no vector begins at \(offset)") }
    return UnsafePointer(storage.base + place)
  }

  /// A token's row of the embedding: [hidden].
  func copyEmbedding(of token: Int, into target: UnsafeMutablePointer<Float>) {
    let place = layout.embeddingPlace
    if let stored { return stored.widenRows(place, token..<token + 1, into: target) }
    let hidden = place.inputs
    guard layout.head.weight == layout.embedding, PanelProduct.suits(outputs: place.outputs) else {
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
    _ place: LinearPlace, _ x: UnsafePointer<Float>, rows: Int, outputs range: Range<Int>? = nil, adding: Bool,
    into y: UnsafeMutablePointer<Float>, stride: Int? = nil, scratch: Scratch
  ) {
    let range = range ?? 0..<place.outputs
    let stride = stride ?? place.outputs
    if let stored {
      stored.multiply(place, x, rows: rows, outputs: range, adding: adding, into: y, stride: stride, scratch: scratch)
      return
    }
    // Panels of whole outputs follow each other, so the range begins at the same place in both layouts.
    let first = UnsafePointer(storage.base + place.weight + range.lowerBound * place.inputs)
    if PanelProduct.suits(outputs: place.outputs) {
      PanelProduct.multiply(
        rows: rows, outputs: range.count, inputs: place.inputs, x, stride: place.inputs, panels: first, adding: adding,
        into: y, stride: stride)
    } else {
      Product.multiply(
        m: rows, n: range.count, k: place.inputs, x, lda: place.inputs, first, ldb: place.inputs, transposedB: true,
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
    for place in layout.products {
      let target = storage.base + place.weight
      if PanelProduct.suits(outputs: place.inputs) {
        PanelProduct.packTransposed(
          values + place.weight, outputs: place.outputs, inputs: place.inputs, into: target)
      } else {
        target.update(from: values + place.weight, count: place.outputs * place.inputs)
      }
    }
  }

  /// dx (+)= dy W for dy [rows, outputs].
  func multiply(
    _ place: LinearPlace, _ dy: UnsafePointer<Float>, rows: Int, adding: Bool, into dx: UnsafeMutablePointer<Float>,
    scratch: Scratch
  ) {
    if let stored {
      return stored.multiplyTransposed(place, dy, rows: rows, adding: adding, into: dx, scratch: scratch)
    }
    let weight = UnsafePointer(storage.base + place.weight)
    if PanelProduct.suits(outputs: place.inputs) {
      PanelProduct.multiply(
        rows: rows, outputs: place.inputs, inputs: place.outputs, dy, stride: place.outputs, panels: weight,
        adding: adding, into: dx, stride: place.inputs)
    } else {
      Product.multiply(
        m: rows, n: place.inputs, k: place.outputs, dy, lda: place.outputs, weight, ldb: place.inputs,
        beta: adding ? 1 : 0, into: dx, ldc: place.inputs)
    }
  }
}
