import Domain

extension [Int] {
  /// The elements by a key, equal ones in the order they had: a radix sort, since a million rows are to be ordered
  /// between two key presses.
  func ordered(by key: (Int) -> UInt64) -> [Int] {
    var most: UInt64 = 0
    var keys = [UInt64](unsafeUninitializedCapacity: count) { buffer, used in
      for (place, element) in enumerated() {
        let own = key(element)
        most = Swift.max(most, own)
        buffer[place] = own
      }
      used = count
    }
    var rows = self
    var (nextKeys, nextRows) = (keys, rows)
    for shift in stride(from: UInt64(0), to: 64, by: 11) where shift == 0 || most >> shift > 0 {
      var starts = [Int](repeating: 0, count: 2049)
      var isMoved = false
      keys.withUnsafeBufferPointer { keys in
        for key in keys { starts[Int((key >> shift) & 2047) + 1] += 1 }
        // All in one place: this digit tells nothing apart.
        if starts.contains(keys.count) { return }
        for digit in 1...2048 { starts[digit] += starts[digit - 1] }
        rows.withUnsafeBufferPointer { rows in
          nextKeys.withUnsafeMutableBufferPointer { nextKeys in
            nextRows.withUnsafeMutableBufferPointer { nextRows in
              starts.withUnsafeMutableBufferPointer { starts in
                for place in 0..<keys.count {
                  let digit = Int((keys[place] >> shift) & 2047)
                  let spot = starts[digit]
                  nextRows[spot] = rows[place]
                  nextKeys[spot] = keys[place]
                  starts[digit] = spot + 1
                }
              }
            }
          }
        }
        isMoved = true
      }
      if isMoved {
        swap(&rows, &nextRows)
        swap(&keys, &nextKeys)
      }
    }
    return rows
  }
}

extension UInt64 {
  /// A key that orders numbers from the greatest to the least, and what is none last.
  init(descending value: Double) {
    guard !value.isNaN else {
      self = .max
      return
    }
    let bits = (value + 0).bitPattern  // -0 is 0
    self = bits >> 63 == 1 ? bits : ~(bits | 1 << 63)
  }
}

extension DatasetSurvey {
  /// For each label its place when they are ordered by name.
  var ranksOfLabels: [Int] {
    var ranks = [Int](repeating: 0, count: labels.count)
    for (place, label) in labels.indices.sorted(by: { labels[$0] < labels[$1] }).enumerated() { ranks[label] = place }
    return ranks
  }

  /// The label of a row, by its place among the labels.
  func label(ofRow row: Int) -> Int? {
    guard labelOfRow.indices.contains(row), labelOfRow[row] >= 0 else { return nil }
    return Int(labelOfRow[row])
  }
}
