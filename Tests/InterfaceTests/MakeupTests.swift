import Domain
import Interface
import Screen
import Testing

@Suite struct MakeupTests {
  @Test func labelsAndLengthsOfTheWholeFileAreShown() {
    let stage = Stage.opened(width: 120, height: 40)
    #expect(stage.text.contains("Labels and lengths"))
    #expect(stage.text.contains("arithmetic") && stage.text.contains("17%"))
    #expect(stage.text.contains("rows by tokens, mean"))
    var small = Stage.opened()
    #expect(small.text.contains("╭─ Labels"))
    small.press(.character("v"))
    #expect(small.text.contains("╭─ Lengths"))
  }

  @Test func aLabelIsChosenToSeeItsRowsOnly() {
    var stage = Stage.opened(width: 120, height: 40)
    stage.press(.tab, .tab)
    stage.press(.down, .enter)
    stage.answer()
    #expect(stage.text.contains("50 rows match label=\"reversal\""))
    #expect(stage.text.contains("1 of 50"))
  }

  /// Against sorting the lengths and labels themselves.
  @Test func rowsAreOrderedByLabelAndByLengthAndTurnedRound() {
    var stage = Stage.opened(width: 120, height: 40)
    let survey = Stage.survey(rows: 300)
    func firstRows(_ count: Int) -> [Int] {
      stage.press(.character("g"))
      var rows: [Int] = []
      for _ in 0..<count {
        stage.answer()
        let line = stage.text.split(separator: "\n").first { $0.contains("Row ") && $0.contains(" · s") }
        let text = line.map(String.init) ?? ""
        rows.append(text.firstMatch(of: /Row (\d+) ·/).flatMap { Int($0.1) } ?? -1)
        stage.press(.down)
      }
      return rows
    }
    stage.press(.character("s"))
    let byLabel = (0..<300).sorted { a, b in
      let (x, y) = (Stage.families[a % 6], Stage.families[b % 6])
      return x != y ? x < y : a < b
    }
    #expect(firstRows(8) == Array(byLabel.prefix(8)))
    stage.press(.character("s"))
    let byLength = (0..<300).sorted { a, b in
      survey.lengths[a] != survey.lengths[b] ? survey.lengths[a] < survey.lengths[b] : a < b
    }
    #expect(firstRows(8) == Array(byLength.prefix(8)))
    stage.press(.character("S"))
    #expect(firstRows(8) == Array(byLength.reversed().prefix(8)))
    stage.press(.character("s"))
    #expect(firstRows(3) == [0, 1, 2])
  }

  @Test func theCursorStaysOnItsRowWhenTheOrderChanges() {
    var stage = Stage.opened()
    for _ in 0..<7 { stage.press(.down) }
    stage.press(.character("s"))
    stage.answer()
    #expect(stage.text.contains("Row 7 · s7"))
  }

  @Test func anotherFileIsAddedToThePoolAndAFileChangesItsRole() {
    var stage = Stage.opened(target: true)
    _ = stage.takeEffects()
    stage.press(.character("O"))
    stage.type("more.jsonl")
    stage.press(.enter)
    #expect(stage.takeEffects().contains(.open(path: "sample-data/pool.jsonl", role: .pool, more: ["more.jsonl"])))
    var other = Stage.opened(target: true)
    _ = other.takeEffects()
    other.press(.character("M"))
    let asked = other.takeEffects()
    #expect(asked.contains(.open(path: "sample-data/pool.jsonl", role: .target)))
    #expect(asked.contains(.open(path: "sample-data/target.jsonl", role: .pool)))
  }
}
