import Datasets
import Domain
import Foundation
import Numerics
import Submodular

/// Puts a pool's rows on a map.
package enum PoolMapping {
  /// Rows on a map, at most, and elements of all their vectors together.
  private static let mostRows = 20_000
  private static let mostElements = 200_000_000
  /// Elements of a row's vector of hashed words.
  private static let wordDimension = 384

  /// By the utilities of a run.
  ///
  /// - Throws: `WorkbenchError.noUtilities` for a run without, `CancellationError`.
  package static func byUtilities(
    _ outcome: RunOutcome, workers: Workers, cancellation: Cancellation
  ) throws -> PoolMap {
    guard let kernel = outcome.kernel else { throw WorkbenchError.noUtilities(outcome.specification.method) }
    // Where the rows of the kernel are the target's, a row of the pool is a column of it.
    let byColumn = outcome.kernels?.servesTarget == true
    let (count, dimension) = byColumn ? (kernel.columns, kernel.rows) : (kernel.rows, kernel.columns)
    let chosen = spread(over: count, dimension: dimension)
    let plane = try PrincipalPlane(
      count: chosen.count, dimension: dimension, workers: workers, cancellation: cancellation
    ) { row, scratch in
      if byColumn { kernel.copyColumn(chosen[row], to: scratch) } else { kernel.copyRow(chosen[row], to: scratch) }
      return UnsafePointer(scratch)
    }
    return map(plane, .utilities, chosen.map { outcome.map.row(of: Candidate($0)) })
  }

  /// By vectors from a `.npy` file, a row of it for each row of the pool.
  ///
  /// - Throws: `NumericsError`, `CancellationError`.
  package static func byEmbeddings(_ path: String, workers: Workers, cancellation: Cancellation) throws -> PoolMap {
    let matrix = try NumpyMatrix(path: path)
    let rows = try DenseRows(matrix)
    let chosen = spread(over: rows.rows, dimension: rows.columns)
    let plane = try PrincipalPlane(
      count: chosen.count, dimension: rows.columns, workers: workers, cancellation: cancellation
    ) { row, scratch in rows.row(chosen[row], scratch: scratch) }
    return map(plane, .embeddings, chosen.map { RowIndex($0) })
  }

  /// By the words of the rows: each word, lower case, is hashed to one of some hundred dimensions; counts are damped by their
  /// square root, and vectors scaled to length 1.
  ///
  /// - Throws: `CancellationError`. A row that cannot be read stands in the middle.
  package static func byWords(_ file: DatasetFile, workers: Workers, cancellation: Cancellation) throws -> PoolMap {
    let chosen = spread(over: file.count, dimension: wordDimension)
    var vectors = Matrix(zerosOfRows: max(1, chosen.count), columns: wordDimension)
    try workers.fill(&vectors, by: 256, cancellation: cancellation) { rows, vectors, _ in
      guard let vectors = vectors.baseAddress else { return }
      for row in rows.clamped(to: chosen.indices) {
        guard let text = try? file.sample(at: chosen[row]) else { continue }
        fill(vectors + (row - rows.lowerBound) * wordDimension, with: text)
      }
    }
    let rows = DenseRows(vectors)
    let plane = try PrincipalPlane(
      count: chosen.count, dimension: wordDimension, workers: workers, cancellation: cancellation
    ) { row, scratch in rows.row(row, scratch: scratch) }
    return map(plane, .words, chosen.map { file.index(at: $0) })
  }

  private static func fill(_ vector: UnsafeMutablePointer<Float>, with sample: Sample) {
    let parts = sample.query.instructionAndInput
    for text in [parts.instruction, parts.input, sample.response] {
      var hash: UInt64 = 0xCBF2_9CE4_8422_2325
      var isInWord = false
      func end() {
        if isInWord { vector[Int(hash % UInt64(wordDimension))] += 1 }
        hash = 0xCBF2_9CE4_8422_2325
        isInWord = false
      }
      // The beginning of a very long text says enough.
      for byte in text.utf8.prefix(4000) {
        let lower = byte >= 0x41 && byte <= 0x5A ? byte + 0x20 : byte
        if lower >= 0x80 || (lower >= 0x61 && lower <= 0x7A) || (lower >= 0x30 && lower <= 0x39) {
          hash = (hash ^ UInt64(lower)) &* 0x0000_0100_0000_01B3
          isInWord = true
        } else {
          end()
        }
      }
      end()
    }
    var squares: Float = 0
    for element in 0..<wordDimension {
      squares += vector[element]
      vector[element] = vector[element].squareRoot()
    }
    guard squares > 0 else { return }
    for element in 0..<wordDimension { vector[element] /= squares.squareRoot() }
  }

  /// Rows at equal distances, all of them where they are few.
  private static func spread(over count: Int, dimension: Int) -> [Int] {
    spread(over: count, most: max(1, min(mostRows, mostElements / max(1, dimension))))
  }

  static func spread(over count: Int, most: Int) -> [Int] {
    guard count > most else { return Array(0..<count) }
    return (0..<most).map { Int(Double($0) * Double(count) / Double(most)) }
  }

  static func map(_ plane: PrincipalPlane, _ source: MapSource, _ rows: [RowIndex]) -> PoolMap {
    PoolMap(
      source: source, rows: rows, points: plane.points.map { PoolMap.Point(x: $0.x, y: $0.y) },
      shares: [plane.shares.0, plane.shares.1])
  }
}
