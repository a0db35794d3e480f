import Datasets
import Domain
import Foundation
import Numerics
import Scoring

/// What `winnow score` is asked for: a utility matrix as a file.
package struct ScoreRequest: Sendable, Hashable {
  package var pool: [String]
  /// Samples whose improvement is measured (rows); nil for the pool.
  package var queries: String?
  /// Samples shown as examples (columns); nil for the pool.
  package var examples: String?
  /// Only the first so many rows of the pool.
  package var limit: Int?
  package var skipBadRows: Bool
  /// A model, on this machine or behind a server.
  package var source: UtilitySource
  package var template: String
  package var utilityKernel: UtilityKernel
  package var rescaling: Rescaling
  package var reading: DatasetReading

  package init(
    pool: [String], queries: String?, examples: String?, limit: Int?, skipBadRows: Bool, source: UtilitySource,
    template: String, utilityKernel: UtilityKernel, rescaling: Rescaling,
    reading: DatasetReading = DatasetReading()
  ) {
    self.pool = pool
    self.queries = queries
    self.examples = examples
    self.limit = limit
    self.skipBadRows = skipBadRows
    self.source = source
    self.template = template
    self.utilityKernel = utilityKernel
    self.rescaling = rescaling
    self.reading = reading
  }
}

extension RunEngine {
  /// Computes the matrix of a request and writes it as `.npy`: float32, C order, queries × examples.
  package func score(
    _ request: ScoreRequest, to path: String, replacing: Bool, cancellation: Cancellation,
    observe: @escaping @Sendable (RunEvent) -> Void
  ) throws {
    func open(_ paths: [String], _ role: DatasetRole, limit: Int? = nil) throws -> [Sample] {
      let file = try DatasetFile.open(
        paths: paths, role: role, limit: limit, reading: request.reading, cancellation: cancellation
      )
      .validated(skippingBadRows: request.skipBadRows, cancellation: cancellation)
      if !file.summary.badRows.isEmpty { observe(.notice(Self.describe(badRows: file.summary))) }
      return try file.samples(at: 0..<file.count)
    }
    let source = try request.source.resolved(access, cancellation: cancellation)
    guard let template = try source.template(request.template), let backend = try backend(of: source) else {
      throw WorkbenchError.missingSource(.deliftInstruction)
    }
    let pool = try open(request.pool, .pool, limit: request.limit)
    let queries = try request.queries.map { try open([$0], .target) } ?? pool
    let examples = try request.examples.map { try open([$0], .existing) } ?? pool
    let distances = try measure(
      queries: queries, queryPath: request.queries ?? request.pool.first ?? "", examples: examples,
      by: backend, template: template, name: request.template,
      clock: PhaseClock(.score, unit: "pairs", observe: observe),
      in: RunContext(engine: self, cancellation: cancellation, observe: observe))
    var matrix = distances.utilities(request.utilityKernel, examples: 0..<examples.count)
    if request.rescaling == .minMax {
      let survey = matrix.survey(workers: workers)
      matrix.rescale(least: survey.least, greatest: survey.greatest, workers: workers)
      if survey.least == survey.greatest { observe(.notice("all utilities are equal; rescaled they are 0")) }
    }
    var file = try AtomicFile(at: path, overwrite: replacing)
    try file.write(NumpyHeader.bytes(rows: matrix.rows, columns: matrix.columns))
    for row in 0..<matrix.rows { try file.write(UnsafeRawBufferPointer(matrix.row(row))) }
    try file.commit()
  }
}
