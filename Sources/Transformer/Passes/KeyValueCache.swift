import Checkpoints
import Numerics

/// The keys and values of a prefix in every layer, packed as the attention kernel reads them. Immutable once made, and read
/// by any number of workers.
package final class KeyValueCache: Sendable {
  /// Tokens of the prefix.
  package let count: Int
  private let headSize: Int
  private let heads: Int
  private let keys: Matrix  // (layer, head) × packed keys
  private let values: Matrix  // (layer, head) × packed values

  init(count: Int, configuration: ModelConfiguration) {
    self.count = count
    headSize = configuration.headSize
    heads = configuration.keyValueHeads
    let rows = configuration.layers * heads
    keys = Matrix(
      uninitializedRows: rows, columns: AttentionKernel.packedKeys(count: count, headSize: headSize))
    values = Matrix(
      uninitializedRows: rows,
      columns: AttentionKernel.valueChunks(headSize: headSize) * AttentionKernel.valueStride(count: count))
  }

  /// Bytes of memory held.
  package var bytes: Int { (keys.count + values.count) * MemoryLayout<Float>.stride }

  /// Fills a layer from rows of keys and values (one head behind the other); only before the cache is handed out.
  func fill(layer: Int, keys source: UnsafePointer<Float>, values valueSource: UnsafePointer<Float>, stride: Int) {
    let rows = (0..<Int32(count)).map { $0 }
    for head in 0..<heads {
      AttentionKernel.packKeys(
        source + head * headSize, stride: stride, rows: rows, count: count, headSize: headSize, first: 0,
        into: keys.base + (layer * heads + head) * keys.columns)
      AttentionKernel.packValues(
        valueSource + head * headSize, stride: stride, rows: rows, count: count, headSize: headSize, first: 0,
        into: values.base + (layer * heads + head) * values.columns,
        packedStride: AttentionKernel.valueStride(count: count))
    }
  }

  func run(layer: Int, head: Int) -> AttentionKernel.KeyRun {
    let row = layer * heads + head
    return AttentionKernel.KeyRun(
      keys: keys.base + row * keys.columns, values: values.base + row * values.columns,
      value_stride: AttentionKernel.valueStride(count: count), count: count)
  }
}
