import Foundation

/// Bytes of `.npy` files as NumPy writes them, for tests.
package enum NumpyBytes {
  /// A header for any type, order and shape.
  package static func header(
    descriptor: String = "'<f4'", fortran: Bool = false, shape: String, version: UInt8 = 1
  ) -> Data {
    let order = fortran ? "True" : "False"
    var text = "{'descr': \(descriptor), 'fortran_order': \(order), 'shape': \(shape), }"
    let preamble = version == 1 ? 10 : 12
    while (preamble + text.utf8.count + 1) % 64 != 0 { text += " " }
    text += "\n"
    var data = Data([0x93]) + Data("NUMPY".utf8) + Data([version, 0])
    let length = text.utf8.count
    data += Data((0..<(version == 1 ? 2 : 4)).map { UInt8(length >> (8 * $0) & 0xFF) })
    return data + Data(text.utf8)
  }

  /// A float32 matrix.
  package static func file(_ rows: [[Float]], fortran: Bool = false) -> Data {
    let columns = rows.first?.count ?? 0
    var elements = rows.flatMap { $0 }
    if fortran { elements = (0..<columns).flatMap { column in rows.map { $0[column] } } }
    return header(fortran: fortran, shape: "(\(rows.count), \(columns))")
      + elements.withUnsafeBufferPointer { Data(buffer: $0) }
  }
}
