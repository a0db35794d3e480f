/// What becomes of rows whose prompt alone fills the model's context, so that nothing of the response could be seen.
package enum TooLong: String, Sendable, Hashable, Codable, CaseIterable {
  /// They are left out, and it is said how many.
  case leaveOut = "leave-out"
  /// The first of them ends the run before it begins.
  case stop
}
