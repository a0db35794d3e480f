import Numerics

/// How a tensor of a GGUF file is written, where that is read here.
struct GGUFType {
  let encoding: StoredTensor.Encoding
  let name: String

  /// By ggml's number; nil for a type that is not read.
  init?(_ number: UInt32) {
    switch number {
    case 0: encoding = .plain(.float32)
    case 1: encoding = .plain(.float16)
    case 30: encoding = .plain(.bfloat16)
    default:
      guard let blocks = QuantisedBlocks(rawValue: number) else { return nil }
      encoding = .blocks(blocks)
    }
    name = Self.name(number)
  }

  /// Elements that are stored together, and their bytes.
  private var block: (elements: Int, bytes: Int) {
    switch encoding {
    case .plain(let type): (1, type.bytes)
    case .blocks(let blocks): (blocks.weights, blocks.bytes)
    }
  }

  /// Of a tensor; nil if its rows are not whole blocks, or its size is beyond all numbers.
  func bytes(_ shape: [Int]) -> Int? {
    guard let row = shape.last, row % block.elements == 0 else { return nil }
    var count = row / block.elements
    for size in shape.dropLast() + [block.bytes] {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      if overflow || product > Int.max / 256 { return nil }
      count = product
    }
    return count
  }

  /// What ggml calls a type.
  static func name(_ number: UInt32) -> String {
    let names: [UInt32: String] = [
      0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K",
      12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S",
      20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64",
      29: "IQ1_M", 30: "BF16", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4", 40: "NVFP4",
    ]
    return names[number] ?? "ggml \(number)"
  }
}
