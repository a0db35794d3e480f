import Domain
import Foundation
import Numerics
import Testing

@Suite struct TransformerKernelTests {
  private static func numbers(_ count: Int, seed: UInt64, scale: Float = 1) -> [Float] {
    var chance = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Float(2 * chance.unit() - 1) * scale }
  }

  @Test func everyHalfPrecisionNumberIsWidenedExactly() {
    let patterns = (0...UInt16.max).map { $0 }
    var wide = [Float](repeating: 0, count: patterns.count)
    Widen.run(patterns, .float16, count: patterns.count, into: &wide)
    for pattern in patterns {
      let expected = Float(Float16(bitPattern: pattern))
      #expect(wide[Int(pattern)].bitPattern == expected.bitPattern || (wide[Int(pattern)].isNaN && expected.isNaN))
    }
    Widen.run(patterns, .bfloat16, count: patterns.count, into: &wide)
    for pattern in patterns { #expect(wide[Int(pattern)].bitPattern == UInt32(pattern) << 16) }
  }

  @Test(arguments: [StoredFloat.float32, .float16, .bfloat16]) func lanesOfAStoredMatrixAreItsElements(
    type: StoredFloat
  ) {
    let (rows, columns) = (21, 37)
    let values = Self.numbers(rows * columns, seed: 9)
    var stored = [UInt8](repeating: 0, count: rows * columns * type.bytes + 1)
    for (place, value) in values.enumerated() {
      let bits =
        switch type {
        case .float32: value.bitPattern
        case .float16: UInt32(Float16(value).bitPattern)
        case .bfloat16: value.bitPattern >> 16
        }
      // One byte behind every alignment.
      for byte in 0..<type.bytes {
        stored[1 + place * type.bytes + byte] = UInt8(truncatingIfNeeded: bits >> (8 * byte))
      }
    }
    func expected(_ row: Int, _ column: Int) -> Float {
      let value = values[row * columns + column]
      return switch type {
      case .float32: value
      case .float16: Float(Float16(value))
      case .bfloat16: Float(bitPattern: value.bitPattern & 0xFFFF_0000)
      }
    }
    stored.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      // A block of rows 2... and columns 3..., as it lies and transposed.
      let start = base + 1 + (2 * columns + 3) * type.bytes
      var target = [Float](repeating: -7, count: 34 * 40)
      Widen.lanes(
        start, type, lanes: 30, depth: 18, laneStride: 1, depthStride: columns, into: &target, targetStride: 34)
      for row in 0..<18 {
        for column in 0..<34 {
          #expect(target[row * 34 + column] == (column < 30 ? expected(2 + row, 3 + column) : -7))
        }
      }
      target = [Float](repeating: -7, count: 34 * 40)
      Widen.lanes(
        start, type, lanes: 18, depth: 30, laneStride: columns, depthStride: 1, into: &target, targetStride: 34)
      for column in 0..<30 {
        for row in 0..<34 { #expect(target[column * 34 + row] == (row < 18 ? expected(2 + row, 3 + column) : -7)) }
      }
    }
  }

  @Test(
    .enabled(if: PanelProduct.pays, "the processor has no AVX-512"),
    arguments: [(1, 32, 3), (5, 64, 16), (30, 96, 513), (257, 32, 1100)])
  func aPanelProductIsTheProduct(rows: Int, outputs: Int, inputs: Int) {
    let x = Self.numbers(rows * inputs, seed: 1)
    let weight = Self.numbers(outputs * inputs, seed: 2)
    var panels = [Float](repeating: 0, count: weight.count)
    var unpacked = panels
    PanelProduct.pack(weight, outputs: outputs, inputs: inputs, into: &panels)
    PanelProduct.unpack(panels, outputs: outputs, inputs: inputs, into: &unpacked)
    #expect(unpacked == weight)
    let start = Self.numbers(rows * outputs, seed: 3)
    for adding in [false, true] {
      var y = start
      PanelProduct.multiply(
        rows: rows, outputs: outputs, inputs: inputs, x, stride: inputs, panels: panels, adding: adding, into: &y,
        stride: outputs)
      for row in stride(from: 0, to: rows, by: 7) {
        for output in 0..<outputs {
          var sum = adding ? Double(start[row * outputs + output]) : 0
          for i in 0..<inputs { sum += Double(x[row * inputs + i]) * Double(weight[output * inputs + i]) }
          #expect(abs(Double(y[row * outputs + output]) - sum) < 1e-4)
        }
      }
    }
  }

  /// Three runs of keys, random windows and masks, against the softmax written out in float64.
  @Test(arguments: [8, 16, 24, 64, 80], [0, 30, 1100])
  func attentionIsTheSoftmaxOverTheKeysSeen(size: Int, prefixCount: Int) {
    let counts = [prefixCount, 75, AttentionKernel.tileRows - 3]
    let rows = counts[2]
    var chance = SeededGenerator(seed: UInt64(size + prefixCount))
    let keys = counts.enumerated().map { Self.numbers($1 * size, seed: UInt64(10 + $0), scale: 3) }
    let values = counts.enumerated().map { Self.numbers($1 * size, seed: UInt64(20 + $0)) }
    let queries = Self.numbers(rows * size, seed: 30, scale: 2)
    var first: [Int32] = []
    var last: [Int32] = []
    var own: [UInt32] = []
    for row in 0..<rows {
      let from = [chance.below(prefixCount + 1), chance.below(counts[1] + 1)]
      first += from.map { Int32($0) }
      last += [
        Int32(from[0] + chance.below(prefixCount - from[0] + 1)),
        Int32(from[1] + chance.below(counts[1] - from[1] + 1)),
      ]
      own.append(UInt32(truncatingIfNeeded: chance.next()) & (1 << UInt32(row) &- 1) | 1 << UInt32(row))
    }
    let everyRow = (0..<Int32(2000)).map { $0 }
    let packed = counts.indices.map { run in
      let stride = AttentionKernel.valueStride(count: counts[run])
      var k = Matrix(
        uninitializedRows: 1, columns: AttentionKernel.packedKeys(count: counts[run], headSize: size))
      var v = Matrix(uninitializedRows: 1, columns: AttentionKernel.valueChunks(headSize: size) * stride)
      AttentionKernel.packKeys(
        keys[run], stride: size, rows: everyRow, count: counts[run], headSize: size, first: 0, into: k.mutableStart())
      AttentionKernel.packValues(
        values[run], stride: size, rows: everyRow, count: counts[run], headSize: size, first: 0, into: v.mutableStart(),
        packedStride: stride)
      return PackedRun(keys: k, values: v, stride: stride, count: counts[run])
    }
    let scale = 1 / Float(size).squareRoot()
    for wide in PanelProduct.pays ? [false, true] : [false] {
      var out = [Float](repeating: 0, count: rows * size)
      var scratch = [Float](repeating: 0, count: AttentionKernel.scratchCount(headSize: size))
      AttentionKernel.attend(
        wide: wide, queries: queries, stride: size, rows: rows, headSize: size, scale: scale, runs: packed.map(\.run),
        first: first, last: last, own: own, into: &out, outStride: size, scratch: &scratch)
      for row in 0..<rows {
        var seen: [(score: Double, run: Int, key: Int)] = []
        for run in 0..<3 {
          for key in 0..<counts[run] {
            let sees =
              run == 2
              ? own[row] >> UInt32(key) & 1 == 1 : (first[2 * row + run]..<last[2 * row + run]).contains(Int32(key))
            guard sees else { continue }
            let score = (0..<size).reduce(0.0) {
              $0 + Double(queries[row * size + $1]) * Double(keys[run][key * size + $1])
            }
            seen.append((score * Double(scale), run, key))
          }
        }
        let total = seen.reduce(0.0) { $0 + exp($1.score) }
        for i in 0..<size {
          let expected = seen.reduce(0.0) { $0 + exp($1.score) / total * Double(values[$1.run][$1.key * size + i]) }
          #expect(abs(Double(out[row * size + i]) - expected) < 2e-6, "wide \(wide) row \(row) element \(i)")
        }
      }
    }
  }
}

/// Packed keys and values that live as long as the run that points to them.
private final class PackedRun {
  private let keys: Matrix
  private let values: Matrix
  let run: AttentionKernel.KeyRun

  init(keys: consuming Matrix, values: consuming Matrix, stride: Int, count: Int) {
    run = AttentionKernel.KeyRun(keys: keys.start(), values: values.start(), value_stride: stride, count: count)
    self.keys = keys
    self.values = values
  }
}
