import Screen

/// Everything that a key, a click or the palette can ask for. The raw value is its name in the palette's help and in a
/// key map.
package enum Action: String, Sendable, Hashable, CaseIterable {
  // Anywhere.
  case showData, showSetup, showRun, showInspect, showCompare, showMap, nextPanel, previousPanel
  case startRun, cancelRun, pauseRun
  case palette, help, showLog, chooseTheme, dismiss, suspend, quit
  // In lists and texts.
  case up, down, pageUp, pageDown, first, last, left, right, activate
  // On the Data screen.
  case openFile, addFile, changeRole, closeFile, copyRow
  // On Data and Inspect.
  case search, searchNext, searchPrevious, filter, sort, reverseSort
  // On the screens that can show more than one picture in a place.
  case nextView
  case pin, ban, undo, redo
  // On the Run screen.
  case replay, stepBack, stepForward, slower, faster
  // On the Inspect screen.
  case export, previousRun, nextRun
  // On the Compare screen.
  case earlierA, laterA, earlierB, laterB, addRun, dropRun, exportTable
  // On the Map screen.
  case zoomIn, zoomOut, zoomReset, panLeft, panRight, panUp, panDown, colourBy, mapSource, heatOrder
  // In a line of text being typed.
  case accept, abandon, complete, nextChoice, previousChoice, nextRole
  case deleteBackwards, deleteForwards, deleteWord, deleteLine, cursorLeft, cursorRight, cursorStart, cursorEnd
  // In a question.
  case yes, no
}

/// Where a binding holds. The contexts that are active are asked in order: what stands on top first.
package enum Context: String, Sendable, Hashable, CaseIterable {
  case everywhere, lists, data, setup, run, inspect, compare, map, reader, typing, pathTyping, opening, palette,
    question, themes

  /// Those that hold while nothing stands over the screens: what they have can be asked for in the palette.
  static let ofScreens: Set<Context> = [.everywhere, .lists, .data, .setup, .run, .inspect, .compare, .map]

  /// As a heading of the help.
  var title: String {
    switch self {
    case .everywhere: "Everywhere"
    case .lists: "In lists and texts"
    case .data: "Data"
    case .setup: "Setup"
    case .run: "Run"
    case .inspect: "Inspect"
    case .compare: "Compare"
    case .map: "Map"
    case .reader: "In help and log"
    case .typing: "While typing"
    case .pathTyping: "While typing a path"
    case .opening: "While opening a file"
    case .palette: "In the palette"
    case .question: "In a question"
    case .themes: "While choosing a theme"
    }
  }
}

/// A row of the table of bindings.
package struct Binding: Sendable, Hashable {
  package var action: Action
  package var keys: [Key]
  package var contexts: [Context]
  /// One or two words, for the footer.
  package var title: String
  /// A sentence, for the help and the palette.
  package var meaning: String
  /// Whether the footer shows it where it holds.
  package var isInFooter: Bool

  init(
    _ action: Action, _ keys: [Key], in contexts: [Context], _ title: String, _ meaning: String, footer: Bool = false
  ) {
    self.action = action
    self.keys = keys
    self.contexts = contexts
    self.title = title
    self.meaning = meaning
    isInFooter = footer
  }
}
