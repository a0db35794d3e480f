import Numerics

// Products: y = x Wᵀ + b for x [rows, inputs] and y [rows, outputs].

extension Forward {
  /// y (+)= x Wᵀ + b.
  func linear(
    _ linear: LinearParameters, _ x: UnsafePointer<Float>, rows: Int, adding: Bool = false,
    into y: UnsafeMutablePointer<Float>
  ) {
    weights.multiply(linear, x, rows: rows, adding: adding, into: y, scratch: workspace.weight)
    if let bias = linear.bias {
      TransformerKernel.addBias(y, bias: weights.vector(bias), rows: rows, columns: linear.outputs)
    }
  }
}

extension Backward {
  /// dx = dy W, dW = dyᵀ x and db = Σ dy.
  func linear(
    _ linear: LinearParameters, x: UnsafePointer<Float>, dy: UnsafePointer<Float>, rows: Int,
    into dx: UnsafeMutablePointer<Float>
  ) {
    target.add(linear.weight, linear.count, scratch: workspace.block) { block in
      linear.addOuterProduct(dy, x, rows: rows, into: block, panels: workspace.panels)
    }
    if let bias = linear.bias {
      target.add(bias, linear.outputs, scratch: workspace.block) { block in
        BackwardKernel.columnSums(dy, rows: rows, columns: linear.outputs, addingInto: block)
      }
    }
    transposed.multiply(linear, dy, rows: rows, adding: false, into: dx, scratch: workspace.weight)
  }
}

extension LinearParameters {
  /// dW += dyᵀ x.
  fileprivate func addOuterProduct(
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
    _ linear: LinearParameters, x: UnsafePointer<Float>, tx: UnsafePointer<Float>, rows: Int, adding: Bool = false,
    into ty: UnsafeMutablePointer<Float>
  ) {
    weights.multiply(linear, tx, rows: rows, adding: adding, into: ty, scratch: workspace.weight)
    direction.multiply(linear, x, rows: rows, adding: true, into: ty, scratch: workspace.weight)
    if let bias = linear.bias {
      TransformerKernel.addBias(ty, bias: direction.vector(bias), rows: rows, columns: linear.outputs)
    }
  }
}

extension TangentBackward {
  /// dx = dy W, tdx = tdy W + dy tW, tdW = tdyᵀ x + dyᵀ tx and tdb = Σ tdy.
  func linear(
    _ linear: LinearParameters, x: UnsafePointer<Float>, tx: UnsafePointer<Float>, dy: UnsafePointer<Float>,
    tdy: UnsafePointer<Float>, rows: Int, into dx: UnsafeMutablePointer<Float>, _ tdx: UnsafeMutablePointer<Float>
  ) {
    target.add(linear.weight, linear.count, scratch: workspace.block) { block in
      linear.addOuterProduct(tdy, x, rows: rows, into: block, panels: workspace.panels)
      linear.addOuterProduct(dy, tx, rows: rows, into: block, panels: workspace.panels)
    }
    if let bias = linear.bias {
      target.add(bias, linear.outputs, scratch: workspace.block) { block in
        BackwardKernel.columnSums(tdy, rows: rows, columns: linear.outputs, addingInto: block)
      }
    }
    backward.linear(linear, x: x, dy: dy, rows: rows, into: dx)
    backward.transposed.multiply(linear, tdy, rows: rows, adding: false, into: tdx, scratch: workspace.weight)
    transposed.multiply(linear, dy, rows: rows, adding: true, into: tdx, scratch: workspace.weight)
  }
}
