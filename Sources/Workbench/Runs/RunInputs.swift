import Datasets
import Domain

/// The opened files of a run, by role.
package struct RunInputs: Sendable {
  package var pool: DatasetFile?
  package var target: DatasetFile?
  package var existing: DatasetFile?

  package init(pool: DatasetFile? = nil, target: DatasetFile? = nil, existing: DatasetFile? = nil) {
    self.pool = pool
    self.target = target
    self.existing = existing
  }

  /// Opens the files that a specification names and checks every row.
  ///
  /// - Throws: `DatasetError` for a file that is missing or a row that can't be read.
  package init(opening specification: RunSpecification, cancellation: Cancellation) throws {
    func open(_ paths: [String], _ role: DatasetRole, limit: Int? = nil) throws -> DatasetFile? {
      if paths.isEmpty { return nil }
      let file = try DatasetFile.open(
        paths: paths, role: role, limit: limit, reading: specification.reading, cancellation: cancellation)
      return try file.validated(skippingBadRows: specification.skipBadRows, cancellation: cancellation)
    }
    pool = try open(specification.poolFiles, .pool, limit: specification.limit)
    target = try open(specification.target.map { [$0] } ?? [], .target)
    existing = try open(specification.existing.map { [$0] } ?? [], .existing)
    leaveOut(specification.leftOut)
    keepRows(of: specification)
  }

  /// Leaves out rows by their roles.
  mutating func leaveOut(_ rows: [String: RowSet]?) {
    for (name, set) in rows ?? [:] {
      guard let role = DatasetRole(rawValue: name) else { continue }
      self[role] = self[role]?.leavingOut(set.rows)
    }
  }

  /// Leaves out the rows that a prefilter has not kept, where it is known which.
  mutating func keepRows(of specification: RunSpecification) {
    guard let kept = specification.prefilter?.kept else { return }
    pool = pool?.keeping(kept.rows)
  }

  package subscript(role: DatasetRole) -> DatasetFile? {
    get {
      switch role {
      case .pool: pool
      case .target: target
      case .existing: existing
      }
    }
    set {
      switch role {
      case .pool: pool = newValue
      case .target: target = newValue
      case .existing: existing = newValue
      }
    }
  }

  /// The row at a position among the usable ones of a file; the same number where matrices alone are given.
  func row(at position: Int, of role: DatasetRole) -> RowIndex {
    self[role]?.index(at: position) ?? RowIndex(position)
  }

  /// Picks with the files and lines of their rows.
  package func located(_ picks: [Pick]) -> [LocatedPick] {
    picks.map { pick in LocatedPick(pick, at: pool?.location(of: pick.row)) }
  }

  /// Content hashes by role, for the record and the manifest.
  package var contents: [String: ContentHash] {
    var hashes: [String: ContentHash] = [:]
    for role in DatasetRole.allCases {
      if let file = self[role] { hashes[role.rawValue] = file.summary.contentHash }
    }
    return hashes
  }
}
