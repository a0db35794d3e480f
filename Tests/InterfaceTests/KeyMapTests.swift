import Domain
import Interface
import Screen
import Testing

@Suite struct KeyMapTests {
  @Test func aFileGivesActionsOtherKeysAndTheRestStays() throws {
    let map = try KeyMap(
      parsing: """
        # mine
        [keys]
        pin = "P"
        quit = ["ctrl-q", "F10"]
        suspend = []
        pageDown = ["pgdn", "space"]
        replay = "R"
        """, file: "keys.toml")
    #expect(map.binding(of: "pin")?.keys == [.character("P")])
    #expect(map.binding(of: "quit")?.keys == [.control("q"), .function(10)])
    #expect(map.binding(of: "suspend")?.keys == [])
    #expect(map.binding(of: "ban")?.keys == KeyMap.standard.binding(of: "ban")?.keys)
  }

  @Test func theFilesKeysAreDispatchedAndShown() throws {
    var opening = Opening(width: 100, height: 30, paths: [.pool: "a.jsonl"], model: "m")
    opening.keyMap = try KeyMap(parsing: "[keys]\nstartRun = \"R\"\nhelp = \"H\"", file: "keys.toml")
    var model = Model(startingWith: opening)
    _ = update(&model, .datasetOpened(DatasetKey(1), Stage.summary("a.jsonl", .pool)))
    #expect(view(model).text.contains("Press R to choose"))
    #expect(view(model).text.contains("R run"))
    #expect(update(&model, .input(.key(.character("r")))) == [])
    let effects = update(&model, .input(.key(.character("R"))))
    #expect(effects.contains { if case .startRun = $0 { true } else { false } })
    _ = update(&model, .input(.key(.character("H"))))
    #expect(model.contexts == [.reader])
  }

  @Test(arguments: [
    ("[keys]\npin = \"x\"", 2, "ban"), ("[keys]\n\npin = \"z\"\nban = \"z\"", 4, "pin"),
    ("[keys]\npin = \"z\"\nquit = \"z\"\nban = \"z\"", 4, "pin"), ("[keys]\nhelp = \"1\"\npin = \"P\"", 2, "showData"),
  ])
  func aKeyThatIsTakenIsRefusedWithItsLine(text: String, line: Int, other: String) {
    #expect {
      _ = try KeyMap(parsing: text, file: "keys.toml")
    } throws: { error in
      guard let report = (error as? KeyMapError)?.report else { return false }
      return report.location == "keys.toml:\(line)" && report.problem.contains(other) && report.remedy != nil
    }
  }

  @Test(arguments: [
    ("[keys]\nfly = \"x\"", 2), ("[keys]\npin = \"ctrl-\"", 2), ("[keys]\npin = \"\"", 2), ("[keys]\npin = 3", 2),
    ("[keys]\npin = \"F13\"", 2), ("[keymap]\npin = \"P\"", 1), ("pin = \"P\"", 1), ("[keys]\npin = ", 2),
  ])
  func aFileThatIsNoKeyMapIsRefusedWithItsLine(text: String, line: Int) {
    #expect {
      _ = try KeyMap(parsing: text, file: "keys.toml")
    } throws: { error in
      (error as? KeyMapError)?.report.location == "keys.toml:\(line)"
    }
  }

  @Test func everyKeyOfTheTableCanBeWrittenInAFile() {
    for binding in Binding.all {
      for key in binding.keys {
        #expect(Key(named: key.label) == key || Key(named: key.label.lowercased()) == key, "\(key.label)")
      }
    }
  }
}
