import Domain

extension Array {
  /// The elements by a key, equal ones in the order they had: a radix sort, since a million rows are to be ordered
  /// between two key presses.
  func ordered(by key: (Element) -> UInt64) -> [Element] {
    var most: UInt64 = 0
    var keys = [UInt64](unsafeUninitializedCapacity: count) { buffer, used in
      for (number, element) in enumerated() {
        let own = key(element)
        most = Swift.max(most, own)
        buffer[number] = own
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
        // All have this digit: it tells nothing apart.
        if starts.contains(keys.count) { return }
        for digit in 1...2048 { starts[digit] += starts[digit - 1] }
        rows.withUnsafeBufferPointer { rows in
          nextKeys.withUnsafeMutableBufferPointer { nextKeys in
            nextRows.withUnsafeMutableBufferPointer { nextRows in
              starts.withUnsafeMutableBufferPointer { starts in
                for number in 0..<keys.count {
                  let digit = Int((keys[number] >> shift) & 2047)
                  let position = starts[digit]
                  nextRows[position] = rows[number]
                  nextKeys[position] = keys[number]
                  starts[digit] = position + 1
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
  /// For each label its rank when they are ordered by name.
  var ranksOfLabels: [Int] {
    var ranks = [Int](repeating: 0, count: labels.count)
    for (rank, label) in labels.indices.sorted(by: { labels[$0] < labels[$1] }).enumerated() { ranks[label] = rank }
    return ranks
  }
}
