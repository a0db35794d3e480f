import Domain

extension DatasetRole {
  /// Its name on screen.
  var title: String {
    switch self {
    case .pool: "pool"
    case .target: "target set"
    case .existing: "existing data"
    }
  }

  /// What it is for, in a line.
  var meaning: String {
    switch self {
    case .pool: "the rows to choose from"
    case .target: "rows of the task that the choice should help"
    case .existing: "rows that the model was trained on already"
    }
  }

  var next: DatasetRole {
    let all = Self.allCases
    return all[((all.firstIndex(of: self) ?? 0) + 1) % all.count]
  }
}
