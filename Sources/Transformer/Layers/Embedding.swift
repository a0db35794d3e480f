import Numerics

// Token embeddings, and GPT-2's position embeddings: x = E[token] (+ P[position]). Linear, so that its tangent is the embedding of
// the direction.

extension Forward {
  func embedding(into x: UnsafeMutablePointer<Float>) {
    let size = c.hiddenSize
    for (row, token) in tokens.enumerated() {
      weights.copyEmbedding(of: Int(token), into: x + row * size)
      if let table = layout.positions {
        Vector.add(weights.vector(table) + Int(positions[row]) * size, count: size, to: x + row * size)
      }
    }
  }
}

extension Backward {
  func embedding(_ dx: UnsafePointer<Float>) {
    let size = c.hiddenSize
    for (row, token) in forward.tokens.enumerated() {
      add(dx + row * size, size, at: layout.embedding + Int(token) * size)
      if let table = layout.positions { add(dx + row * size, size, at: table + Int(forward.positions[row]) * size) }
    }
  }
}

extension TangentForward {
  func embedding(into tx: UnsafeMutablePointer<Float>) {
    var pass = forward
    pass.weights = direction
    pass.embedding(into: tx)
  }
}

extension TangentBackward {
  func embedding(_ tdx: UnsafePointer<Float>) {
    var pass = backward
    pass.target = target
    pass.embedding(tdx)
  }
}
