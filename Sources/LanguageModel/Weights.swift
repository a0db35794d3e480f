import Domain
import Numerics

/// The parameters' values in one allocation, immutable once read.
///
/// Weights of products are laid out in panels where that pays, each in its own place of the flat vector.
final class Weights: Sendable {
  let layout: ParameterLayout
  private let storage: Matrix

  /// Reads every tensor of the layout, widened to float32. Shapes are checked for all before memory is taken.
  init(_ configuration: ModelConfiguration, from checkpoint: Checkpoint) throws(LanguageModelError) {
    let prefix = configuration.family == .gpt2 && checkpoint.contains("transformer.wte.weight") ? "transformer." : ""
    layout = ParameterLayout(configuration, prefix: prefix)
    for parameter in layout.parameters { try checkpoint.check(parameter.name, shape: parameter.shape) }
    storage = Matrix(zerosOfRows: 1, columns: layout.count)
    for parameter in layout.parameters { try read(parameter, from: checkpoint) }
    for place in layout.products where PanelProduct.suits(outputs: place.outputs) { layInPanels(place) }
  }

  private func read(_ parameter: Parameter, from checkpoint: Checkpoint) throws(LanguageModelError) {
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
    storage = Matrix(uninitializedRows: 1, columns: layout.count)
    refresh(fromRowMajor: values)
  }

  func refresh(fromRowMajor values: UnsafePointer<Float>) {
    storage.base.update(from: values, count: layout.count)
    for place in layout.products where PanelProduct.suits(outputs: place.outputs) { layInPanels(place) }
  }

  /// All parameters with their products' weights row-major.
  func copyRowMajor(into values: UnsafeMutablePointer<Float>) {
    values.update(from: storage.base, count: layout.count)
    for place in layout.products where PanelProduct.suits(outputs: place.outputs) {
      PanelProduct.unpack(
        storage.base + place.weight, outputs: place.outputs, inputs: place.inputs, into: values + place.weight)
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

  /// The flat vector; valid while this object lives.
  var base: UnsafePointer<Float> { UnsafePointer(storage.base) }
}

/// The products' weights once more, as products with their transposes read them: what derivatives go back through.
final class TransposedWeights: Sendable {
  private let layout: ParameterLayout
  private let storage: Matrix  // pages of what is no product stay untouched

  init(_ layout: ParameterLayout, rowMajor values: UnsafePointer<Float>) {
    self.layout = layout
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
    _ place: LinearPlace, _ dy: UnsafePointer<Float>, rows: Int, adding: Bool, into dx: UnsafeMutablePointer<Float>
  ) {
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
