import Domain
import Interface
import Screen
import Testing

@Suite struct ReasonTests {
  @Test func bestExamplesAndNearestTargetsAreListedBesideWhomARowStandsFor() {
    var stage = Stage.chosen(width: 120, height: 40)
    #expect(stage.text.contains("stands for"))
    stage.press(.character("v"))
    stage.answer()
    #expect(stage.text.contains("best examples for it"))
    #expect(stage.text.contains("0.910"))
    // A run without a target set has no nearest targets to go through.
    stage.press(.enter, .right)
    #expect(stage.text.contains("‹ stands for ›"))
  }

  @Test func aRowThatWasChosenByItsInfluenceHasTargetsAndLandmarksAndStandsForNone() {
    var stage = Stage.distilled(width: 120, height: 40)
    #expect(stage.text.contains("‹ taken for, and its other targets ›"))
    stage.send(.tick(60))
    #expect(stage.text.contains("weight 1.5") && stage.text.contains("which targets one helps"))
    stage.press(.character("v"))
    #expect(stage.text.contains("‹ nearest landmarks ›"))
    stage.press(.character("v"))
    #expect(stage.text.contains("‹ taken for, and its other targets ›"))
  }

  @Test func chosenRowsAreListedByLengthOrLabelAndTheCursorStaysOnItsRow() {
    var stage = Stage.chosen(width: 120, height: 40)
    stage.press(.down, .down)
    #expect(stage.text.contains("Row 85 · s85"))
    stage.press(.character("s"))
    #expect(stage.text.contains("by gain"))
    stage.press(.character("s"))
    #expect(stage.text.contains("by length"))
    #expect(stage.text.contains("Row 85 · s85"))
    stage.press(.character("g"))
    stage.answer()
    let survey = Stage.survey(rows: 300)
    let longest = Stage.picks.map(\.row.value).max { survey.lengths[$0] < survey.lengths[$1] } ?? -1
    let shown = stage.text.firstMatch(of: /Row (\d+) · s/).flatMap { Int($0.1) } ?? -2
    #expect(survey.lengths[shown] == survey.lengths[longest])
    stage.press(.character("S"), .character("g"))
    stage.answer()
    let least = Stage.picks.map { survey.lengths[$0.row.value] }.min()
    let first = stage.text.firstMatch(of: /Row (\d+) · s/).flatMap { Int($0.1) } ?? -2
    #expect(survey.lengths[first] == least)
  }

  @Test func aRunIsHeldAndGoesOn() {
    var stage = Stage.scoring()
    _ = stage.takeEffects()
    stage.press(.character("z"))
    #expect(stage.takeEffects() == [.pauseRun])
    #expect(stage.text.contains("The run is held"))
    stage.send(.tick(30))
    #expect(!stage.model.wantsTicks)
    stage.press(.character("z"))
    #expect(stage.takeEffects() == [.resumeRun])
    #expect(stage.model.wantsTicks)
  }

  @Test func comparisonsHaveLabelsLengthsAndObjectivesOnEachOthersRows() {
    var stage = Stage.compared()
    #expect(stage.text.contains("1/4 Value at a shared budget"))
    stage.press(.character("v"))
    #expect(stage.text.contains("2/4 Labels") && stage.text.contains("pool"))
    stage.press(.character("v"))
    #expect(stage.text.contains("3/4 Lengths") && stage.text.contains("A mean"))
    stage.press(.character("v"))
    stage.answer()
    #expect(stage.text.contains("4/4 Objectives") && stage.text.contains("50.50") && stage.text.contains("41.25"))
    var wide = Stage.compared(width: 200, height: 60)
    wide.answer()
    for title in ["Value at a shared budget", "Labels", "Lengths", "Objectives on each other's rows"] {
      #expect(wide.text.contains(title), "\(title)")
    }
  }

  @Test func theComparisonIsWrittenAsMarkdownOrCSV() throws {
    var stage = Stage.compared()
    func written(_ path: String) throws -> String {
      _ = stage.takeEffects()
      stage.press(.character("e"), .control("u"))
      stage.type(path)
      stage.press(.enter)
      let effect = stage.takeEffects().last
      guard case .writeText(path, let text, false)? = effect else {
        Issue.record("\(String(describing: effect))")
        return ""
      }
      return text
    }
    let markdown = try written("a.md")
    #expect(
      markdown.hasPrefix("|  | A | B |\n| --- | --- | --- |\n| method | delift-instruction | delift-instruction |\n"))
    #expect(markdown.contains("| overlap (Jaccard) | 0.42857142857142855 | 0.42857142857142855 |"))
    #expect(markdown.contains("| label: arithmetic |"))
    let csv = try written("a.csv")
    #expect(csv.hasPrefix(",A,B\nmethod,delift-instruction,delift-instruction\n"))
    #expect(csv.contains("rows,30,20\n"))
    stage.send(.textExists(path: "a.csv", text: csv))
    #expect(stage.text.contains("Write over it?"))
    stage.press(.character("y"))
    #expect(stage.takeEffects() == [.writeText(path: "a.csv", text: csv, overwrite: true)])
  }
}
