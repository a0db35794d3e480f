import Datasets
import Domain

/// Candidates, which objectives count without gaps, and rows of the pool's file, which picks name: they differ where bad rows were left
/// out.
struct CandidateMap: Sendable {
  /// Nil where matrices alone are chosen from: a row is then what its candidate is.
  private let pool: DatasetFile?
  private let candidates: Int

  init(_ pool: DatasetFile?, candidates: Int) {
    self.pool = pool
    self.candidates = candidates
  }

  func row(of candidate: Candidate) -> RowIndex { pool?.index(at: candidate.value) ?? RowIndex(candidate.value) }

  /// Nil for a row that can't be chosen.
  func candidate(of row: RowIndex) -> Candidate? {
    let position = pool.map { $0.position(of: row) } ?? row.value
    guard let position, position >= 0, position < candidates else { return nil }
    return Candidate(position)
  }

  /// Candidates that a specification bans; rows that are left out need not be.
  func banned(_ rows: [RowIndex]) throws -> [Candidate] {
    try marked(
      rows.filter { row in pool.map { row >= 0 && row.value < $0.rowCount && $0.position(of: row) == nil } != true })
  }

  /// Candidates that a specification pins or bans.
  func marked(_ rows: [RowIndex]) throws -> [Candidate] {
    try rows.map { row in
      guard let candidate = candidate(of: row) else {
        throw WorkbenchError.outsideRange(option: "--pin or --ban", value: "row \(row)", bounds: "the pool's rows")
      }
      return candidate
    }
  }

  /// A pick of a candidate's row, with its identifier.
  func pick(_ candidate: Candidate, rank: Rank, gain: Double, weight: Double = 1) throws -> Pick {
    var pick = Pick(rank: rank, row: row(of: candidate), gain: gain, weight: weight)
    if let pool, pool.summary.idField != nil { pick.id = try pool.sample(at: candidate.value).id }
    return pick
  }
}
