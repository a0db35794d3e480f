import Checkpoints
import Numerics

/// The keys and values of a prefix in every layer, packed as the attention kernel reads them. Immutable once made, and read
/// by any number of workers.
package final class KeyValueCache: Sendable {
  /// Tokens of the prefix.
  package let count: Int
  private let headSize: Int
  private let heads: Int
  private let packed: Matrix  // a row a head of a layer

  init(count: Int, configuration: ModelConfiguration) {
    self.count = count
    headSize = configuration.headSize
    heads = configuration.keyValueHeads
    packed = Matrix(
      uninitializedRows: configuration.layers * heads, columns: PackedHead.floats(count: count, headSize: headSize))
  }

  /// Bytes of memory held.
  package var bytes: Int { packed.count * MemoryLayout<Float>.stride }

  /// Fills a layer from rows of keys and values (one head behind the other); only before the cache is handed out.
  func fill(layer: Int, keys: UnsafePointer<Float>, values: UnsafePointer<Float>, stride: Int) {
    let rows = Array(0..<Int32(count))
    for head in 0..<heads {
      self.head(head, layer: layer).pack(
        keys + head * headSize, values + head * headSize, stride: stride, rows: rows[...])
    }
  }

  func run(layer: Int, head: Int) -> AttentionKernel.KeyRun { self.head(head, layer: layer).run(count: count) }

  private func head(_ head: Int, layer: Int) -> PackedHead {
    PackedHead(packed.base + (layer * heads + head) * packed.columns, count: count, headSize: headSize)
  }
}
