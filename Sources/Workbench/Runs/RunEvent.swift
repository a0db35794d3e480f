import Domain

/// What a run says while it works. Progress may be dropped in favour of later progress; the rest may not.
package enum RunEvent: Sendable, Hashable {
  case progress(Progress)
  /// A file was read: what it holds, and how that was found.
  case opened(DatasetSummary)
  case picked(Pick)
  /// What choosing every candidate would be worth: no subset reaches more. Said once, before the first pick.
  case reachable(Double)
  /// Something the user should know and need not act on: what was cut, skipped or not kept.
  case notice(String)
}
