import Domain
import Numerics
import Submodular

extension RunOutcome {
  /// Cells on a side, and elements that are read for them, at most.
  private static let mostCells = 192
  private static let mostElements = 60_000_000

  /// The utility matrix, its rows and columns brought into an order and made small.
  ///
  /// - Parameter labels: the name of a row's label; rows without one stand last.
  /// - Throws: `WorkbenchError.noUtilities`, `CancellationError`.
  package func heatMap(
    order: HeatOrder, label: (RowIndex) -> String?, workers: Workers, cancellation: Cancellation
  ) throws -> HeatMap {
    guard let kernel else { throw WorkbenchError.noUtilities(specification.method) }
    let isSquare = kernel.rows == kernel.columns
    // A kernel of targets has other rows than columns: those keep the file's order.
    let columnOrder = try self.order(of: kernel.columns, by: order, label: label)
    let rowOrder = isSquare ? columnOrder : (0..<kernel.rows).map { (number: $0, group: "target") }
    let rows = min(Self.mostCells, kernel.rows)
    let columns = min(Self.mostCells, kernel.columns)
    // Of a large matrix some rows stand for their neighbours.
    let perCell = max(1, min(kernel.rows / rows, Self.mostElements / max(1, kernel.columns * rows)))
    var sums = Matrix(zerosOfRows: rows, columns: columns)
    let scratch = RowScratch(rows: workers.count, columns: kernel.columns)
    let columnNumbers = columnOrder.map(\.number)
    let count = columnNumbers.count
    let lines = rowOrder.map(\.number)
    try workers.fill(&sums, cancellation: cancellation) { row, own, worker in
      let line = row.lowerBound
      let first = line * lines.count / rows
      let end = max(first + 1, (line + 1) * lines.count / rows)
      let step = max(1, (end - first) / perCell)
      var read = 0
      for number in stride(from: first, to: end, by: step) {
        let elements = scratch[worker]
        kernel.copyRow(lines[number], to: elements)
        for (column, source) in columnNumbers.enumerated() {
          own[column * columns / count] += elements[source]
        }
        read += 1
      }
      for cell in 0..<columns {
        let width = ((cell + 1) * count + columns - 1) / columns - (cell * count + columns - 1) / columns
        own[cell] /= Float(max(1, read * width))
      }
    }
    let greatest = sums.elements.max() ?? 0
    let least = sums.elements.min() ?? 0
    let shares = sums.elements.map { greatest > least ? ($0 - least) / (greatest - least) : 0 }
    return HeatMap(
      order: order, rows: rows, columns: columns, cells: shares, least: least, greatest: greatest,
      groups: Self.groups(rowOrder.map(\.group), lines: rows))
  }

  /// The kernel's candidates in an order, each with the name of its group.
  private func order(
    of count: Int, by order: HeatOrder, label: (RowIndex) -> String?
  ) throws -> [(number: Int, group: String)] {
    switch order {
    case .label:
      let named = (0..<count).map { (number: $0, group: label(map.row(of: Candidate($0))) ?? "\u{10FFFF}") }
      return named.sorted { $0.group != $1.group ? $0.group < $1.group : $0.number < $1.number }
        .map { ($0.number, $0.group == "\u{10FFFF}" ? "no label" : $0.group) }
    case .cluster:
      guard let assignments, assignments.representative.count == count else {
        return (0..<count).map { (number: $0, group: "rows") }
      }
      let last = Rank(assignments.picks.count)
      return (0..<count).sorted { a, b in
        let (rankA, rankB) = (assignments.representative[a] ?? last, assignments.representative[b] ?? last)
        if rankA != rankB { return rankA < rankB }
        if assignments.utility[a] != assignments.utility[b] { return assignments.utility[a] > assignments.utility[b] }
        return a < b
      }.map { ($0, assignments.representative[$0].map { "pick \($0.value + 1)" } ?? "no pick") }
    }
  }

  private static func groups(_ names: [String], lines: Int) -> [HeatMap.Group] {
    var groups: [HeatMap.Group] = []
    for line in 0..<lines {
      let name = names[line * names.count / lines]
      if let last = groups.last, last.name == name {
        groups[groups.count - 1].lines = last.lines.lowerBound..<line + 1
      } else {
        groups.append(HeatMap.Group(name: name, lines: line..<line + 1))
      }
    }
    return groups
  }
}
