import Datasets
import Domain
import Numerics
import Submodular

extension RunEngine {
  /// The kernels of a run whose utilities were computed elsewhere, checked against each other and against the pool; nil
  /// where the run has none.
  ///
  /// - Throws: `NumericsError` for a file that is no matrix, `SubmodularError` for elements that are not finite or
  ///   negative, `WorkbenchError.shape` where the matrices do not fit.
  func importedKernels(
    _ specification: RunSpecification, inputs: RunInputs, observe: (RunEvent) -> Void
  ) throws -> KernelSet? {
    guard specification.method.needsUtilities,
      case .matrices(let pool, let target, let existing)? = specification.source
    else { return nil }

    func kernel(_ path: String, rows: Int?, columns: Int?, expected: String) throws -> Kernel {
      let file = try NumpyMatrix(path: path)
      // Shapes first: a matrix that does not fit is not worth reading.
      guard rows ?? file.rows == file.rows, columns ?? file.columns == file.columns else {
        throw WorkbenchError.shape(path: path, rows: file.rows, columns: file.columns, expected: expected)
      }
      let made = try Kernel(file, rescaling: specification.rescaling, workers: workers)
      if made.isConstant { observe(.notice("\(path): all utilities are equal; picks follow the file's order")) }
      return made
    }

    let candidates = inputs.pool?.count
    if KernelSet.choosesFromTarget(specification) {
      let rows = inputs.target?.count
      let expected = "\(rows.map(String.init) ?? "targets") × \(candidates.map(String.init) ?? "candidates")"
      return KernelSet(
        target: try kernel(target ?? pool, rows: rows, columns: candidates, expected: expected))
    }
    var kernels = KernelSet(
      pool: try kernel(
        pool, rows: candidates, columns: candidates, expected: candidates.map { "\($0) × \($0)" } ?? "any"))
    let rows = kernels.pool?.rows ?? 0
    if specification.method == .deliftTask, let target {
      kernels.target = try kernel(
        target, rows: rows, columns: inputs.target?.count,
        expected: "\(rows) × \(inputs.target.map { "\($0.count)" } ?? "targets")")
    }
    if specification.method == .deliftContinual, let existing {
      kernels.existing = try kernel(
        existing, rows: rows, columns: inputs.existing?.count,
        expected: "\(rows) × \(inputs.existing.map { "\($0.count)" } ?? "existing samples")")
    }
    return kernels
  }
}
