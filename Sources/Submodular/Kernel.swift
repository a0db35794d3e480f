import Domain
import Numerics
import Synchronization

/// A utility kernel S: rows are the samples that are represented, columns the candidates that represent them
/// (S_ij of methods.md 1.2: how much candidate j improves sample i). Every element is finite and at least 0.
///
/// Immutable, so any number of runs and threads may share it.
public final class Kernel: Sendable {
  enum Storage: Sendable {
    case dense(DenseRows)
  }

  public let rows: Int
  public let columns: Int
  /// What errors call it: a file's name, say.
  public let name: String
  /// Largest element.
  public let greatest: Float
  /// Whether all elements were equal before rescaling, so that min-max made zeros of them.
  public let isConstant: Bool
  let storage: Storage
  /// Smallest value that is worth telling from others.
  var floorOfCodes: Float { 0 }

  /// A dense kernel that owns its matrix, rows × columns.
  ///
  /// - Parameter rescaling: `minMax` rescales the matrix in place, as float32 arithmetic does; `none` refuses negative
  ///   elements.
  /// - Throws: `SubmodularError` for an empty matrix, or an element that is not finite or negative, named by its place.
  public init(
    _ matrix: consuming Matrix, rescaling: Rescaling, name: String = "utilities", workers: Workers = Workers()
  ) throws {
    guard matrix.count > 0 else { throw SubmodularError.empty(kernel: name) }
    self.name = name
    rows = matrix.rows
    columns = matrix.columns
    let range = try Self.survey(matrix, name: name, mayBeNegative: rescaling == .minMax, workers: workers)
    switch rescaling {
    case .none:
      greatest = range.greatest
      isConstant = range.least == range.greatest
    case .minMax:
      isConstant = range.least == range.greatest
      greatest = isConstant ? 0 : 1
      matrix.rescale(least: range.least, greatest: range.greatest, workers: workers)
    }
    storage = .dense(DenseRows(matrix))
  }

  private static func survey(
    _ matrix: borrowing Matrix, name: String, mayBeNegative: Bool, workers: Workers
  ) throws -> (least: Float, greatest: Float) {
    let survey = matrix.survey(workers: workers)
    if !survey.isFinite || (survey.least < 0 && !mayBeNegative) {
      for row in 0..<matrix.rows {
        for (column, value) in matrix.row(row).enumerated() {
          if !value.isFinite {
            throw SubmodularError.notFinite(kernel: name, row: row, column: column, value: value)
          }
          if value < 0 && !mayBeNegative {
            throw SubmodularError.negative(kernel: name, row: row, column: column, value: value)
          }
        }
      }
    }
    return (survey.least, survey.greatest)
  }

  /// One element.
  public subscript(row: Int, column: Int) -> Float {
    precondition(row >= 0 && row < rows && column >= 0 && column < columns)
    switch storage {
    case .dense(let dense): return dense[row, column]
    }
  }
}
