import Numerics

// Products: y = x Wᵀ + b.

extension Forward {
  /// y = x Wᵀ + b for x [rows, inputs] and y [rows, outputs].
  func multiply(
    _ linear: LinearParameters, _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>
  ) {
    multiply(linear, x, rows: rows, adding: false, y)
  }

  /// y += x Wᵀ + b.
  func multiply(
    _ linear: LinearParameters, _ x: UnsafePointer<Float>, rows: Int, addingInto y: UnsafeMutablePointer<Float>
  ) {
    multiply(linear, x, rows: rows, adding: true, y)
  }

  func multiply(
    _ linear: LinearParameters, _ x: UnsafePointer<Float>, rows: Int, adding: Bool, _ y: UnsafeMutablePointer<Float>
  ) {
    weights.multiply(linear, x, rows: rows, adding: adding, into: y, scratch: workspace.weight)
    if let bias = linear.bias {
      TransformerKernel.addBias(y, bias: weights.vector(bias), rows: rows, columns: linear.outputs)
    }
  }
}

extension Backward {
  /// dW = dyᵀ x and db = Σ dy.
  func linearParameters(_ linear: LinearParameters, x: UnsafePointer<Float>, dy: UnsafePointer<Float>) {
    target.add(linear.weight, linear.outputs * linear.inputs, scratch: workspace.block) { block in
      linear.addOuterProduct(dy, x, rows: rows, into: block, panels: workspace.panels)
    }
    if let bias = linear.bias {
      target.add(bias, linear.outputs, scratch: workspace.block) { block in
        BackwardKernel.columnSums(dy, rows: rows, columns: linear.outputs, addingInto: block)
      }
    }
  }
}

extension LinearParameters {
  /// dW += dyᵀ x for dy [rows, outputs] and x [rows, inputs].
  func addOuterProduct(
    _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, rows: Int, into dWeight: UnsafeMutablePointer<Float>,
    panels: Scratch
  ) {
    if PanelProduct.suits(outputs: inputs) {
      PanelProduct.multiplyTransposed(
        dy, outputs: outputs, x, inputs: inputs, rows: rows, adding: true, into: dWeight,
        panels: panels.floats(rows * inputs))
    } else {
      Product.multiply(
        m: outputs, n: inputs, k: rows, dy, lda: outputs, transposedA: true, x, ldb: inputs, beta: 1, into: dWeight,
        ldc: inputs)
    }
  }
}

extension TangentForward {
  /// ty (+)= W tx + tW x + tb.
  func linear(
    _ place: LinearParameters, _ along: LinearParameters, x: UnsafePointer<Float>, tx: UnsafePointer<Float>,
    adding: Bool,
    rows count: Int? = nil, into ty: UnsafeMutablePointer<Float>
  ) {
    let rows = count ?? self.rows
    let scratch = forward.workspace.weight
    forward.weights.multiply(place, tx, rows: rows, adding: adding, into: ty, scratch: scratch)
    direction.weights.multiply(along, x, rows: rows, adding: true, into: ty, scratch: scratch)
    if let bias = along.bias {
      TransformerKernel.addBias(ty, bias: direction.weights.vector(bias), rows: rows, columns: along.outputs)
    }
  }
}

extension TangentBackward {
  /// dx = dy W and tdx = tdy W + dy tW.
  func back(
    _ place: LinearParameters, _ dy: UnsafePointer<Float>, _ tdy: UnsafePointer<Float>, rows: Int,
    _ dx: UnsafeMutablePointer<Float>, _ tdx: UnsafeMutablePointer<Float>
  ) {
    backward.transposed.multiply(
      place, dy, rows: rows, adding: false, into: dx, scratch: workspace.gradient.forward.weight)
    backward.transposed.multiply(
      place, tdy, rows: rows, adding: false, into: tdx, scratch: workspace.gradient.forward.weight)
    transposed.multiply(place, dy, rows: rows, adding: true, into: tdx, scratch: workspace.gradient.forward.weight)
  }

  /// tdW = tdyᵀ x + dyᵀ tx and tdb = Σ tdy.
  func parameters(
    _ place: LinearParameters, x: UnsafePointer<Float>, tx: UnsafePointer<Float>, dy: UnsafePointer<Float>,
    tdy: UnsafePointer<Float>, rows: Int
  ) {
    target.add(place.weight, place.outputs * place.inputs, scratch: workspace.gradient.block) { block in
      for (d, values) in [(tdy, x), (dy, tx)] {
        place.addOuterProduct(d, values, rows: rows, into: block, panels: workspace.gradient.panels)
      }
    }
    if let bias = place.bias {
      target.add(bias, place.outputs, scratch: workspace.gradient.block) { block in
        BackwardKernel.columnSums(tdy, rows: rows, columns: place.outputs, addingInto: block)
      }
    }
  }
}
