import Datasets
import Domain
import Numerics
import Submodular
import Synchronization

extension DeliftSelector {
  /// The kernels of a run whose utilities were computed elsewhere, checked against each other and against the pool; nil
  /// where the run has none.
  ///
  /// - Throws: `NumericsError` for a file that is no matrix, `SubmodularError` for elements that are not finite or
  ///   negative, `WorkbenchError.shape` where the matrices do not fit.
  func importedKernels(_ inputs: RunInputs, in context: RunContext) throws -> KernelSet? {
    if case .embeddings(let path, let neighbours) = source {
      return KernelSet(
        pool: try neighbourKernel(path, neighbours: neighbours, rows: inputs.pool?.count, in: context))
    }
    guard case .matrices(let pool, let target, let existing) = source else { return nil }

    func kernel(_ path: String, rows: Int?, columns: Int?, expected: String) throws -> Kernel {
      let file = try NumpyMatrix(path: path)
      // Shapes first: a matrix that does not fit is not worth reading.
      guard rows ?? file.rows == file.rows, columns ?? file.columns == file.columns else {
        throw WorkbenchError.shape(path: path, rows: file.rows, columns: file.columns, expected: expected)
      }
      let made = try Kernel(file, rescaling: specification.rescaling, workers: context.workers)
      if made.isConstant {
        context.say("\(path): \(specification.rescaling.flatness(of: "utilities")), and picks follow the file's order")
      }
      return made
    }

    let candidates = inputs.pool?.count
    if servesTarget {
      let rows = inputs.target?.count
      let expected = "\(rows.map(String.init) ?? "targets") × \(candidates.map(String.init) ?? "candidates")"
      return KernelSet(
        target: try kernel(target ?? pool, rows: rows, columns: candidates, expected: expected),
        servesTarget: true)
    }
    var kernels = KernelSet(
      pool: try kernel(
        pool, rows: candidates, columns: candidates, expected: candidates.map { "\($0) × \($0)" } ?? "any"))
    let rows = kernels.pool?.rows ?? 0
    if case .mutualInformation = objective, let target {
      kernels.target = try kernel(
        target, rows: rows, columns: inputs.target?.count,
        expected: "\(rows) × \(inputs.target.map { "\($0.count)" } ?? "targets")")
    }
    if case .conditionalGain = objective, let existing {
      kernels.existing = try kernel(
        existing, rows: rows, columns: inputs.existing?.count,
        expected: "\(rows) × \(inputs.existing.map { "\($0.count)" } ?? "existing samples")")
    }
    return kernels
  }

  /// The sparse kernel of a file of embeddings, n × d: each row's nearest neighbours by cosine.
  private func neighbourKernel(
    _ path: String, neighbours: Int, rows: Int?, in context: RunContext
  ) throws -> Kernel {
    let file = try NumpyMatrix(path: path)
    guard rows ?? file.rows == file.rows, file.rows > 0, file.columns > 0 else {
      throw WorkbenchError.shape(
        path: path, rows: file.rows, columns: file.columns,
        expected: "a row for each of \(rows.map { "the \($0)" } ?? "the pool's") samples")
    }
    let clock = context.clock(.score, unit: "rows")
    let done = Atomic<Int>(0)
    let total = file.rows
    clock.advance(0, of: total)
    return try Kernel(
      embeddings: DenseRows(file, workers: context.workers), neighbours: neighbours, name: path,
      workers: context.workers,
      cancellation: context.cancellation
    ) { count in
      clock.advance(done.wrappingAdd(count, ordering: .relaxed).newValue, of: total)
    }
  }
}
