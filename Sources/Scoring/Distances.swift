import Domain
import Foundation
import Numerics

/// Distances d of a problem: each query alone, and behind each example. Infinity where the example leaves no room for
/// the query's response.
package struct Distances: ~Copyable, Sendable {
  // Column 0: alone; column e + 1: behind distinct example e. Of distinct queries.
  private let table: DistanceTable
  private let query: [Int]
  private let example: [Int]
  package let cuts: ContextCuts
  /// What they depend on beside the samples: see ``UtilityScorer/fingerprint``.
  package let fingerprint: ContentHash

  init(table: consuming DistanceTable, query: [Int], example: [Int], truncated: Int, fingerprint: ContentHash) {
    self.fingerprint = fingerprint
    cuts = ContextCuts(truncated: truncated, unmeasured: Self.unmeasured(table, query, example))
    self.table = table
    self.query = query
    self.example = example
  }

  /// Infinite entries, each as often as its samples are there.
  private static func unmeasured(_ table: borrowing DistanceTable, _ query: [Int], _ example: [Int]) -> Int {
    func counts(_ numbers: [Int], _ count: Int) -> [Int] {
      numbers.reduce(into: [Int](repeating: 0, count: count)) { $0[$1] += 1 }
    }
    let queries = counts(query, table.shape.queries)
    let examples = [1] + counts(example, table.shape.columns - 1)
    var unmeasured = 0
    for column in 0..<table.shape.columns {
      for entry in table.shape.entries(of: column) where table.values.elements[entry] == .infinity {
        unmeasured += examples[column] * queries[table.shape.query(at: entry, of: column)]
      }
    }
    return unmeasured
  }

  package var queryCount: Int { query.count }
  package var exampleCount: Int { example.count }

  /// d of query `row` with nothing before it.
  package func alone(_ row: Int) -> Float { table[0, query[row]] }

  /// d of query `row` behind example `column`; NaN for a pair that was not asked for.
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

  /// What examples gain, of the pairs that were scored: S_ij = max(U_ij, 0), or what the exponential has above 1; a pair that was
  /// not scored counts as no help, and is not there (Methods 5). Queries × examples.
  ///
  /// - Parameter examples: those that are columns; of `pairs` others are passed over.
  package func gains(_ kernel: UtilityKernel, examples: Range<Int>, of pairs: ExamplePairs) -> SparseMatrix {
    let rows = (0..<query.count).map { row -> [SparseEntry] in
      let alone = alone(row)
      return pairs[row].compactMap { example in
        guard examples.contains(Int(example)) else { return nil }
        let behind = behind(Int(example), query: row)
        let utility = behind.isFinite ? alone - behind : 0
        guard utility > 0 else { return nil }
        return SparseEntry(
          column: UInt32(Int(example) - examples.lowerBound),
          value: kernel == .exponential ? Float(exp(Double(utility))) - 1 : utility)
      }
    }
    return SparseMatrix(rows: rows.count, columns: examples.count) {
      rows[$0].count
    } fill: { row, entries, _ in
      for (index, entry) in rows[row].enumerated() { entries[index] = entry }
    }
  }
}
