import Checkpoints
import Domain
import Foundation
import Numerics

/// Scratch memory for one worker's passes through a model and back, kept between calls so that it is touched for the first time
/// only once. One call at a time may use it.
package final class Workspace {
  /// Looked at before each block of a pass: once it is cancelled, a pass ends early and what it returns is of no use, so the
  /// caller must ask too.
  package var cancellation: Cancellation?

  var isCancelled: Bool { cancellation?.isCancelled == true }

  // The pass.
  let activations = Scratch()  // what the blocks fill
  let normed = Scratch()  // [rows, hidden]
  let up = Scratch()  // [row block, intermediate or twice that]
  let activated = Scratch()  // [rows, intermediate]
  let path = Scratch()  // packed keys and values of one head's path, and of its tile
  let own = Scratch()
  let attention = Scratch()
  let gathered = Scratch()  // [targets, hidden or query]
  let weight = Scratch()  // a slice that is widened as it is used
  let hidden = Scratch()  // [chunk, hidden]
  let logits = Scratch()  // [row block, vocabulary block] or [chunk, vocabulary]
  let logSums = Scratch()  // [2, row block]

  // The way back.
  let dResidual = Scratch()  // [rows, hidden]
  let dNormed = Scratch()
  let dActivated = Scratch()  // [rows, intermediate]
  let dUp = Scratch()
  let dAttended = Scratch()  // [rows, query]
  let dQueryKeyValue = Scratch()
  let dNorm = Scratch()  // [2, hidden]
  let output = Scratch()  // [chunk, hidden]
  let dOutput = Scratch()
  let dHidden = Scratch()
  let panels = Scratch()  // one product's inputs
  let block = Scratch()  // one tensor's derivatives
  let attentionWeights = Scratch()  // [up to 4, tile, keys]
  let head = Scratch()  // [up to 6, rows, head size]

  // Tangents of the pass.
  private var tangents: [Scratch] = []
  let tNormed = Scratch()
  let tActivated = Scratch()
  let tOutput = Scratch()
  let tHidden = Scratch()
  let tLogits = Scratch()

  // Tangents of the way back.
  let tdResidual = Scratch()
  let tdNormed = Scratch()
  let tdActivated = Scratch()
  let tdUp = Scratch()
  let tdAttended = Scratch()
  let tdQueryKeyValue = Scratch()
  let tdNorm = Scratch()
  let tdOutput = Scratch()
  let tdHidden = Scratch()

  private let frequencies: [Float]
  private let cosines = Scratch()  // [positions, head size / 2]
  private let sines = Scratch()
  private var positions = 0

  init(_ configuration: ModelConfiguration) {
    frequencies = configuration.family.rotates ? configuration.rotaryFrequencies() : []
  }

  /// What the blocks fill with tangents along one direction.
  func tangents(_ direction: Int) -> Scratch {
    while tangents.count <= direction { tangents.append(Scratch()) }
    return tangents[direction]
  }

  /// Rotary tables for positions `0..<count`.
  func rotary(_ count: Int) -> (cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>) {
    if count > positions {
      positions = max(count, 2 * positions)
      let cosine = cosines.floats(positions * frequencies.count)
      let sine = sines.floats(positions * frequencies.count)
      for position in 0..<positions {
        for (pair, frequency) in frequencies.enumerated() {
          let angle = Float(position) * frequency
          cosine[position * frequencies.count + pair] = cosf(angle)
          sine[position * frequencies.count + pair] = sinf(angle)
        }
      }
    }
    return (UnsafePointer(cosines.floats(0)), UnsafePointer(sines.floats(0)))
  }
}

/// A buffer that grows; growing loses its contents.
final class Scratch {
  private var base: UnsafeMutableRawPointer
  private var capacity = 0

  init() { base = .allocate(byteCount: 64, alignment: 64) }

  deinit { base.deallocate() }

  /// Room for `count` floats, valid until the next call that asks for more.
  func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
    if count > capacity {
      base.deallocate()
      // A little more than asked for spares growing again and again; a large buffer takes what it needs.
      capacity = count + min(count / 4, 1 << 20)
      base = .allocate(byteCount: capacity * MemoryLayout<Float>.stride, alignment: 64)
    }
    return base.bindMemory(to: Float.self, capacity: max(capacity, 1))
  }

  /// `count` zeros.
  func zeros(_ count: Int) -> UnsafeMutablePointer<Float> {
    let values = floats(count)
    values.update(repeating: 0, count: count)
    return values
  }
}
