import Domain
import Foundation
import Numerics

/// A GGUF file (llama.cpp, Ollama, LM Studio): metadata and tensors, mapped. Versions 2 and 3, little-endian.
///
/// Layout: magic, version, counts; key, type and value of each entry; name, dimensions, type and offset of each tensor; padding; the
/// data (ggml's docs/gguf.md). All sizes are checked against the file before anything is made of them.
package final class GGUFFile: Sendable {
  /// An array stays in the file until it is asked for: vocabularies hold hundreds of thousands of strings.
  package struct List: Sendable {
    package var count: Int
    fileprivate var type: UInt32
    fileprivate var start: Int
  }

  package enum Value: Sendable {
    case integer(Int64)
    /// Beyond `Int64`.
    case large(UInt64)
    case real(Double)
    case bool(Bool)
    case string([UInt8])
    case list(List)
  }

  package struct Entry: Sendable {
    package var type: UInt32
    /// Outermost dimension first, as elsewhere here; the file has them the other way round.
    package var shape: [Int]
    /// In the file.
    package var bytes: Range<Int>
  }

  package let file: MappedFile
  package let version: UInt32
  package let metadata: [String: Value]
  package let entries: [String: Entry]
  /// Where the tensors' data begin.
  let dataStart: Int

  package convenience init(path: String) throws(CheckpointError) { try self.init(MappedFile(checkpoint: path)) }

  package init(_ file: MappedFile) throws(CheckpointError) {
    self.file = file
    var reader = Reader(file)
    guard Self.isGGUF(file.bytes) else { throw reader.malformed("no GGUF file: it does not begin with \"GGUF\"") }
    reader.offset = 4
    version = try reader.integer(UInt32.self, of: "the version")
    if version.byteSwapped == 2 || version.byteSwapped == 3 {
      throw .unsupportedSetting("a big-endian GGUF file", file: file.path)
    }
    guard version == 2 || version == 3 else { throw .unsupportedSetting("GGUF version \(version)", file: file.path) }
    // The loops below end where the file does, whatever the counts say; nothing is reserved for them.
    let tensors = try reader.integer(UInt64.self, of: "the number of tensors")
    let keys = try reader.integer(UInt64.self, of: "the number of keys")
    var metadata: [String: Value] = [:]
    var number: UInt64 = 0
    while number < keys {
      let name = String(decoding: try reader.string(of: "key \(number)"), as: UTF8.self)
      let value = try reader.value(of: "key \(name)")
      guard metadata.updateValue(value, forKey: name) == nil else { throw reader.malformed("key \(name) stands twice") }
      number += 1
    }
    self.metadata = metadata
    (entries, dataStart) = try reader.tensors(tensors, alignment: Self.alignment(metadata, in: file))
  }

  package static func isGGUF(_ bytes: UnsafeRawBufferPointer) -> Bool { bytes.starts(with: "GGUF".utf8) }

  private static func alignment(_ metadata: [String: Value], in file: MappedFile) throws(CheckpointError) -> Int {
    guard let value = metadata["general.alignment"] else { return 32 }
    guard case .integer(let alignment) = value, alignment > 0, alignment <= 1 << 20, alignment.nonzeroBitCount == 1
    else { throw .malformed(file.path, reason: "general.alignment is no power of two") }
    return Int(alignment)
  }

  package var names: [String] { entries.keys.sorted() }
}

// MARK: Metadata

extension GGUFFile {
  func malformed(_ reason: String) -> CheckpointError { .malformed(file.path, reason: reason) }

  package func text(_ key: String) -> String? { bytes(key).map { String(decoding: $0, as: UTF8.self) } }

  func bytes(_ key: String) -> [UInt8]? {
    guard case .string(let bytes)? = metadata[key] else { return nil }
    return bytes
  }

  func bool(_ key: String) -> Bool? {
    guard case .bool(let value)? = metadata[key] else { return nil }
    return value
  }

  /// A whole number.
  package func integer(_ key: String) -> Int? {
    guard case .integer(let value)? = metadata[key] else { return nil }
    return Int(value)
  }

  /// A number of either kind.
  func number(_ key: String) -> Double? {
    switch metadata[key] {
    case .integer(let value)?: Double(value)
    case .real(let value)?: value
    default: nil
    }
  }

  /// How many elements an array has.
  func count(_ key: String) -> Int? {
    guard case .list(let list)? = metadata[key] else { return nil }
    return list.count
  }

  /// An array of strings; nil if there is none of that name.
  func strings(_ key: String) throws(CheckpointError) -> [[UInt8]]? {
    guard case .list(let list)? = metadata[key] else { return nil }
    guard list.type == ValueType.string else { throw malformed("\(key) is no array of strings") }
    var reader = Reader(file)
    reader.offset = list.start
    var strings: [[UInt8]] = []
    strings.reserveCapacity(list.count)  // each takes 8 bytes of the file at least: checked when the header was read
    for _ in 0..<list.count { strings.append(Array(try reader.string(of: key))) }
    return strings
  }

  /// An array of numbers; nil if there is none of that name.
  func numbers(_ key: String) throws(CheckpointError) -> [Double]? {
    guard case .list(let list)? = metadata[key] else { return nil }
    var reader = Reader(file)
    reader.offset = list.start
    var numbers: [Double] = []
    numbers.reserveCapacity(list.count)
    for _ in 0..<list.count {
      switch try reader.value(type: list.type, of: key) {
      case .integer(let value): numbers.append(Double(value))
      case .large(let value): numbers.append(Double(value))
      case .real(let value): numbers.append(value)
      case .bool(let value): numbers.append(value ? 1 : 0)
      default: throw malformed("\(key) is no array of numbers")
      }
    }
    return numbers
  }
}

/// GGUF's numbers of the types that a value can have.
private enum ValueType {
  static let bool: UInt32 = 7
  static let string: UInt32 = 8
  static let list: UInt32 = 9

  /// Bytes of a type that has a fixed size.
  static func size(_ type: UInt32) -> Int? {
    switch type {
    case 0, 1, bool: 1  // uint8, int8
    case 2, 3: 2  // uint16, int16
    case 4, 5, 6: 4  // uint32, int32, float32
    case 10, 11, 12: 8  // uint64, int64, float64
    default: nil
    }
  }
}

/// A cursor over the header that never leaves the file.
private struct Reader {
  let file: MappedFile
  var offset = 0

  init(_ file: MappedFile) { self.file = file }

  var remaining: Int { file.bytes.count - offset }

  func malformed(_ reason: String) -> CheckpointError { .malformed(file.path, reason: reason) }

  func truncated(_ what: String) -> CheckpointError {
    .malformed(file.path, reason: "truncated: \(what) reaches beyond the file's \(file.bytes.count) bytes")
  }

  mutating func integer<Number: FixedWidthInteger>(
    _ type: Number.Type, of what: String
  ) throws(CheckpointError) -> Number {
    guard remaining >= MemoryLayout<Number>.size else { throw truncated(what) }
    defer { offset += MemoryLayout<Number>.size }
    return Number(littleEndian: file.bytes.loadUnaligned(fromByteOffset: offset, as: type))
  }

  mutating func string(of what: String) throws(CheckpointError) -> UnsafeRawBufferPointer {
    let count = try integer(UInt64.self, of: what)
    guard count <= UInt64(remaining) else { throw truncated(what) }
    defer { offset += Int(count) }
    return UnsafeRawBufferPointer(rebasing: file.bytes[offset..<offset + Int(count)])
  }

  mutating func value(of what: String) throws(CheckpointError) -> GGUFFile.Value {
    try value(type: integer(UInt32.self, of: what), of: what)
  }

  mutating func value(type: UInt32, of what: String) throws(CheckpointError) -> GGUFFile.Value {
    switch type {
    case 0: return .integer(Int64(try integer(UInt8.self, of: what)))
    case 1: return .integer(Int64(try integer(Int8.self, of: what)))
    case 2: return .integer(Int64(try integer(UInt16.self, of: what)))
    case 3: return .integer(Int64(try integer(Int16.self, of: what)))
    case 4: return .integer(Int64(try integer(UInt32.self, of: what)))
    case 5: return .integer(Int64(try integer(Int32.self, of: what)))
    case 6: return .real(Double(Float(bitPattern: try integer(UInt32.self, of: what))))
    case ValueType.bool: return .bool(try integer(UInt8.self, of: what) != 0)
    case ValueType.string: return .string(Array(try string(of: what)))
    case ValueType.list: return .list(try list(of: what))
    case 10:
      let value = try integer(UInt64.self, of: what)
      return Int64(exactly: value).map { .integer($0) } ?? .large(value)
    case 11: return .integer(try integer(Int64.self, of: what))
    case 12: return .real(Double(bitPattern: try integer(UInt64.self, of: what)))
    default: throw malformed("\(what) is of type \(type), which GGUF does not have")
    }
  }

  /// Steps over an array.
  private mutating func list(of what: String) throws(CheckpointError) -> GGUFFile.List {
    let type = try integer(UInt32.self, of: what)
    let declared = try integer(UInt64.self, of: what)
    guard let count = Int(exactly: declared), count <= remaining else { throw truncated(what) }
    let list = GGUFFile.List(count: count, type: type, start: offset)
    if type == ValueType.string {
      for _ in 0..<count { _ = try string(of: what) }
    } else if let size = ValueType.size(type) {
      guard count <= remaining / size else { throw truncated(what) }
      offset += count * size
    } else {
      throw malformed("\(what) is an array of type \(type), which is not read")
    }
    return list
  }

  /// The tensors' entries. What is behind them is the data, from the next multiple of the alignment on.
  mutating func tensors(
    _ count: UInt64, alignment: Int
  ) throws(CheckpointError) -> (entries: [String: GGUFFile.Entry], dataStart: Int) {
    var infos: [(name: String, shape: [Int], type: UInt32, offset: UInt64)] = []
    var number: UInt64 = 0
    while number < count {
      let name = String(decoding: try string(of: "tensor \(number)"), as: UTF8.self)
      let dimensions = try integer(UInt32.self, of: "tensor \(name)")
      guard (1...4).contains(dimensions) else { throw malformed("tensor \(name) has \(dimensions) dimensions") }
      var shape: [Int] = []
      for _ in 0..<dimensions {
        guard let size = Int(exactly: try integer(UInt64.self, of: "tensor \(name)")) else {
          throw malformed("tensor \(name): a dimension is beyond all sizes")
        }
        shape.insert(size, at: 0)
      }
      let type = try integer(UInt32.self, of: "tensor \(name)")
      infos.append((name, shape, type, try integer(UInt64.self, of: "tensor \(name)")))
      number += 1
    }
    let (rounded, overflow) = offset.addingReportingOverflow(alignment - 1)
    let start = overflow ? file.bytes.count : min(file.bytes.count, rounded & ~(alignment - 1))
    var entries: [String: GGUFFile.Entry] = [:]
    for info in infos {
      guard info.offset % UInt64(alignment) == 0 else { throw malformed("tensor \(info.name) lies between two places") }
      guard let place = Int(exactly: info.offset), place <= file.bytes.count - start else {
        throw truncated("tensor \(info.name)")
      }
      // Of a type that is not known here the size is not either: it is refused when the tensor is read.
      var bytes = 0
      if let type = GGUFType(info.type) {
        guard let size = type.bytes(info.shape) else {
          throw malformed("tensor \(info.name): shape \(info.shape) is not made of whole blocks of \(type.name)")
        }
        guard size <= file.bytes.count - start - place else { throw truncated("tensor \(info.name)") }
        bytes = size
      }
      let entry = GGUFFile.Entry(type: info.type, shape: info.shape, bytes: start + place..<start + place + bytes)
      guard entries.updateValue(entry, forKey: info.name) == nil else {
        throw malformed("tensor \(info.name) stands twice")
      }
    }
    return (entries, start)
  }
}
