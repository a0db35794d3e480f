/// Whose a block is to compute.
package enum BlockClaim: Sendable, Hashable {
  /// The caller's: until it is saved or given back, no one else computes it.
  case granted
  /// It has been saved since the caller looked.
  case kept
  /// Another process computes it.
  case held
}
