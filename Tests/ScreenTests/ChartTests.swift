import Screen
import Testing

@Suite struct ChartTests {
  private func chart(
    _ values: [Double], extent: Int? = nil, width: Int = 12, height: Int = 4, level: GlyphLevel = .braille,
    logarithmic: Bool = false
  ) -> [String] {
    var grid = Grid(width: width, height: height)
    LineChart(values: values, extent: extent ?? values.count, isLogarithmic: logarithmic)
      .draw(
        into: &grid, in: grid.bounds, theme: .monochrome, symbols: Symbols(level: level),
        format: { String(Int($0.rounded())) })
    return (0..<height).map(grid.text(row:))
  }

  @Test func aFallingLineIsDrawnInDots() {
    let rows = chart([12, 8, 4, 0], width: 11, height: 5)
    // The ends of both axes are named, and the curve begins at the top left and ends at the bottom right.
    #expect(rows[0].hasPrefix("12 "))
    #expect(rows[3].hasPrefix(" 0"))
    #expect(rows[4] == "   1      4")
    #expect(rows[0].dropFirst(3).first.map { $0 != " " } == true)
    #expect(rows[3].count == 11)
  }

  @Test func everyDotColumnOfACurveIsSetOnceThereAreEnoughValues() {
    let rows = chart((0..<200).map { 1 / Double($0 + 1) }, width: 30, height: 6)
    for x in 2..<30 {
      let column = rows.dropLast().map { row in
        Array(row).indices.contains(x) ? Array(row)[x] : " "
      }
      let bits = column.compactMap { $0.unicodeScalars.first?.value }.filter { $0 > 0x2800 }.map { $0 - 0x2800 }
      let all = bits.reduce(0, |)
      #expect(all & 0x47 != 0 && all & 0xB8 != 0, "column \(x)")
    }
  }

  @Test func eachLevelOfGlyphsHasItsOwnPicture() {
    let values = [4.0, 3, 2, 1]
    #expect(chart(values, level: .block).joined().contains("█"))
    let ascii = chart(values, level: .ascii)
    #expect(ascii.joined().contains("*"))
    #expect(ascii.joined().unicodeScalars.allSatisfy { $0.isASCII })
  }

  @Test func aCurveThatIsStillGrowingLeavesTheRestOfTheAxisFree() {
    let rows = chart([5, 4], extent: 10, width: 22, height: 4)
    #expect(rows[3].hasSuffix("10"))
    for row in rows.dropLast() { #expect(row.count < 8) }
  }

  @Test(arguments: [[Double.nan], [.infinity, 1], [0, 0, 0], [-1, -2], [], [5]])
  func oddValuesDrawSomethingAndNeverTrap(values: [Double]) {
    for level in GlyphLevel.allCases {
      for width in 0..<20 {
        for height in 0..<6 {
          _ = chart(values, width: width, height: height, level: level)
          _ = chart(values, width: width, height: height, level: level, logarithmic: true)
        }
      }
    }
  }

  @Test func aLogarithmIsAskedForWhereValuesSpanMagnitudes() {
    #expect(LineChart.wantsLogarithm([100, 10, 1, 0.1]))
    #expect(!LineChart.wantsLogarithm([5, 4, 3]))
    #expect(!LineChart.wantsLogarithm([100, 0, 0, 0]))
    #expect(!LineChart.wantsLogarithm([]))
  }

  @Test func halfTheRangeOfALogarithmStandsHalfWayUp() {
    let linear = chart([100, 10, 1], width: 13, height: 10)
    let logarithmic = chart([100, 10, 1], width: 13, height: 10, logarithmic: true)
    // The middle value: near the bottom on a linear axis, in the middle on a logarithmic one.
    func height(_ rows: [String]) -> Int? {
      rows.dropLast().firstIndex { row in
        let cells = Array(row)
        return cells.count > 8 && cells[8] != " "
      }
    }
    #expect((height(linear) ?? 0) >= 6)
    #expect((2...4).contains(height(logarithmic) ?? 0))
  }

  private func histogram(_ counts: [Int], width: Int, height: Int) -> [String] {
    var grid = Grid(width: width, height: height)
    Histogram(counts: counts, from: "0", to: "1")
      .draw(into: &grid, in: grid.bounds, theme: .monochrome, symbols: Symbols(level: .braille))
    return (0..<height).map(grid.text(row:))
  }

  @Test func barsAreAsHighAsTheirCountsAndTheSmallestIsSeen() {
    #expect(histogram([8, 4, 0, 1], width: 4, height: 2) == ["█▄ ▁", "0  1"])
    #expect(histogram([16, 8, 0, 4], width: 4, height: 3) == ["█", "██ ▄", "0  1"])
    #expect(histogram([1, 1000], width: 4, height: 2) == ["▁▁██", "0  1"])
  }

  @Test func binsThatDoNotFitArePutTogether() {
    #expect(histogram([1, 1, 1, 1, 4, 4, 0, 0], width: 4, height: 2) == ["▂▂█", "0  1"])
    for counts in [[], [0, 0], [Int.max, Int.max, 1], [-5, 3]] {
      for width in 0..<12 { for height in 0..<4 { _ = histogram(counts, width: width, height: height) } }
    }
  }

  @Test func aGaugeIsFullOnlyWhenAllIsDone() {
    func gauge(_ share: Double) -> String {
      var grid = Grid(width: 10, height: 1)
      Gauge(share: share).draw(
        into: &grid, x: 0, y: 0, width: 10, theme: .monochrome, symbols: Symbols(level: .braille))
      return grid.text
    }
    #expect(gauge(0) == "──────────")
    #expect(gauge(0.001) == "━─────────")
    #expect(gauge(0.5) == "━━━━━─────")
    #expect(gauge(0.999) == "━━━━━━━━━─")
    #expect(gauge(1) == "━━━━━━━━━━")
    #expect(gauge(.nan) == gauge(0))
  }

  @Test func columnsShareTheRoomAndTheLeastNeededGoesFirst() {
    let columns = [
      Column("id", width: 3, alignment: .right), Column("text", width: 5, isFlexible: true),
      Column("label", width: 6, isFlexible: true, most: 8, rank: 1), Column("note", width: 10, rank: 2),
    ]
    func places(_ width: Int) -> [String] {
      ColumnLayout(columns, in: width).spans.map { $0.map { "\($0.x)+\($0.width)" } ?? "-" }
    }
    #expect(places(30) == ["0+3", "5+5", "12+6", "20+10"])
    #expect(places(29) == ["0+3", "5+11", "18+8", "-"] || places(29)[3] == "-")
    #expect(places(17) == ["0+3", "5+12", "-", "-"])
    #expect(places(10) == ["0+3", "5+5", "-", "-"])
    #expect(places(40)[2].hasSuffix("+8"))
    for width in 0..<60 {
      for place in ColumnLayout(columns, in: width).spans.compactMap({ $0 }) {
        #expect(place.x + place.width <= max(width, 0))
      }
    }
  }
}
