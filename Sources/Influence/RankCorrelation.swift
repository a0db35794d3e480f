/// Spearman's rank correlation of two lists; equal values share the mean of their ranks. 0 where one list is constant.
package func rankCorrelation(_ x: [Double], _ y: [Double]) -> Double {
  precondition(x.count == y.count)
  let (a, b) = (ranks(x), ranks(y))
  let mean = Double(x.count - 1) / 2
  var (product, left, right) = (0.0, 0.0, 0.0)
  for index in x.indices {
    product += (a[index] - mean) * (b[index] - mean)
    left += (a[index] - mean) * (a[index] - mean)
    right += (b[index] - mean) * (b[index] - mean)
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
    for index in first..<end { ranks[order[index]] = Double(first + end - 1) / 2 }
    first = end
  }
  return ranks
}
