import CXXHash

/// Computes the ``ContentHash`` of bytes that come in pieces: the same digest as of all of them at once.
package struct ContentHasher: ~Copyable {
  // XXH3's state wants 64-byte alignment, which its own allocator gives. Nil only when there is no memory.
  private let state: OpaquePointer

  package init() {
    guard let state = XXH3_createState() else { preconditionFailure("no memory for a hash state") }
    self.state = state
    XXH3_128bits_reset(state)
  }

  deinit { XXH3_freeState(state) }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    XXH3_128bits_update(state, bytes.baseAddress, bytes.count)
  }

  /// The digest of what has come so far.
  package func finalize() -> ContentHash {
    let digest = XXH3_128bits_digest(state)
    return ContentHash(high: digest.high64, low: digest.low64)
  }
}
