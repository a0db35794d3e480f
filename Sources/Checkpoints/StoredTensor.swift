import Numerics

/// A matrix, or a vector as one row, where it lies in a mapped file, in the type it is stored in.
package struct StoredTensor {
  package enum Encoding: Sendable {
    case plain(StoredFloat)
    case blocks(QuantisedBlocks)
  }

  package var base: UnsafeRawPointer
  package var encoding: Encoding
  /// As the file has them.
  package var rows: Int
  package var columns: Int
  /// Rows and columns are exchanged against the shape that the checkpoint gives the tensor: GPT-2's products in GGUF files.
  package var isTransposed = false
  /// In each run of so many rows the first half and the second stand in turn, row by row: llama.cpp's order of the rows that
  /// rotary embeddings turn in pairs.
  package var interleavedRows: Int?

  /// Where its elements are as the checkpoint's shape has them, floats row by row.
  package var isPlain: StoredFloat? {
    if case .plain(let type) = encoding, interleavedRows == nil { type } else { nil }
  }

  private var rowBytes: Int {
    switch encoding {
    case .plain(let type): columns * type.bytes
    case .blocks(let blocks): columns / blocks.weights * blocks.bytes
    }
  }

  /// Columns that can only be widened together.
  package var columnGroup: Int {
    switch encoding {
    case .plain: 1
    case .blocks(let blocks): blocks.weights
    }
  }

  /// Widens a row's columns, whole groups of them, to float32. Rows are counted in the checkpoint's order.
  package func widen(row: Int, columns range: Range<Int>, into target: UnsafeMutablePointer<Float>) {
    let source = base + place(of: row) * rowBytes
    switch encoding {
    case .plain(let type): Widen.run(source + range.lowerBound * type.bytes, type, count: range.count, into: target)
    case .blocks(let blocks):
      blocks.widen(
        source + range.lowerBound / blocks.weights * blocks.bytes, count: range.count / blocks.weights, into: target)
    }
  }

  /// Widens all of it, in the checkpoint's order, row-major.
  package func widen(into target: UnsafeMutablePointer<Float>) {
    guard isTransposed else {
      for row in 0..<rows { widen(row: row, columns: 0..<columns, into: target + row * columns) }
      return
    }
    var matrix = Matrix(uninitializedRows: 1, columns: columns)
    let line = matrix.mutableStart()
    for row in 0..<rows {
      widen(row: row, columns: 0..<columns, into: line)
      for column in 0..<columns { target[column * rows + row] = line[column] }
    }
  }

  private func place(of row: Int) -> Int {
    guard let run = interleavedRows else { return row }
    let (first, within) = (row / run * run, row % run)
    return first + (within < run / 2 ? 2 * within : 2 * (within - run / 2) + 1)
  }
}

/// A file of named tensors, by the names that Hugging Face checkpoints have.
protocol TensorFile: Sendable {
  var file: MappedFile { get }
  var names: [String] { get }
  func shape(of name: String) -> [Int]?
  /// Refuses a tensor whose type cannot be widened to float32.
  func checkIsReal(_ name: String) throws(CheckpointError)
  func read(_ name: String, into target: UnsafeMutablePointer<Float>) throws(CheckpointError)
  /// Nil where a tensor's type loses by widening.
  func stored(_ name: String) -> StoredTensor?
}

extension SafeTensors: TensorFile {
  func stored(_ name: String) -> StoredTensor? {
    guard let entry = entries[name], let type = ElementType(rawValue: entry.type)?.widened,
      let base = file.bytes.baseAddress
    else { return nil }
    let columns = entry.shape.last ?? 1
    return StoredTensor(
      base: base + entry.bytes.lowerBound, encoding: .plain(type),
      rows: columns == 0 ? 0 : entry.bytes.count / type.bytes / columns, columns: columns)
  }
}
