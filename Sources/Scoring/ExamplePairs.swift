import Numerics

/// The pairs that are scored where not all are: for each query its examples, ascending (Methods 5).
package struct ExamplePairs: Sendable, Hashable {
  private var starts = [0]
  private var examples: [Int32] = []

  /// - Parameter lists: for each query its examples, in any order, each once.
  package init(_ lists: [[Int]]) {
    examples.reserveCapacity(lists.reduce(0) { $0 + $1.count })
    for list in lists {
      examples += list.map { Int32($0) }.sorted()
      starts.append(examples.count)
    }
  }

  package var queries: Int { starts.count - 1 }
  /// Pairs in all.
  package var count: Int { examples.count }

  /// Pairs of the first so many examples.
  package func count(below example: Int) -> Int { examples.count { $0 < example } }

  package subscript(query: Int) -> ArraySlice<Int32> { examples[starts[query]..<starts[query + 1]] }
}

/// Which distances there are, by columns: column 0 is the queries alone, each further one an example. A column has all
/// queries, or some of them, ascending.
struct DistanceShape: Sendable {
  let columns: Int
  let queries: Int
  /// Where each column begins, and its queries; empty where every column has all of them.
  private var starts: [Int] = []
  private var listed: [Int32] = []

  init(columns: Int, queries: Int) {
    self.columns = columns
    self.queries = queries
  }

  /// - Parameter lists: for each column its queries, ascending.
  init(queries: Int, lists: [[Int32]]) {
    columns = lists.count
    self.queries = queries
    starts = [0]
    for list in lists { starts.append(starts[starts.count - 1] + list.count) }
    listed = lists.flatMap { $0 }
  }

  var count: Int { starts.last ?? columns * queries }

  /// The entries of a column.
  func entries(of column: Int) -> Range<Int> {
    starts.isEmpty ? column * queries..<(column + 1) * queries : starts[column]..<starts[column + 1]
  }

  /// The query of a column's entry.
  func query(at entry: Int, of column: Int) -> Int {
    starts.isEmpty ? entry - column * queries : Int(listed[entry])
  }

  /// The entry of a pair; nil where the column does not have the query.
  @inline(__always)
  func entry(_ column: Int, _ query: Int) -> Int? {
    if starts.isEmpty { return column * queries + query }
    var (low, high) = (starts[column], starts[column + 1])
    while low < high {
      let middle = (low + high) / 2
      if Int(listed[middle]) < query { low = middle + 1 } else { high = middle }
    }
    return low < starts[column + 1] && Int(listed[low]) == query ? low : nil
  }
}

/// Distances of such a shape; NaN until they are known.
struct DistanceTable: ~Copyable, Sendable {
  let shape: DistanceShape
  var values: Matrix

  init(_ shape: DistanceShape) {
    self.shape = shape
    values = Matrix(uninitializedRows: shape.count, columns: 1)
    values.mutableElements.update(repeating: .nan)
  }

  /// The distance of a pair; NaN where it is not known.
  @inline(__always)
  subscript(column: Int, query: Int) -> Float { shape.entry(column, query).map { values.elements[$0] } ?? .nan }
}
