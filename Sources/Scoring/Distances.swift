import Domain
import Foundation
import Numerics

/// Distances d of a problem: each query alone, and behind each example. Infinity where the example leaves no room for
/// the query's response.
package struct Distances: ~Copyable, Sendable {
  // Row 0: alone; row e + 1: behind distinct example e. Columns: distinct queries.
  private let table: Matrix
  private let query: [Int]
  private let example: [Int]
  package let cuts: ContextCuts
  /// What they depend on beside the samples: see ``UtilityScorer/fingerprint``.
  package let fingerprint: ContentHash

  init(table: consuming Matrix, query: [Int], example: [Int], shortened: Int, fingerprint: ContentHash) {
    self.fingerprint = fingerprint
    cuts = ContextCuts(shortened: shortened, unmeasured: Self.unmeasured(table, query, example))
    self.table = table
    self.query = query
    self.example = example
  }

  /// Infinite entries, each as often as its samples are there.
  private static func unmeasured(_ table: borrowing Matrix, _ query: [Int], _ example: [Int]) -> Int {
    func counts(_ places: [Int], _ count: Int) -> [Int] {
      places.reduce(into: [Int](repeating: 0, count: count)) { $0[$1] += 1 }
    }
    let queries = counts(query, table.columns)
    let examples = [1] + counts(example, table.rows - 1)
    var unmeasured = 0
    for row in 0..<table.rows {
      for (column, distance) in table.row(row).enumerated() where distance == .infinity {
        unmeasured += examples[row] * queries[column]
      }
    }
    return unmeasured
  }

  package var queryCount: Int { query.count }
  package var exampleCount: Int { example.count }

  /// d of query `row` with nothing before it.
  package func alone(_ row: Int) -> Float { table[0, query[row]] }

  /// d of query `row` behind example `column`.
  package func behind(_ column: Int, query row: Int) -> Float { table[example[column] + 1, query[row]] }

  /// U_ij = d_i(x_i) - d_i((x_j, y_j), x_i), or its exponential, for all queries and a range of the examples
  /// (Methods 1.1): queries × examples. A pair that could not be measured counts as no help: U = 0.
  package func utilities(_ kernel: UtilityKernel, examples: Range<Int>) -> Matrix {
    precondition(examples.lowerBound >= 0 && examples.upperBound <= exampleCount)
    var result = Matrix(uninitializedRows: query.count, columns: examples.count)
    for row in 0..<query.count {
      let alone = table[0, query[row]]
      for (candidate, column) in examples.enumerated() {
        let behind = table[example[column] + 1, query[row]]
        let utility = behind.isFinite ? alone - behind : 0
        result[row, candidate] = kernel == .exponential ? Float(exp(Double(utility))) : utility
      }
    }
    return result
  }
}
