extension SparseMatrix {
  /// Some of its rows and columns, each ascending and each once, numbered anew.
  package func part(rows: [Int], columns: [Int]) -> SparseMatrix {
    var numbers = [Int32](repeating: -1, count: self.columns)
    for (number, column) in columns.enumerated() { numbers[column] = Int32(number) }
    let kept = rows.map { row in
      self[row].compactMap { entry -> SparseEntry? in
        let number = numbers[Int(entry.column)]
        return number < 0 ? nil : SparseEntry(column: UInt32(number), value: entry.value)
      }
    }
    return SparseMatrix(rows: rows.count, columns: columns.count) {
      kept[$0].count
    } fill: { row, entries, _ in
      for (index, entry) in kept[row].enumerated() { entries[index] = entry }
    }
  }
}
