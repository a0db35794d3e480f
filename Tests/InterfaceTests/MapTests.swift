import Domain
import Interface
import Screen
import Testing

@Suite struct MapTests {
  private func mapped(_ width: Int = 120, _ height: Int = 40) -> Stage {
    var stage = Stage.chosen(width: width, height: height)
    stage.press(.character("6"))
    stage.answer()
    return stage
  }

  @Test func beforeAnyRunTheMapIsOfWordsAndAfterOneOfUtilities() {
    var stage = Stage.opened(width: 120, height: 40)
    stage.press(.character("6"))
    #expect(stage.effects.contains(.makeMap(MapRequest(file: Stage.pool, source: .words))))
    stage = Stage.chosen()
    _ = stage.takeEffects()
    stage.press(.character("6"))
    #expect(stage.effects.contains(.makeMap(MapRequest(file: Stage.pool, source: .utilities, run: 7))))
    stage.answer()
    stage.press(.character("m"), .character("m"), .character("m"))
    #expect(stage.effects.contains(.makeMap(MapRequest(file: Stage.pool, source: .words))))
  }

  @Test func aMapByTheModelsGradientsSaysHowFarItIsAndEscapeStopsIt() {
    var stage = mapped()
    stage.press(.character("m"), .character("m"))
    let asked = MapRequest(file: Stage.pool, source: .gradients, model: "sample-data/model", template: "delift")
    #expect(stage.takeEffects().contains(.makeMap(asked)))
    stage.send(.mapping(asked, Progress(phase: .gradients, done: 60, total: 300, unit: "rows", elapsed: 3)))
    #expect(stage.text.contains("Taking gradients  60 of 300 rows · 12 s left"))
    #expect(stage.model.wantsTicks)
    stage.press(.escape)
    #expect(stage.takeEffects() == [.stopMapping])
    #expect(stage.text.contains("Map by utilities"))
    stage.press(.character("m"), .character("m"))
    stage.answer()
    #expect(stage.text.contains("Map by gradients"))
    // News of the map before it change nothing.
    stage.send(.mapping(asked, Progress(phase: .gradients, done: 60, total: 300, unit: "rows", elapsed: 3)))
    #expect(stage.text.contains("Map by gradients"))
  }

  @Test func withoutARunTheMapIsOfWordsUntilGradientsAreAskedFor() {
    var stage = Stage.opened(width: 120, height: 40)
    stage.press(.character("6"))
    stage.answer()
    #expect(stage.text.contains("Map by words"))
    stage.press(.character("m"), .character("m"))
    stage.answer()
    #expect(stage.text.contains("Map by gradients"))
  }

  @Test func chosenRowsAreLitAndTheCursorsRowIsRead() {
    var stage = mapped()
    #expect(stage.text.contains("●") && stage.text.contains("╋"))
    stage.press(.home)
    stage.answer()
    #expect(stage.text.contains("Row 0 · s0 · arithmetic"))
    stage.press(.enter)
    stage.answer()
    #expect(stage.model.screen == .data)
    stage.press(.escape)
    #expect(stage.model.screen == .map)
  }

  /// The nearest point to the right lies to the right, and coming back one is never further left than where one began.
  @Test func arrowsGoToPointsInTheirDirection() {
    var stage = mapped()
    let places = Stage.map(.utilities).points
    for (key, isFurther) in [
      (Key.right, { (a: PoolMap.Point, b: PoolMap.Point) in b.x > a.x }),
      (.left, { a, b in b.x < a.x }), (.up, { a, b in b.y > a.y }), (.down, { a, b in b.y < a.y }),
    ] {
      stage.press(.home)
      for _ in 0..<5 {
        let before = stage.model.map.cursor
        stage.press(key)
        let after = stage.model.map.cursor
        #expect(before == after || isFurther(places[before], places[after]), "\(key)")
      }
    }
  }

  @Test func theMapIsEnlargedTowardsTheCursorAndShownWholeAgain() {
    var stage = mapped()
    stage.press(.end, .character("+"), .character("+"))
    #expect(stage.text.contains("4×"))
    #expect(stage.text.contains("╋"))
    stage.press(.character("d"), .character("a"), .character("0"))
    #expect(!stage.text.contains("4×"))
    stage.press(.character("-"))
    #expect(stage.text.contains("The whole map is shown"))
  }

  @Test func aClickPutsTheCursorOnTheNearestPoint() throws {
    var stage = mapped()
    let rows = stage.text.split(separator: "\n", omittingEmptySubsequences: false).map(Array.init)
    let y = try #require(rows.indices.dropFirst(2).first { rows[$0].contains("●") })
    let x = try #require(rows[y].firstIndex(of: "●"))
    stage.click(x, y)
    stage.answer()
    #expect(stage.grid[x, y].glyph == "╋")
    #expect(stage.text.contains("chosen at step"))
  }

  @Test func theMatrixIsShownInBlocksAndOrderedByClusterToo() {
    var stage = mapped()
    stage.press(.character("v"))
    #expect(stage.effects.contains(.makeHeatMap(HeatRequest(run: 7, order: .label, file: Stage.pool))))
    stage.answer()
    #expect(stage.text.contains("ordered by label") && stage.text.contains("capitals"))
    stage.press(.character("o"))
    #expect(stage.effects.contains(.makeHeatMap(HeatRequest(run: 7, order: .cluster, file: Stage.pool))))
    stage.press(.character("+"))
    #expect(stage.text.contains("The matrix is shown"))
  }

  @Test func theReplayLightsTheRowsAsTheyAreTaken() {
    var stage = mapped()
    func lit() -> Int { stage.text.filter { $0 == "●" }.count }
    let all = lit()
    stage.press(.character("3"), .character(" "), .character("."), .character("."))
    stage.press(.character("6"))
    #expect(lit() < all)
  }

  @Test func beforeARunTheMatrixSaysWhereItComesFrom() {
    var stage = Stage.opened()
    stage.press(.character("6"), .character("v"))
    #expect(stage.text.contains("belongs to a run"))
  }
}
