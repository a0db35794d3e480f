/// A canvas of dots, two across and four down in each cell, shown as braille patterns (U+2800 to U+28FF).
struct BrailleCanvas {
  /// In cells.
  let width: Int
  let height: Int
  private var patterns: [UInt8]

  init(width: Int, height: Int) {
    self.width = max(0, width)
    self.height = max(0, height)
    patterns = Array(repeating: 0, count: self.width * self.height)
  }

  var dotsAcross: Int { 2 * width }
  var dotsDown: Int { 4 * height }

  /// Sets the dot at a position counted from the top left; one outside is left alone.
  mutating func set(_ x: Int, _ y: Int) {
    guard x >= 0, y >= 0, x < dotsAcross, y < dotsDown else { return }
    // Unicode numbers the dots down the first column, then the second, and the lowest row came later.
    let bits: [[UInt8]] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]
    patterns[y / 4 * width + x / 2] |= bits[y % 4][x % 2]
  }

  /// Sets the dots of a column from one height to another, both included.
  mutating func column(_ x: Int, from a: Int, to b: Int) {
    for y in max(0, min(a, b))...max(0, min(dotsDown - 1, max(a, b))) { set(x, y) }
  }

  /// The pattern of a cell; nil where no dot is set.
  func glyph(_ x: Int, _ y: Int) -> String? { Self.glyph(patterns[y * width + x]) }

  /// The pattern of a cell with the dots of other canvases of the same size.
  func merged(with others: [BrailleCanvas], _ x: Int, _ y: Int) -> String? {
    Self.glyph(others.reduce(patterns[y * width + x]) { $0 | $1.patterns[y * width + x] })
  }

  private static func glyph(_ pattern: UInt8) -> String? {
    guard pattern != 0, let scalar = Unicode.Scalar(0x2800 + UInt32(pattern)) else { return nil }
    return String(scalar)
  }
}
