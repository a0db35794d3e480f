/// Spearman's rank correlation of two lists; equal values share the mean of their ranks. 0 where one list is constant.
package func rankCorrelation(_ x: [Double], _ y: [Double]) -> Double {
  precondition(x.count == y.count)
  let (a, b) = (ranks(x), ranks(y))
  let mean = Double(x.count - 1) / 2
  var (product, left, right) = (0.0, 0.0, 0.0)
  for place in x.indices {
    product += (a[place] - mean) * (b[place] - mean)
    left += (a[place] - mean) * (a[place] - mean)
    right += (b[place] - mean) * (b[place] - mean)
  }
  return left > 0 && right > 0 ? product / (left * right).squareRoot() : 0
}

private func ranks(_ values: [Double]) -> [Double] {
  let order = values.indices.sorted { values[$0] < values[$1] }
  var ranks = [Double](repeating: 0, count: values.count)
  var first = 0
  while first < order.count {
    var end = first + 1
    while end < order.count, values[order[end]] == values[order[first]] { end += 1 }
    for place in first..<end { ranks[order[place]] = Double(first + end - 1) / 2 }
    first = end
  }
  return ranks
}
