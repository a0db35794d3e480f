import Datasets
import Domain

/// Candidates, which objectives count without gaps, and rows of the pool's file, which picks name: they differ where bad rows were left
/// out.
struct CandidateMap {
  private let pool: DatasetFile?
  private let candidates: Int

  init(_ pool: DatasetFile?, candidates: Int) {
    self.pool = pool
    self.candidates = candidates
  }

  /// A pick of a candidate as one of its row, with its identifier.
  func named(_ pick: Pick) throws -> Pick {
    guard let pool else { return pick }
    var named = pick
    named.index = pool.index(at: pick.index)
    if pool.summary.idField != nil { named.id = try pool.sample(at: pick.index).id }
    return named
  }

  func candidate(ofRow row: Int) throws -> Int {
    guard let pool else { return row }
    guard let candidate = pool.position(ofIndex: row), candidate < candidates else {
      throw WorkbenchError.outsideRange(option: "--pin or --ban", value: "row \(row)", bounds: "the pool's rows")
    }
    return candidate
  }
}
