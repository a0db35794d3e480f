import Checkpoints
import Numerics

extension AdapterFile {
  /// Refuses tensors that are no part of a product of the layout, or of another shape.
  func check(_ layout: ParameterLayout) throws(CheckpointError) {
    var known: Set<String> = []
    for parameter in layout.parameters where parameter.shape.count == 2 {
      for (name, shape) in parts(of: parameter, layout) {
        known.insert(name)
        guard let found = tensors.shape(of: name) else { continue }
        guard found == shape else {
          throw .misshapenTensor(name, expected: shape, found: found, file: tensors.file.path)
        }
        try tensors.checkIsReal(name)
      }
    }
    for name in tensors.names where !known.contains(name) {
      throw .malformed(tensors.file.path, reason: "tensor \(name) belongs to no product of the model")
    }
  }

  /// weight += scale · B A for a tensor that the adapter changes; `weight` is [outputs, inputs].
  func change(_ parameter: ModelParameter, _ layout: ParameterLayout, _ weight: UnsafeMutablePointer<Float>)
    throws(CheckpointError)
  {
    guard parameter.shape.count == 2 else { return }
    let names = parts(of: parameter, layout).map(\.name)
    guard tensors.shape(of: names[0]) != nil else { return }
    let (a, b) = (try tensors.floats(names[0]), try tensors.floats(names[1]))
    let (outputs, inputs) = parameter.sizes
    Product.multiply(
      m: outputs, n: inputs, k: rank, alpha: scale, b, lda: rank, a, ldb: inputs, beta: 1, into: weight, ldc: inputs)
  }

  private func parts(of parameter: ModelParameter, _ layout: ParameterLayout) -> [(name: String, shape: [Int])] {
    let (outputs, inputs) = parameter.sizes
    let name = AdapterFile.prefix + layout.missingPrefix + parameter.name.dropLast(".weight".count)
    return [(name + ".lora_A.weight", [rank, inputs]), (name + ".lora_B.weight", [outputs, rank])]
  }
}
