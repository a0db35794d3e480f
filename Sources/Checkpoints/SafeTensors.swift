import Domain
import JSONBytes
import Numerics

/// How a stored tensor's elements are written.
package enum ElementType: String, Sendable, Hashable {
  case float32 = "F32"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case float64 = "F64"
  case int64 = "I64"

  package var bytes: Int {
    switch self {
    case .float32: 4
    case .float16, .bfloat16: 2
    case .float64, .int64: 8
    }
  }

  /// The type as one that widens to float32 without loss.
  package var widened: StoredFloat? {
    switch self {
    case .float32: .float32
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .float64, .int64: nil
    }
  }
}

/// A `.safetensors` file: a header of names, types, shapes and offsets, and the tensors' bytes, mapped.
///
/// Layout: 8 bytes little-endian header size n; n bytes of JSON; the data, to which `data_offsets` refer.
package final class SafeTensors: Sendable {
  package struct Entry: Sendable {
    /// As the header spells it: a type that is not computed with is refused when the tensor is read, not before.
    var type: String
    var shape: [Int]
    var bytes: Range<Int>  // in the file
  }

  package let file: MappedFile
  package let entries: [String: Entry]

  /// Maps the file and checks its header: sizes against the file, offsets against sizes.
  package convenience init(path: String) throws(CheckpointError) {
    try self.init(MappedFile(checkpoint: path))
  }

  package init(_ file: MappedFile) throws(CheckpointError) {
    self.file = file
    entries = try Self.readHeader(of: file)
  }

  package var names: [String] { entries.keys.sorted() }

  /// Shape of a tensor; nil if there is none of that name.
  package func shape(of name: String) -> [Int]? { entries[name]?.shape }

  private static func readHeader(of file: MappedFile) throws(CheckpointError) -> [String: Entry] {
    func refuse(_ reason: String) -> CheckpointError { .malformed(file.path, reason: reason) }
    guard file.bytes.count >= 8 else { throw refuse("truncated: \(file.bytes.count) bytes, too few for a header") }
    let declared = UInt64(littleEndian: file.bytes.loadUnaligned(as: UInt64.self))
    guard let size = Int(exactly: declared), size <= file.bytes.count - 8 else {
      throw refuse("truncated: a header of \(declared) bytes in a file of \(file.bytes.count)")
    }
    let header: JSON
    do {
      header = try JSON.parse(UnsafeRawBufferPointer(rebasing: file.bytes[8..<8 + size]))
    } catch {
      throw refuse("the header is not valid JSON: \(error.problem)")
    }
    guard let members = header.members else { throw refuse("the header is not an object") }
    let start = 8 + size
    var entries: [String: Entry] = [:]
    for (key, value) in members where key != Array("__metadata__".utf8) {
      let name = String(decoding: key, as: UTF8.self)
      guard let type = value["dtype"]?.text, let sizes = value["shape"]?.array, let ends = value["data_offsets"]?.array,
        ends.count == 2, let first = ends[0].int, let last = ends[1].int
      else { throw refuse("tensor \(name): the header entry lacks dtype, shape or data_offsets") }
      let shape = sizes.compactMap(\.int)
      guard shape.count == sizes.count, shape.allSatisfy({ $0 >= 0 }) else {
        throw refuse("tensor \(name): a dimension is not a whole number")
      }
      guard first >= 0, last >= first else { throw refuse("tensor \(name): offsets \(first) to \(last)") }
      guard last <= file.bytes.count - start else {
        throw refuse(
          "truncated: tensor \(name) ends at byte \(last) of the data, the file holds \(file.bytes.count - start)")
      }
      if let element = ElementType(rawValue: type) {
        guard let count = elementCount(shape), !count.multipliedReportingOverflow(by: element.bytes).overflow,
          count * element.bytes == last - first
        else { throw refuse("tensor \(name): shape \(shape) of \(type) does not fill its \(last - first) bytes") }
      }
      entries[name] = Entry(type: type, shape: shape, bytes: start + first..<start + last)
    }
    return entries
  }

  /// The product of a shape; nil on overflow.
  private static func elementCount(_ shape: [Int]) -> Int? {
    var count = 1
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      if overflow { return nil }
      count = product
    }
    return count
  }
}
