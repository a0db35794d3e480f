import CVectorKernels

/// The inner loops of a transformer, on caller-owned row-major float32 memory; the C header states each formula.
package enum TransformerKernel {
  package static func rmsNorm(
    _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, epsilon: Float, rows: Int, columns: Int,
    into y: UnsafeMutablePointer<Float>
  ) {
    wk_rms_norm(x, weight, epsilon, rows, columns, y)
  }

  package static func layerNorm(
    _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>, epsilon: Float, rows: Int,
    columns: Int, into y: UnsafeMutablePointer<Float>
  ) {
    wk_layer_norm(x, weight, bias, epsilon, rows, columns, y)
  }

  /// RMS norm of each of the first `heads` heads of each row, in place.
  package static func headNorm(
    _ x: UnsafeMutablePointer<Float>, stride: Int, rows: Int, heads: Int, headSize: Int, weight: UnsafePointer<Float>,
    epsilon: Float
  ) {
    wk_head_norm(x, stride, rows, heads, headSize, weight, epsilon)
  }

  /// Rotary position embedding of the first `heads` heads of each row, in place; `backward` turns the other way.
  package static func rotate(
    _ x: UnsafeMutablePointer<Float>, stride: Int, rows: Int, heads: Int, headSize: Int,
    positions: UnsafePointer<Int32>, cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>, backward: Bool = false
  ) {
    wk_rotate(x, stride, rows, heads, headSize, positions, cosines, sines, backward ? -1 : 1)
  }

  package static func siluMultiply(
    gateUp: UnsafePointer<Float>, rows: Int, columns: Int, into y: UnsafeMutablePointer<Float>
  ) {
    wk_silu_multiply(gateUp, rows, columns, y)
  }

  package static func gelu(_ x: UnsafeMutablePointer<Float>, count: Int) { wk_gelu(x, count) }

  package static func addBias(_ x: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>, rows: Int, columns: Int) {
    wk_add_rows(x, bias, rows, columns)
  }

  /// Folds a block of logits into each row's running maximum and sum of exponentials.
  package static func foldLogSumExp(
    _ logits: UnsafePointer<Float>, stride: Int, rows: Int, columns: Int, maxima: UnsafeMutablePointer<Float>,
    sums: UnsafeMutablePointer<Float>
  ) {
    wk_fold_log_sum_exp(logits, stride, rows, columns, maxima, sums)
  }
}

/// Softmax attention of a tile of query rows over packed runs of keys and values.
package enum AttentionKernel {
  /// Query rows a call may have, and bits in an `own` mask.
  package static let tileRows = Int(WK_ATTENTION_ROWS)

  package typealias KeyRun = wk_key_run

  /// Floats of scratch memory that a call needs.
  package static func scratchCount(headSize: Int) -> Int { wk_attention_scratch(headSize) }

  /// Floats that packed keys of `count` rows take.
  package static func packedKeys(count: Int, headSize: Int) -> Int { (count + 15) / 16 * 16 * headSize }

  /// Floats between the chunks of packed values with room for `count` rows, and the number of chunks.
  package static func valueStride(count: Int) -> Int { count * 16 }
  package static func valueChunks(headSize: Int) -> Int { (headSize + 15) / 16 }

  package static func packKeys(
    _ keys: UnsafePointer<Float>, stride: Int, rows: UnsafePointer<Int32>, count: Int, headSize: Int, first: Int,
    into packed: UnsafeMutablePointer<Float>
  ) {
    wk_pack_keys(keys, stride, rows, count, headSize, first, packed)
  }

  package static func packValues(
    _ values: UnsafePointer<Float>, stride: Int, rows: UnsafePointer<Int32>, count: Int, headSize: Int, first: Int,
    into packed: UnsafeMutablePointer<Float>, packedStride: Int
  ) {
    wk_pack_values(values, stride, rows, count, headSize, first, packed, packedStride)
  }

  /// Row r sees keys first[2r]..<last[2r] of the first run, first[2r+1]..<last[2r+1] of the second, and of the third
  /// those whose bit is set in own[r]; each row must see one key at least. `wide` needs registers of 512 bits.
  package static func attend(
    wide: Bool = PanelProduct.pays,
    queries: UnsafePointer<Float>, stride: Int, rows: Int, headSize: Int, scale: Float, runs: UnsafePointer<KeyRun>,
    first: UnsafePointer<Int32>, last: UnsafePointer<Int32>, own: UnsafePointer<UInt32>,
    into out: UnsafeMutablePointer<Float>, outStride: Int, scratch: UnsafeMutablePointer<Float>
  ) {
    wk_attend(wide ? 1 : 0, queries, stride, rows, headSize, scale, runs, first, last, own, out, outStride, scratch)
  }
}
