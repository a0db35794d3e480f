import Foundation

/// Writes GGUF files, for tests: metadata and tensors as they are given, right or wrong.
package struct GGUFBytes {
  package enum Value {
    case uint32(UInt32)
    case float32(Float)
    case bool(Bool)
    case string(String)
    case strings([[UInt8]])
    case floats([Float])
    case integers([Int32])
    /// A value's bytes behind its type's number.
    case raw(type: UInt32, Data)
  }

  package struct Tensor {
    package var name: String
    /// Outermost first.
    package var shape: [Int]
    /// ggml's number.
    package var type: UInt32
    package var bytes: Data

    package init(_ name: String, shape: [Int], type: UInt32 = 0, bytes: Data) {
      (self.name, self.shape, self.type, self.bytes) = (name, shape, type, bytes)
    }

    package init(_ name: String, shape: [Int], floats: [Float]) {
      self.init(name, shape: shape, bytes: floats.withUnsafeBytes { Data($0) })
    }
  }

  package var version: UInt32 = 3
  package var metadata: [(key: String, value: Value)] = []
  package var tensors: [Tensor] = []
  /// What the header says of them, where that is not how many there are.
  package var declaredTensors: UInt64?
  package var declaredKeys: UInt64?

  package init() {}

  package mutating func set(_ key: String, _ value: Value) {
    metadata.removeAll { $0.key == key }
    metadata.append((key, value))
  }

  package mutating func remove(_ key: String) { metadata.removeAll { $0.key == key } }

  package var data: Data {
    var data = Data("GGUF".utf8)
    Self.put(version, in: &data)
    Self.put(declaredTensors ?? UInt64(tensors.count), in: &data)
    Self.put(declaredKeys ?? UInt64(metadata.count), in: &data)
    for (key, value) in metadata {
      Self.put(Array(key.utf8), in: &data)
      Self.put(value, in: &data)
    }
    var offset = 0
    for tensor in tensors {
      Self.put(Array(tensor.name.utf8), in: &data)
      Self.put(UInt32(tensor.shape.count), in: &data)
      for size in tensor.shape.reversed() { Self.put(UInt64(size), in: &data) }
      Self.put(tensor.type, in: &data)
      Self.put(UInt64(offset), in: &data)
      offset = Self.aligned(offset + tensor.bytes.count)
    }
    for tensor in tensors {
      data.append(Data(count: Self.aligned(data.count) - data.count))
      data.append(tensor.bytes)
    }
    return data
  }

  private static func aligned(_ count: Int) -> Int { (count + 31) & ~31 }

  private static func put(_ value: some FixedWidthInteger, in data: inout Data) {
    withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) }
  }

  private static func put(_ string: [UInt8], in data: inout Data) {
    put(UInt64(string.count), in: &data)
    data.append(contentsOf: string)
  }

  private static func put(_ value: Value, in data: inout Data) {
    switch value {
    case .uint32(let value):
      put(UInt32(4), in: &data)
      put(value, in: &data)
    case .float32(let value):
      put(UInt32(6), in: &data)
      put(value.bitPattern, in: &data)
    case .bool(let value):
      put(UInt32(7), in: &data)
      put(UInt8(value ? 1 : 0), in: &data)
    case .string(let value):
      put(UInt32(8), in: &data)
      put(Array(value.utf8), in: &data)
    case .strings(let values):
      for number in [UInt32(9), 8] { put(number, in: &data) }
      put(UInt64(values.count), in: &data)
      for value in values { put(value, in: &data) }
    case .floats(let values):
      for number in [UInt32(9), 6] { put(number, in: &data) }
      put(UInt64(values.count), in: &data)
      for value in values { put(value.bitPattern, in: &data) }
    case .integers(let values):
      for number in [UInt32(9), 5] { put(number, in: &data) }
      put(UInt64(values.count), in: &data)
      for value in values { put(value, in: &data) }
    case .raw(let type, let bytes):
      put(type, in: &data)
      data.append(bytes)
    }
  }
}
