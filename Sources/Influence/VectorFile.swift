import Checkpoints
import Foundation
import JSONBytes
import Numerics

/// A matrix of vectors that was computed elsewhere, one row a sample: `.npy`, the one two-dimensional tensor of a `.safetensors` file,
/// or a Bergson index (a directory with `gradients.bin` and `info.json`: https://github.com/EleutherAI/bergson).
package final class VectorFile: Sendable {
  package let path: String
  package let rows: Int
  package let columns: Int
  /// Of a Bergson index: the parts that a row is made of, in order. Two indexes compare only if these are the same.
  package let parts: [String]?
  private let source: Source

  private enum Source: Sendable {
    case numpy(NumpyMatrix)
    case elements([Float])
    case raw(Numerics.MappedFile, RawType)
  }

  /// How a Bergson index stores its numbers.
  private enum RawType: Int, Sendable {
    case float16, bfloat16, float32

    var size: Int { self == .float32 ? 4 : 2 }

    init?(named name: String) {
      switch name.lowercased().replacing("torch.", with: "").replacing("np.", with: "") {
      case "float32", "<f4", "f4", "fp32": self = .float32
      case "float16", "<f2", "f2", "fp16", "half": self = .float16
      case "bfloat16", "bf16": self = .bfloat16
      default: return nil
      }
    }
  }

  package init(path: String) throws {
    self.path = path
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw NumericsError.noSuchFile(path: path)
    }
    if isDirectory.boolValue {
      let index = try Self.bergson(path)
      (rows, columns, parts) = (index.rows, index.columns, index.parts)
      source = .raw(index.file, index.type)
    } else if path.hasSuffix(".safetensors") {
      let file = try SafeTensors(path: path)
      let matrices = file.names.filter { file.shape(of: $0)?.count == 2 }
      guard matrices.count == 1, let name = matrices.first, let shape = file.shape(of: name) else {
        throw InfluenceError.malformed(
          path: path,
          reason: "\(matrices.count) tensors of two dimensions, where one is needed: "
            + (file.names.isEmpty ? "the file is empty" : file.names.prefix(5).joined(separator: ", ")))
      }
      (rows, columns, parts) = (shape[0], shape[1], nil)
      source = .elements(try file.floats(name))
    } else {
      let file = try NumpyMatrix(path: path)
      (rows, columns, parts) = (file.rows, file.columns, nil)
      source = .numpy(file)
    }
    guard rows > 0, columns > 0 else {
      throw InfluenceError.malformed(path: path, reason: "a matrix of \(rows) × \(columns) has nothing in it")
    }
  }

  private struct Bergson {
    var rows: Int
    var columns: Int
    var parts: [String]
    var type: RawType
    var file: Numerics.MappedFile
  }

  private static func bergson(_ path: String) throws -> Bergson {
    let infoPath = path + "/info.json"
    func refuse(_ reason: String) -> InfluenceError { .malformed(path: infoPath, reason: reason) }
    let info: JSON
    let text = try Numerics.MappedFile(path: infoPath)
    do {
      info = try JSON.parse(text.bytes)
    } catch {
      throw refuse("not valid JSON: \(error.problem)")
    }
    guard let rows = info["num_grads"]?.int, rows >= 0 else { throw refuse("no count \"num_grads\"") }
    guard let sizes = info["grad_sizes"]?.members else { throw refuse("no object \"grad_sizes\"") }
    guard let name = info["base_dtype"]?.text, let type = RawType(named: name) else {
      throw refuse("\"base_dtype\" is not float32, float16 or bfloat16")
    }
    var columns = 0
    var parts: [String] = []
    for (key, value) in sizes {
      let part = String(decoding: key, as: UTF8.self)
      guard let size = value.int, size >= 0 else { throw refuse("the size of \"\(part)\" is not a count") }
      let (sum, overflow) = columns.addingReportingOverflow(size)
      guard !overflow else { throw refuse("sizes beyond what can be addressed") }
      columns = sum
      parts.append("\(part):\(size)")
    }
    let file = try Numerics.MappedFile(path: path + "/gradients.bin")
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    let (bytes, beyond) = count.multipliedReportingOverflow(by: type.size)
    guard !overflow, !beyond, bytes == file.bytes.count else {
      throw InfluenceError.malformed(
        path: file.path,
        reason: "\(file.bytes.count) bytes, where info.json says \(rows) gradients of \(columns) numbers in \(name)")
    }
    return Bergson(rows: rows, columns: columns, parts: parts, type: type, file: file)
  }

  /// Copies some rows, widened to float32.
  package func read(_ range: Range<Int>, into target: UnsafeMutablePointer<Float>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows)
    let count = range.count * columns
    switch source {
    case .elements(let elements):
      elements.withUnsafeBufferPointer { buffer in
        if let base = buffer.baseAddress { target.update(from: base + range.lowerBound * columns, count: count) }
      }
    case .numpy(let file):
      for (number, row) in range.enumerated() {
        if file.header.isFortranOrder {
          for column in 0..<columns { target[number * columns + column] = file[row, column] }
        } else {
          file.read(line: row, from: 0, count: columns, to: target + number * columns)
        }
      }
    case .raw(let file, let type):
      guard let start = file.bytes.baseAddress else { return }
      let base = start + range.lowerBound * columns * type.size
      switch type {
      case .float32: UnsafeMutableRawPointer(target).copyMemory(from: base, byteCount: count * 4)
      case .float16: Widen.run(base, .float16, count: count, into: target)
      case .bfloat16: Widen.run(base, .bfloat16, count: count, into: target)
      }
    }
  }

  /// All rows; refused where they do not fit half of the memory there is.
  package func matrix() throws(InfluenceError) -> Matrix {
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    let (bytes, beyond) = count.multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
    let available = SystemMemory.available
    guard !overflow, !beyond, bytes < available / 2 else {
      throw .tooLarge(what: path, bytes: beyond || overflow ? .max : bytes, available: available)
    }
    var result = Matrix(uninitializedRows: rows, columns: columns)
    read(0..<rows, into: result.mutableStart())
    return result
  }
}
