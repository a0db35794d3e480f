import Screen

extension Binding {
  /// The one table: dispatch, footer, help and palette are made from it. Within a context the order is the footer's.
  package static let all: [Binding] = [
    // Data
    .init(
      .openFile, [.character("o")], in: [.data], "open", "Open a file as pool, target or existing data", footer: true),
    .init(.addFile, [.character("O")], in: [.data], "add", "Add another file to the pool: its rows follow"),
    .init(
      .changeRole, [.character("M")], in: [.data], "role",
      "Make the open file the next thing it can be: pool, target or existing data"),
    .init(
      .closeFile, [.character("X")], in: [.data], "close",
      "Close the target set or the existing data; undo opens it again"),
    .init(
      .search, [.character("/")], in: [.data, .inspect], "search", "Find a row by a word or a regular expression",
      footer: true),
    .init(.searchNext, [.character("n")], in: [.data, .inspect], "next", "Go to the next row that was searched for"),
    .init(
      .searchPrevious, [.character("N")], in: [.data, .inspect], "previous",
      "Go to the previous row that was searched for"),
    .init(
      .filter, [.character("f")], in: [.data], "filter", "Show only the rows that match; Esc shows all again",
      footer: true),
    .init(
      .pin, [.character("p")], in: [.data, .inspect, .compare, .map], "pin",
      "Pin the row: the next run takes it first; again to undo",
      footer: true),
    .init(
      .ban, [.character("x")], in: [.data, .inspect, .compare, .map], "ban",
      "Ban the row: the next run never takes it; again to undo",
      footer: true),
    .init(
      .undo, [.character("u")], in: [.data, .inspect, .compare, .map], "undo",
      "Take back the last pin, ban, filter or closing of a file"),
    .init(.redo, [.control("r")], in: [.data, .inspect, .compare, .map], "redo", "Do again what was taken back"),
    // Inspect
    .init(
      .export, [.character("e")], in: [.inspect], "export",
      "Write the chosen rows to a file, as they stand in the pool",
      footer: true),
    .init(.previousRun, [.character("[")], in: [.inspect, .map], "earlier run", "Inspect the run before this one"),
    .init(.nextRun, [.character("]")], in: [.inspect, .map], "later run", "Inspect the run after this one"),
    .init(
      .copyRow, [.character("y")], in: [.data, .inspect, .compare, .map], "copy",
      "Send the row's text to the terminal's clipboard"),
    // Compare
    .init(.earlierA, [.character("[")], in: [.compare], "earlier A", "A: take the run before it"),
    .init(.laterA, [.character("]")], in: [.compare], "later A", "A: take the run after it"),
    .init(.earlierB, [.character("{")], in: [.compare], "earlier B", "B: take the run before it"),
    .init(.laterB, [.character("}")], in: [.compare], "later B", "B: take the run after it"),
    .init(
      .addRun, [.character("+"), .character("=")], in: [.compare], "one more",
      "Set one more run beside the compared ones, up to four", footer: true),
    .init(
      .dropRun, [.character("-")], in: [.compare], "one less",
      "Compare one run less: the one under the cursor, or the last"),
    .init(
      .exportTable, [.character("e")], in: [.compare], "export",
      "Write the comparison to a file: Markdown, or CSV by its name", footer: true),
    // Map
    .init(.zoomIn, [.character("+"), .character("=")], in: [.map], "zoom in", "Enlarge the map", footer: true),
    .init(.zoomOut, [.character("-")], in: [.map], "zoom out", "Make the map smaller", footer: true),
    .init(.zoomReset, [.character("0")], in: [.map], "whole", "Show the whole map again"),
    .init(.panLeft, [.character("a")], in: [.map], "pan left", "Look further left on the enlarged map"),
    .init(.panRight, [.character("d")], in: [.map], "pan right", "Look further right on the enlarged map"),
    .init(.panUp, [.character("w")], in: [.map], "pan up", "Look further up on the enlarged map"),
    .init(.panDown, [.character("s")], in: [.map], "pan down", "Look further down on the enlarged map"),
    .init(
      .colourBy, [.character("b")], in: [.map], "colour", "Colour the points by label, length or choice", footer: true),
    .init(
      .mapSource, [.character("m")], in: [.map], "source",
      "Lay the map out by utilities, embeddings, gradients or words",
      footer: true),
    .init(.heatOrder, [.character("o")], in: [.map], "order", "Order the utility matrix by label or by cluster"),
    // Running
    .init(
      .startRun, [.character("r")], in: [.data, .setup, .run, .inspect, .compare, .map], "run",
      "Start a run with what is set on the Setup screen",
      footer: true),
    .init(
      .cancelRun, [.character("c")], in: [.data, .setup, .run, .inspect, .compare, .map], "cancel",
      "Stop the run that is going on; what it has done is kept (Esc on Run)", footer: true),
    .init(
      .pauseRun, [.character("z")], in: [.data, .setup, .run, .inspect, .compare, .map], "pause",
      "Hold the run that is going on, or let it go on"),
    .init(
      .replay, [.character(" ")], in: [.run], "replay", "Take the picks again on screen; pause, and go on", footer: true
    ),
    .init(.stepBack, [.character(",")], in: [.run], "step back", "Go back a pick in the replay"),
    .init(.stepForward, [.character(".")], in: [.run], "step", "Go on a pick in the replay"),
    .init(.slower, [.character("<")], in: [.run], "slower", "Replay fewer picks a second"),
    .init(.faster, [.character(">")], in: [.run], "faster", "Replay more picks a second"),
    // Order and pictures
    .init(
      .sort, [.character("s")], in: [.data, .inspect], "sort",
      "Order the rows by the next thing there is: label, length, gain, weight", footer: true),
    .init(.reverseSort, [.character("S")], in: [.data, .inspect], "reverse", "Turn the order of the rows round"),
    .init(
      .nextView, [.character("v")], in: [.data, .inspect, .compare, .map], "view",
      "Show the next picture in the same place: labels or lengths, reasons, facets, map or matrix", footer: true),
    // Lists
    .init(
      .activate, [.enter], in: [.lists], "choose", "Open, change or go into what is under the cursor", footer: true),
    .init(.up, [.up, .character("k")], in: [.lists, .reader, .themes], "up", "Move up"),
    .init(.down, [.down, .character("j")], in: [.lists, .reader, .themes], "down", "Move down"),
    .init(.pageUp, [.pageUp, .control("b")], in: [.lists, .reader, .themes], "page up", "Move up by a page"),
    .init(
      .pageDown, [.pageDown, .control("f"), .character(" ")], in: [.lists, .reader, .themes], "page down",
      "Move down by a page"),
    .init(.first, [.home, .character("g")], in: [.lists, .reader, .themes], "first", "Go to the beginning"),
    .init(.last, [.end, .character("G")], in: [.lists, .reader, .themes], "last", "Go to the end"),
    .init(.left, [.left, .character("h")], in: [.lists], "left", "Previous choice of a field, or previous panel"),
    .init(.right, [.right, .character("l")], in: [.lists], "right", "Next choice of a field, or next panel"),
    // Typing
    .init(.accept, [.enter], in: [.typing, .pathTyping, .palette, .themes], "accept", "Take it", footer: true),
    .init(
      .abandon, [.escape, .control("g")], in: [.typing, .pathTyping, .palette, .themes], "leave",
      "Leave without taking it", footer: true),
    .init(.complete, [.tab], in: [.pathTyping], "complete", "Complete the path as far as it is clear", footer: true),
    .init(
      .nextRole, [.control("r")], in: [.opening], "role", "Change what the file is for: pool, target or existing",
      footer: true),
    .init(.nextChoice, [.down, .control("n")], in: [.pathTyping, .palette], "next", "Next entry of the list"),
    .init(
      .previousChoice, [.up, .control("p")], in: [.pathTyping, .palette], "previous", "Previous entry of the list"),
    .init(.deleteBackwards, [.backspace], in: [.typing, .pathTyping, .palette], "delete", "Delete before the cursor"),
    .init(
      .deleteForwards, [.delete, .control("d")], in: [.typing, .pathTyping, .palette], "delete",
      "Delete under the cursor"),
    .init(
      .deleteWord, [.control("w")], in: [.typing, .pathTyping, .palette], "delete word",
      "Delete the word, or the path's last part"),
    .init(
      .deleteLine, [.control("u")], in: [.typing, .pathTyping, .palette], "clear", "Delete back to the beginning",
      footer: true),
    .init(
      .cursorLeft, [.left, .control("b")], in: [.typing, .pathTyping, .palette], "left", "Move the cursor to the left"),
    .init(
      .cursorRight, [.right, .control("f")], in: [.typing, .pathTyping, .palette], "right",
      "Move the cursor to the right"),
    .init(
      .cursorStart, [.home, .control("a")], in: [.typing, .pathTyping, .palette], "start",
      "Move the cursor to the beginning"),
    .init(
      .cursorEnd, [.end, .control("e")], in: [.typing, .pathTyping, .palette], "end", "Move the cursor to the end"),
    // Questions
    .init(.yes, [.character("y"), .enter], in: [.question], "yes", "Do it", footer: true),
    .init(.no, [.character("n"), .escape, .control("g")], in: [.question], "no", "Leave it", footer: true),
    // Everywhere
    .init(.showData, [.character("1")], in: [.everywhere], "Data", "Show the files and their rows"),
    .init(
      .showSetup, [.character("2")], in: [.everywhere], "Setup", "Say what the next run does, and see what it takes"),
    .init(.showRun, [.character("3")], in: [.everywhere], "Run", "Show how far the run is, its curves and picks"),
    .init(
      .showInspect, [.character("4")], in: [.everywhere], "Inspect", "Show the chosen rows, and why they were chosen"),
    .init(.showCompare, [.character("5")], in: [.everywhere], "Compare", "Show runs side by side"),
    .init(
      .showMap, [.character("6")], in: [.everywhere], "Map", "Show the pool in two dimensions, and the utility matrix"),
    .init(.nextPanel, [.tab], in: [.everywhere], "panel", "Give the next panel the keys", footer: true),
    .init(.previousPanel, [.backTab], in: [.everywhere], "previous panel", "Give the previous panel the keys"),
    .init(
      .palette, [.character(":"), .control("p")], in: [.everywhere], "actions", "Find any action by its name",
      footer: true),
    .init(.chooseTheme, [.character("t")], in: [.everywhere], "theme", "Choose how the program looks"),
    .init(.showLog, [.character("L")], in: [.everywhere], "log", "Read what was said before, errors among it"),
    .init(.suspend, [.control("z")], in: [.everywhere], "suspend", "Go back to the shell; fg returns"),
    .init(
      .help, [.character("?"), .function(1)], in: [.everywhere, .reader], "help",
      "Show all keys, and what the words mean", footer: true),
    .init(
      .dismiss, [.escape], in: [.everywhere, .reader], "back",
      "Leave what is open: a page, an error, a jump; on Run, cancel"),
    .init(
      .quit, [.character("q"), .control("c")], in: [.everywhere, .reader], "quit", "End the program", footer: true),
  ]
}

extension Key {
  /// The key as a person would name it: `Ctrl-P`, `PgUp`, `↑`.
  package var label: String {
    switch self {
    case .character(" "): "Space"
    case .character(let character): String(character)
    case .control(let character): "Ctrl-" + character.uppercased()
    case .alt(let character): "Alt-\(character)"
    case .enter: "Enter"
    case .escape: "Esc"
    case .tab: "Tab"
    case .backTab: "Shift-Tab"
    case .backspace: "Backspace"
    case .delete: "Del"
    case .insert: "Ins"
    case .up: "Up"
    case .down: "Down"
    case .left: "Left"
    case .right: "Right"
    case .home: "Home"
    case .end: "End"
    case .pageUp: "PgUp"
    case .pageDown: "PgDn"
    case .function(let number): "F\(number)"
    }
  }
}
