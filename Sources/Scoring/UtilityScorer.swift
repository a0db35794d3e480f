import Domain
import Foundation
import SampleEncoding

/// A piece of the work: one example, some queries. Small enough that losing one costs little, large enough that the
/// example's own pass is a small part of it.
package struct ScoreBlock: Sendable, Hashable {
  /// The column: an example's number among the problem's examples; nil for the queries alone.
  package var example: Int?
  /// The queries' numbers among the problem's queries.
  package var queries: [Int]

  package init(example: Int?, queries: [Int]) {
    self.example = example
    self.queries = queries
  }
}

/// What is measured of a response.
package enum PassMeasure: String, Sendable, Hashable {
  /// DELIFT's distance d (Methods 1.1).
  case distance
  /// Mean cross-entropy a token.
  case loss
  /// The same of the response by itself, without its query: each token but the first from those before it.
  case lossOfResponseAlone = "loss of response alone"

  var isLoss: Bool { self != .distance }

  /// Of a response's log-probabilities; nil where one is not a number.
  func callAsFunction(_ logProbabilities: ArraySlice<Float>) -> Float? {
    var sum = 0.0
    for value in logProbabilities {
      guard value.isFinite else { return nil }
      let miss = isLoss ? 0 : 1 - exp(Double(value))
      sum += isLoss ? -Double(value) : miss * miss
    }
    let mean = sum / Double(logProbabilities.count)
    return Float(isLoss ? mean : mean.squareRoot())
  }
}

extension [Sample] {
  /// Names what of an example, of one sample or of several, goes into its text.
  func contentHash(in template: PromptTemplate) -> ContentHash {
    count == 1 ? template.contentHash(of: self[0]) : ContentHash(combining: map(template.contentHash(of:)))
  }
}

/// Measures the distances d of Methods 1.1 for the samples it was made with: how far the model is from each query's
/// response, alone and behind each example.
package protocol UtilityScorer: Sendable {
  /// Names everything that a distance depends on beside the two samples: the model, the template, the context's length.
  var fingerprint: ContentHash { get }

  /// Names what the distance depends on of each query, and of each example.
  var queryHashes: [ContentHash] { get }
  var exampleHashes: [ContentHash] { get }

  /// The order in which queries are best put together in blocks; a permutation of their numbers.
  var queryOrder: [Int] { get }

  /// Tokens that a block's pass takes, roughly: for estimates and for cutting blocks.
  func tokens(in block: ScoreBlock) -> Int

  /// The distances of a block's queries, in their order; infinity where the example leaves no room for the response. Called
  /// from several workers at once, each with its own number.
  ///
  /// - Parameter advance: called from time to time with the tokens and queries that went through since the last call.
  /// - Throws: `CancellationError` within a fraction of a second after the flag is raised.
  func distances(
    of block: ScoreBlock, worker: Int, cancellation: Cancellation, advance: @escaping @Sendable (_ tokens: Int) -> Void
  ) throws -> [Float]

  /// Passes in which a response is cut at its end to fit the model's context, over all queries alone and behind each
  /// example, whether they are measured or taken from a cache.
  var truncated: Int { get }
}

/// What did not fit the model's context (Methods 1.1): said at the end of a run, never hidden.
package struct ContextCuts: Sendable, Hashable, Codable {
  /// Passes in which a response was cut at its end.
  package var truncated: Int
  /// Pairs in which no response token was left: the example is too long for this query, and its utility counts as 0.
  package var unmeasured: Int

  package init(truncated: Int = 0, unmeasured: Int = 0) {
    self.truncated = truncated
    self.unmeasured = unmeasured
  }
}
