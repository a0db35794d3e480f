import Foundation
import JSONBytes

/// Writes `.safetensors` files of float32 tensors, under a temporary name until they are whole.
package enum SafeTensorsWriter {
  package struct Tensor {
    package var name: String
    package var shape: [Int]
    /// The elements, row-major; asked for once, when they are written.
    package var elements: () -> [Float]

    package init(name: String, shape: [Int], elements: @escaping () -> [Float]) {
      self.name = name
      self.shape = shape
      self.elements = elements
    }
  }

  /// `metadata` goes into the header; transformers asks for `format: pt`.
  package static func write(
    _ tensors: [Tensor], metadata: [String: String] = ["format": "pt"], to path: String
  ) throws(CheckpointError) {
    var header = "{\"__metadata__\":{"
    header += metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }.joined(separator: ",")
    header += "}"
    var offset = 0
    for tensor in tensors {
      let end = offset + 4 * tensor.shape.reduce(1, *)
      header +=
        ",\(quoted(tensor.name)):{\"dtype\":\"F32\",\"shape\":[\(tensor.shape.map(String.init).joined(separator: ","))],"
        + "\"data_offsets\":[\(offset),\(end)]}"
      offset = end
    }
    header += "}"
    // Data begins at a multiple of eight.
    header += String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    let temporary = path + ".writing"
    do {
      try Data().write(to: URL(fileURLWithPath: temporary))
      let file = try FileHandle(forWritingTo: URL(fileURLWithPath: temporary))
      defer { try? file.close() }
      try file.write(contentsOf: withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) })
      try file.write(contentsOf: Data(header.utf8))
      for tensor in tensors {
        try tensor.elements().withUnsafeBytes { try file.write(contentsOf: Data($0)) }
      }
      try file.synchronize()
    } catch {
      try? FileManager.default.removeItem(atPath: temporary)
      throw .unwritable(path, reason: error.localizedDescription)
    }
    guard rename(temporary, path) == 0 else {
      throw .unwritable(path, reason: String(cString: strerror(errno)))
    }
  }

  /// A JSON string; names and metadata here are without control characters.
  private static func quoted(_ text: String) -> String {
    "\"" + text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"") + "\""
  }
}
