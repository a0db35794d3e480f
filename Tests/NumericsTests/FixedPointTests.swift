import Numerics
import Testing

@Suite struct FixedPointTests {
  @Test func valuesAreRoundedToTheNearestStep() {
    let grid = FixedPoint(magnitude: 1, total: 10_000)
    #expect(grid.step == 0x1p-46)
    for value in [0, 1, 0.5, 0x1p-23, 1 - 0x1p-24, 0x1p-46, 0.3, -0.25] {
      #expect(abs(grid.value(grid.fixed(value)) - value) <= grid.step / 2)
    }
    // A float32 above 2^-23 loses nothing.
    #expect(grid.value(grid.fixed(Double(Float(0.3)))) == Double(Float(0.3)))
  }

  @Test func sumsUpToTheTotalStayInRange() {
    for (magnitude, rows) in [(1.0, 1.0), (1, 1e6), (1e30, 1e4), (1e-30, 1e4), (0, 5)] {
      let grid = FixedPoint(magnitude: magnitude, total: magnitude * rows)
      #expect(magnitude * rows / grid.step < 0x1p61)
      #expect(abs(grid.value(grid.fixed(magnitude)) - magnitude) <= grid.step / 2)
    }
  }
}
