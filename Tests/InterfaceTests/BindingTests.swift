import Domain
import Interface
import Screen
import Testing

@Suite struct BindingTests {
  @Test func everyCommandHasANameOfItsOwnAndIsExplained() {
    #expect(Set(Binding.all.map(\.action)).count == Binding.all.count)
    for binding in Binding.all {
      #expect(!binding.keys.isEmpty && !binding.contexts.isEmpty, "\(binding.action)")
      #expect(!binding.title.isEmpty && !binding.meaning.isEmpty, "\(binding.action)")
      #expect(binding.contexts.allSatisfy(Context.all.contains), "\(binding.action)")
    }
  }

  @Test func noKeyMeansTwoThingsInOneContext() {
    for context in Context.all {
      var seen: [Key: Action] = [:]
      for binding in Binding.all where binding.contexts.contains(context) {
        for key in binding.keys {
          #expect(seen[key] == nil, "\(context): \(key.label) is \(binding.action) and \(seen[key] ?? binding.action)")
          seen[key] = binding.action
        }
      }
    }
  }

  /// States in which each context holds, with what it takes to get there.
  private func stage(in context: Context) -> Stage {
    var stage = Stage.chosen(width: 100, height: 40)
    switch context {
    case .data: stage.press(.character("1"))
    case .setup: stage.press(.character("2"))
    case .run: stage.press(.character("3"))
    case .compare: stage.press(.character("5"))
    case .map: stage.press(.character("6"))
    case .reader: stage.press(.character("?"))
    case .typing: stage.press(.character("2"), .down, .down, .down, .enter)
    case .pathTyping, .opening: stage.press(.character("1"), .character("o"))
    case .palette: stage.press(.character(":"))
    case .question:
      stage = Stage.scoring()
      stage.press(.character("q"))
    case .themes: stage.press(.character("t"))
    default: break
    }
    return stage
  }

  @Test func everyBindingIsWhatItsKeyMeansWhereItHolds() {
    for binding in Binding.all {
      for context in binding.contexts {
        let stage = stage(in: context)
        #expect(stage.model.contexts.contains(context), "\(context) cannot be reached")
        for key in binding.keys {
          // A more particular context may use the key for something of its own.
          guard let found = stage.model.binding(for: key) else {
            Issue.record("\(key.label) means nothing in \(context)")
            continue
          }
          let isCovered = found.contexts.contains { stage.model.contexts.first == $0 }
          #expect(found.action == binding.action || isCovered, "\(key.label) in \(context)")
        }
      }
    }
  }

  @Test func everyActionIsShownInTheHelp() {
    var stage = Stage.opened(width: 100, height: 30)
    stage.press(.character("?"))
    var pages = ""
    for _ in 0..<30 {
      pages += stage.text + "\n"
      stage.press(.pageDown)
    }
    for binding in Binding.all {
      // The first words of the meaning: long ones are wrapped.
      let beginning = binding.meaning.prefix(30)
      #expect(pages.contains(beginning), "\(binding.action)")
    }
    for method in Method.all { #expect(pages.contains(method.title)) }
  }

  @Test func everyActionOfTheScreensIsFoundInThePalette() {
    for binding in Binding.all
    where !Set(binding.contexts).isDisjoint(with: [.everywhere, .data, .setup, .run, .inspect, .compare, .map, .lists])
      && binding.action != .palette
    {
      var palette = Palette()
      for character in binding.meaning.prefix(20) { palette.input.insert(String(character)) }
      #expect(palette.matches().first?.action == binding.action, "\(binding.action)")
    }
  }

  @Test func thePaletteFindsByScatteredLettersAndPutsTheBestFirst() {
    var palette = Palette()
    palette.input.insert(String("e"))
    palette.input.insert(String("x"))
    palette.input.insert(String("p"))
    #expect(palette.matches().first?.action == .export)
    palette.input.insert(String("§"))
    #expect(palette.matches().isEmpty)
  }

  @Test func thePaletteRunsWhatIsChosen() {
    var stage = Stage.chosen()
    stage.press(.control("p"))
    stage.type("theme")
    stage.press(.enter)
    #expect(stage.model.contexts == [.themes])
  }

  @Test func whatCannotBeDoneStaysInSightAndSaysWhy() {
    var stage = Stage.opened()
    #expect(stage.text.contains("(c cancel)") && stage.text.contains(": actions"))
    stage.press(.character("c"))
    #expect(stage.text.contains("Nothing is running."))
    stage.press(.character("4"), .character("e"))
    #expect(stage.text.contains("Nothing is chosen yet"))
    #expect(!stage.effects.contains { if case .export = $0 { true } else { false } })
  }

  @Test func theFooterIsClickedAsItsKeysArePressed() throws {
    let stage = Stage.opened()
    let footer = stage.grid.text(row: 23)
    for (label, expected) in [("o open", Context.pathTyping), ("? help", .reader)] {
      let range = try #require(footer.range(of: label))
      let x = footer[..<range.lowerBound].count
      for offset in 0..<label.count {
        var clicked = stage
        clicked.click(x + offset, 23)
        #expect(clicked.model.contexts.first == expected, "\(label) at \(offset)")
      }
    }
  }

  @Test func tabsAreClicked() throws {
    var stage = Stage.opened()
    let tabs = stage.grid.text(row: 0)
    for (name, screen) in [
      ("Inspect", ScreenName.inspect), ("Compare", .compare), ("Map", .map), ("Run", .run), ("Setup", .setup),
      ("Data", .data),
    ] {
      let range = try #require(tabs.range(of: name))
      stage.click(tabs[..<range.lowerBound].count, 0)
      #expect(stage.model.screen == screen)
    }
  }

  @Test func escapeLeavesEverythingThatStandsOverTheScreen() {
    for key in [Key.character("?"), .character(":"), .character("o"), .character("t"), .character("L")] {
      var stage = Stage.opened()
      let before = stage.text
      stage.press(key)
      #expect(stage.text != before)
      stage.press(.escape)
      #expect(stage.text == before, "\(key.label)")
    }
  }

  @Test func belowTheLeastSizeAMessageIsShownAndQuitWorks() {
    var stage = Stage.opened(width: 19, height: 4)
    #expect(stage.text.contains("Too small"))
    stage.press(.character("r"))
    #expect(!stage.effects.contains(.quit))
    stage.press(.character("q"))
    #expect(stage.effects.contains(.quit))
  }

  @Test func quittingAsksWhileARunIsGoingOn() {
    var stage = Stage.scoring()
    _ = stage.takeEffects()
    stage.press(.character("q"))
    #expect(stage.effects == [])
    stage.press(.character("n"))
    #expect(stage.model.contexts.first == .run)
    stage.press(.character("q"), .character("y"))
    #expect(stage.effects == [.quit])
  }
}
