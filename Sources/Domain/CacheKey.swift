/// Names values that are kept between runs: what they depend on beside the samples, and which they are.
package struct CacheKey: Sendable, Hashable {
  package enum Content: Sendable, Hashable {
    /// Distances of `queries`, in their order, behind an example; nil: alone.
    case distances(example: ContentHash?, queries: [ContentHash])
    /// A vector of `count` numbers, named by everything it was computed from.
    case vector(ContentHash, count: Int)
  }

  /// The model, the template and how they are used: what a cache can be thrown away by.
  package var fingerprint: ContentHash
  package var content: Content

  package init(fingerprint: ContentHash, _ content: Content) {
    self.fingerprint = fingerprint
    self.content = content
  }

  /// Numbers under this key.
  package var count: Int {
    switch content {
    case .distances(_, let queries): queries.count
    case .vector(_, let count): count
    }
  }
}

/// What a store answers to one who wants to compute the value of a key.
package enum LeaseResult: Sendable, Hashable {
  /// The caller's: until it is stored or released, no one else computes it.
  case granted
  /// It is stored.
  case stored
  /// Another process, or another thread of this one, computes it.
  case held
}
