import Domain
import Numerics

/// A utility kernel S: rows are the samples that are represented, columns the candidates that represent them
/// (S_ij of Methods 1.2: how much candidate j improves sample i). Every element is finite and at least 0.
///
/// Immutable, so any number of runs and threads may share it.
package final class Kernel: Sendable {
  enum Storage: Sendable {
    case dense(DenseRows)
    /// The same entries by row and by column.
    case sparse(SparseMatrix, byColumn: SparseMatrix)
  }

  package let rows: Int
  package let columns: Int
  /// What errors call it: a file's name, say.
  package let name: String
  /// Largest element.
  package let greatest: Float
  /// Whether all elements are equal: the matrix tells nothing apart.
  package let isConstant: Bool
  let storage: Storage
  /// Whether the elements are read from a file that memory cannot hold, so that scattered reads go to disk.
  let isOnDisk: Bool

  /// A dense kernel that owns its matrix, rows × columns.
  ///
  /// - Parameters:
  ///   - rescaling: `minMax` and `positive` rescale the matrix in place, in float32 arithmetic; `none` refuses negative
  ///     elements.
  ///   - noHelp: the element that stands for an example without effect, which `positive` brings to 0.
  /// - Throws: `SubmodularError` for an empty matrix, or an element that is not finite or negative, named by its row and column.
  package convenience init(
    _ matrix: consuming Matrix, rescaling: Rescaling, noHelp: Float = 0, name: String = "utilities",
    workers: Workers = Workers()
  ) throws {
    let dense = DenseRows(matrix)
    let survey = try dense.survey(name: name, rescaling: rescaling, workers: workers)
    if let range = survey.range(for: rescaling, noHelp: noHelp) { dense.rescaleInPlace(range, workers: workers) }
    self.init(dense, survey, rescaling: rescaling, noHelp: noHelp, name: name, isOnDisk: false)
  }

  /// A dense kernel in a `.npy` file. A float32 file in C order is read in place and may be larger than memory; other
  /// types and min-max rescaling are converted as they are read, with the bits that rescaling in memory gives. A file in
  /// Fortran order is copied, on disk where memory is too small for it.
  ///
  /// - Parameter memory: bytes that the kernel may take before it counts as larger than memory.
  /// - Throws: as for a matrix, and `NumericsError` where a copy does not fit.
  package convenience init(
    _ file: NumpyMatrix, rescaling: Rescaling, workers: Workers = Workers(), memory: Int = SystemMemory.available
  ) throws {
    guard file.rows > 0, file.columns > 0 else { throw SubmodularError.empty(kernel: file.path) }
    let plain = try DenseRows(file, workers: workers, memory: memory)
    let survey = try plain.survey(name: file.path, rescaling: rescaling, workers: workers)
    var dense = plain
    if let range = survey.range(for: rescaling), !plain.rescaleInPlace(range, workers: workers) {
      dense = try DenseRows(file, rescaling: range, workers: workers, memory: memory)
    }
    // The product fits: the file that has these elements was opened.
    self.init(
      dense, survey, rescaling: rescaling, name: file.path,
      isOnDisk: file.rows * file.columns > memory / MemoryLayout<Float>.stride)
  }

  /// A sparse kernel; what has no entry is 0.
  ///
  /// - Throws: `SubmodularError` for an empty matrix, or an entry that is not finite or negative, named by its row and column.
  package init(_ sparse: SparseMatrix, name: String = "utilities") throws {
    guard sparse.rows > 0, sparse.columns > 0 else { throw SubmodularError.empty(kernel: name) }
    var greatest: Float = 0
    for row in 0..<sparse.rows {
      for entry in sparse[row] {
        let (column, value) = (Int(entry.column), entry.value)
        if !value.isFinite { throw SubmodularError.notFinite(kernel: name, row: row, column: column, value: value) }
        if value < 0 { throw SubmodularError.negative(kernel: name, row: row, column: column, value: value) }
        greatest = max(greatest, value)
      }
    }
    self.name = name
    self.greatest = greatest
    rows = sparse.rows
    columns = sparse.columns
    isConstant = false
    isOnDisk = false
    storage = .sparse(
      sparse, byColumn: SparseMatrix(transposing: sparse.rows, sparse.columns) { sparse[$0] })
  }

  /// A sparse kernel of cosines: each row has its `neighbours` nearest rows of `embeddings` (n × d), itself included;
  /// cosines below 0 count as 0. The n × n matrix is never formed.
  ///
  /// - Parameter progress: called with a number of rows that were done, from any thread.
  /// - Throws: `SubmodularError` for a number of neighbours below 1 or an element that is not finite;
  ///   `CancellationError`.
  package convenience init(
    embeddings: DenseRows, neighbours: Int, name: String = "embeddings", workers: Workers = Workers(),
    cancellation: Cancellation = Cancellation(), progress: @Sendable (Int) -> Void = { _ in }
  ) throws {
    guard neighbours > 0 else { throw SubmodularError.neighbours(neighbours) }
    // Rescaling is not asked for: it only stands for "negative elements are welcome".
    _ = try embeddings.survey(name: name, rescaling: .minMax, workers: workers)
    try self.init(
      NearestNeighbours.cosine(
        embeddings, count: neighbours, workers: workers, cancellation: cancellation, progress: progress),
      name: name)
  }

  /// The same from embeddings in memory.
  package convenience init(
    embeddings: consuming Matrix, neighbours: Int, name: String = "embeddings", workers: Workers = Workers(),
    cancellation: Cancellation = Cancellation(), progress: @Sendable (Int) -> Void = { _ in }
  ) throws {
    try self.init(
      embeddings: DenseRows(embeddings), neighbours: neighbours, name: name, workers: workers,
      cancellation: cancellation, progress: progress)
  }

  private init(
    _ dense: DenseRows, _ survey: RowScan.Survey, rescaling: Rescaling, noHelp: Float = 0, name: String, isOnDisk: Bool
  ) {
    self.name = name
    self.isOnDisk = isOnDisk
    rows = dense.rows
    columns = dense.columns
    switch rescaling {
    case .none: greatest = survey.greatest
    case .minMax: greatest = survey.least == survey.greatest ? 0 : 1
    case .positive: greatest = max(0, survey.greatest - noHelp)
    }
    isConstant = survey.least == survey.greatest || rescaling == .positive && greatest == 0
    storage = .dense(dense)
  }

  /// One element.
  package subscript(row: Int, column: Int) -> Float {
    precondition(row >= 0 && row < rows && column >= 0 && column < columns)
    switch storage {
    case .dense(let dense): return dense[row, column]
    case .sparse(let rows, _): return rows[row, column]
    }
  }
}
