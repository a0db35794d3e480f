import Numerics

// Token embeddings, and GPT-2's position embeddings: x = E[token] (+ P[position]). Linear, so that its tangent is the embedding of
// the direction.

extension Forward {
  /// Token embeddings, and GPT-2's learned position embeddings.
  func embed(into residual: UnsafeMutablePointer<Float>) {
    let hidden = configuration.hiddenSize
    for (row, token) in tokens.enumerated() {
      let target = residual + row * hidden
      weights.copyEmbedding(of: Int(token), into: target)
      if let table = layout.positions {
        Vector.add(weights.vector(table) + Int(positions[row]) * hidden, count: hidden, to: target)
      }
    }
  }
}

extension Backward {
  /// Token embeddings, and GPT-2's position embeddings.
  func embeddings(_ dx: UnsafePointer<Float>) {
    let size = c.hiddenSize
    for row in 0..<rows {
      add(dx + row * size, size, at: layout.embedding + Int(forward.tokens[row]) * size)
      if let table = layout.positions { add(dx + row * size, size, at: table + Int(forward.positions[row]) * size) }
    }
  }
}

extension TangentBackward {
  func embeddings(_ tdx: UnsafePointer<Float>) {
    let size = c.hiddenSize
    for row in 0..<rows {
      add(tdx + row * size, size, at: layout.embedding + Int(forward.tokens[row]) * size)
      if let table = layout.positions { add(tdx + row * size, size, at: table + Int(forward.positions[row]) * size) }
    }
  }
}
