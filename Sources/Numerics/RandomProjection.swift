import CVectorKernels
import Domain

/// A seeded random projection of vectors of `inputs` numbers, linear, so that a vector may come in parts:
/// E ⟨P x, P y⟩ = ⟨x, y⟩.
package struct RandomProjection: Sendable {
  package let kind: ProjectionKind
  package let inputs: Int
  package let outputs: Int
  package let seed: UInt64
  /// Elements that are transformed together: a power of two, no smaller than the outputs.
  private let tile: Int
  /// For each tile the outputs that are kept of its transform.
  private let kept: [UInt32]

  /// - Precondition: `outputs` is at least 1; for `hadamard` at most 2^20.
  package init(kind: ProjectionKind, inputs: Int, outputs: Int, seed: UInt64) {
    precondition(inputs >= 0 && outputs >= 1 && (kind == .rademacher || outputs <= 1 << 20))
    self.kind = kind
    self.inputs = inputs
    self.outputs = outputs
    self.seed = seed
    guard kind == .hadamard else {
      tile = 1 << 12
      kept = []
      return
    }
    var tile = 16
    while tile < min(max(inputs, 1), 1 << 16) || tile < outputs { tile *= 2 }
    self.tile = tile
    var kept: [UInt32] = []
    for number in 0..<(inputs + tile - 1) / tile {
      var chance = SeededGenerator(seed: seed &+ 0xA5A5 &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
      kept += chance.sample(outputs, of: tile).map { UInt32($0) }
    }
    self.kept = kept
  }

  package func makeWorkspace() -> ProjectionWorkspace { ProjectionWorkspace() }

  /// Adds the projection of a part of a vector, elements `offset..<offset + count`, to `target`, which has room for `outputs`. Small
  /// parts may be held back in the workspace until `finish`.
  package func add(
    _ x: UnsafePointer<Float>, offset: Int, count: Int, to target: UnsafeMutablePointer<Float>,
    in workspace: ProjectionWorkspace
  ) {
    precondition(offset >= 0 && count >= 0 && offset <= inputs - count)
    guard kind == .hadamard else {
      return wk_rademacher(x, count, seed, UInt64(offset), outputs, target)
    }
    var done = 0
    while done < count {
      let number = (offset + done) / tile
      let within = (offset + done) % tile
      let size = min(tile - within, count - done)
      if size == tile {
        let buffer = workspace.buffer(tile)
        buffer.update(repeating: 0, count: tile)
        wk_add_signed(x + done, size, seed, UInt64(offset + done), buffer)
        emit(buffer, number, to: target)
      } else {
        // Parts of a tile wait for each other: the transform is the dear part.
        wk_add_signed(x + done, size, seed, UInt64(offset + done), workspace.pending(number, size: tile) + within)
      }
      done += size
    }
  }

  /// Adds what was held back and scales the whole: `target` then has the projection. To be called once for each vector, at its end.
  package func finish(_ target: UnsafeMutablePointer<Float>, in workspace: ProjectionWorkspace) {
    workspace.drain { number, buffer in emit(buffer, number, to: target) }
    // A transform of tile t keeps k of t outputs, each a sum with signs: √(t/k) · 1/√t.
    let scale = 1 / Float(outputs).squareRoot()
    for element in 0..<outputs { target[element] *= scale }
  }

  private func emit(_ buffer: UnsafeMutablePointer<Float>, _ number: Int, to target: UnsafeMutablePointer<Float>) {
    wk_hadamard(buffer, tile)
    kept.withUnsafeBufferPointer { kept in
      guard let base = kept.baseAddress else { return }
      wk_add_gathered(buffer, base + number * outputs, outputs, 1, target)
    }
  }

  /// The projection of a whole vector.
  package func callAsFunction(
    _ x: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, in workspace: ProjectionWorkspace
  ) {
    target.update(repeating: 0, count: outputs)
    add(x, offset: 0, count: inputs, to: target, in: workspace)
    finish(target, in: workspace)
  }
}

/// Scratch memory for one worker's projections. One vector at a time may use it.
package final class ProjectionWorkspace {
  package init() {}

  private var whole: LargeMemory?
  private var tiles: [Int: LargeMemory] = [:]
  private var order: [Int] = []
  private var free: [LargeMemory] = []

  func buffer(_ count: Int) -> UnsafeMutablePointer<Float> {
    let memory = whole ?? LargeMemory(bytes: count * MemoryLayout<Float>.stride)
    whole = memory
    return memory.base.assumingMemoryBound(to: Float.self)
  }

  /// A tile's buffer, zeros when it is first asked for.
  func pending(_ number: Int, size: Int) -> UnsafeMutablePointer<Float> {
    if let memory = tiles[number] { return memory.base.assumingMemoryBound(to: Float.self) }
    let memory = free.popLast() ?? LargeMemory(bytes: size * MemoryLayout<Float>.stride)
    let base = memory.base.assumingMemoryBound(to: Float.self)
    base.update(repeating: 0, count: size)
    tiles[number] = memory
    order.append(number)
    return base
  }

  /// Hands over all tiles, in ascending order so that sums are the same every time, and forgets them.
  func drain(_ body: (Int, UnsafeMutablePointer<Float>) -> Void) {
    for number in order.sorted() {
      guard let memory = tiles[number] else { continue }
      body(number, memory.base.assumingMemoryBound(to: Float.self))
      free.append(memory)
    }
    tiles.removeAll(keepingCapacity: true)
    order.removeAll(keepingCapacity: true)
  }
}
