import Domain
import Foundation
import Interface
import Screen
import Testing

@Suite struct RecordingTests {
  @Test(arguments: [UInt64](1...3))
  func aSessionThatWasWrittenDownHappensAgain(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var stage = Stage.compared()
    let keys = Binding.all.flatMap(\.keys).filter { $0 != .control("z") }
    for _ in 0..<200 {
      stage.press(keys[random.below(keys.count)])
      stage.answer()
    }
    stage.send(.input(.paste("a\u{1B}[31m\n\"ü\"")))
    stage.click(10, 10)
    stage.resize(100, 30)
    stage.send(.picked(9, [Pick(rank: 0, index: 3, gain: .nan)]))

    let read = try Recording(parsing: stage.recording.data())
    let again = read.replay()
    #expect(view(again.model) == stage.grid)
    #expect(again.model.log == stage.model.log)
    #expect(again.model.session == stage.model.session)
    #expect(read.messages.count == stage.recording.messages.count)
  }

  @Test func theEffectsAreTheSameAgain() throws {
    let stage = Stage.scoring()
    let effects = try Recording(parsing: stage.recording.data()).replay().effects
    #expect(effects == stage.recording.replay().effects)
    #expect(effects.contains { if case .startRun = $0 { true } else { false } })
  }

  @Test func aLastLineThatIsCutShortIsLeftOut() throws {
    let stage = Stage.opened()
    let read = try Recording(parsing: stage.recording.data().dropLast(5))
    #expect(read.messages == Array(stage.recording.messages.dropLast()))
  }

  @Test func everyKeyIsWrittenByItsName() throws {
    for key in Binding.all.flatMap(\.keys) + [.alt("x"), .function(12), .insert, .character("日"), .control("]")] {
      #expect(Key(named: key.label) == key, "\(key.label)")
    }
  }
}
