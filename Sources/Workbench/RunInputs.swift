import Datasets
import Domain

/// The opened files of a run, by role.
public struct RunInputs: Sendable {
  public var pool: DatasetFile?
  public var target: DatasetFile?
  public var existing: DatasetFile?

  public init(pool: DatasetFile? = nil, target: DatasetFile? = nil, existing: DatasetFile? = nil) {
    self.pool = pool
    self.target = target
    self.existing = existing
  }

  /// Opens the files that a specification names and checks every row.
  ///
  /// - Throws: `DatasetError` for a file that is missing or a row that can't be read.
  public init(opening specification: RunSpecification, cancellation: Cancellation) throws {
    func open(_ path: String?, _ role: DatasetRole, limit: Int? = nil) throws -> DatasetFile? {
      guard let path else { return nil }
      let file = try DatasetFile.open(path: path, role: role, limit: limit, cancellation: cancellation)
      return try file.validated(skippingBadRows: specification.skipBadRows, cancellation: cancellation)
    }
    pool = try open(specification.pool, .pool, limit: specification.limit)
    target = try open(specification.target, .target)
    existing = try open(specification.existing, .existing)
  }

  public subscript(role: DatasetRole) -> DatasetFile? {
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

  /// Content hashes by role, for the record and the manifest.
  public var contents: [String: ContentHash] {
    var hashes: [String: ContentHash] = [:]
    for role in DatasetRole.allCases {
      if let file = self[role] { hashes[role.rawValue] = file.summary.contentHash }
    }
    return hashes
  }
}
