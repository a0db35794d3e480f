import Domain
import Screen

extension Model {
  /// Input from the user.
  mutating func take(_ event: InputEvent) -> [Effect] {
    switch event {
    case .resize(let width, let height):
      self.width = max(0, width)
      self.height = max(0, height)
      return []
    case .resumed: return []
    case .paste(let text): return type(text)
    case .key(let key):
      if isTooSmall {
        // Nothing is shown that a key could be about, but for how to leave.
        return key == .character("q") || key == .control("c") ? perform(.quit) : []
      }
      if let binding = binding(for: key) { return attempt(binding.action) }
      if case .character(let character) = key { return type(String(character)) }
      return []
    case .mouse(let mouse): return isTooSmall ? [] : take(mouse)
    }
  }

  /// Does an action if it can be done, and says why not otherwise.
  mutating func attempt(_ action: Action) -> [Effect] {
    switch availability(of: action) {
    case .available: return perform(action)
    case .unavailable(let why):
      say(why)
      return []
    }
  }

  private mutating func type(_ text: String) -> [Effect] {
    var replaces = false
    if case .prompt(let prompt) = overlay { replaces = prompt.isFresh }
    return edit {
      if replaces { $0.replace(with: "") }
      $0.insert(text)
    }
  }

  /// Changes the text that is being typed, if any is.
  mutating func edit(_ change: (inout TextInput) -> Void) -> [Effect] {
    switch overlay {
    case .prompt(var prompt):
      let before = prompt.input.text
      prompt.isFresh = false
      change(&prompt.input)
      guard prompt.input.text != before else {
        overlay = .prompt(prompt)
        return []
      }
      prompt.chosen = nil
      prompt.fillsIn = false
      overlay = .prompt(prompt)
      return prompt.takesPath ? [.completePath(prompt.input.text)] : []
    case .palette(var palette):
      let before = palette.input.text
      change(&palette.input)
      if palette.input.text != before { palette.list = ListState() }
      overlay = .palette(palette)
    default: break
    }
    return []
  }

  private mutating func take(_ mouse: MouseEvent) -> [Effect] {
    let target = frame(of: self).target(at: mouse.place)
    switch mouse.action {
    case .wheelUp: return wheel(-3, over: target)
    case .wheelDown: return wheel(3, over: target)
    case .press, .doublePress:
      let isDouble = mouse.action == .doublePress
      switch target {
      case .action(let action): return attempt(action)
      case .row(let panel, let row):
        let wasThere = focusedPanel == panel && cursor(of: panel) == row
        focus(on: panel)
        place(cursor: row, in: panel)
        return isDouble || (wasThere && panel == .setup) ? attempt(.activate) : []
      case .panel(let panel): if panel.screen == screen { focus(on: panel) }
      case .plot(let rect):
        guard screen == .map else { return [] }
        focus(on: .map)
        pointAt(mouse.place, in: rect)
        return isDouble ? attempt(.activate) : []
      case .choice(let row):
        choose(row)
        return isDouble || isPaletteOrThemes ? attempt(.accept) : []
      case .outside:
        // A click beside what stands over the screen leaves it, as Esc does.
        return overlay == nil ? [] : attempt(contexts.contains(.question) ? .no : leaveAction)
      case .nothing, nil: break
      }
    case .release: break
    }
    return []
  }

  private var isPaletteOrThemes: Bool {
    switch overlay {
    case .palette: true
    default: false
    }
  }

  private var leaveAction: Action {
    switch overlay {
    case .help, .log: .dismiss
    default: .abandon
    }
  }

  private mutating func wheel(_ rows: Int, over target: Frame.Target?) -> [Effect] {
    if overlay != nil {
      for _ in 0..<abs(rows) { _ = perform(rows < 0 ? .up : .down) }
      return []
    }
    switch target {
    case .row(let panel, _), .panel(let panel): scroll(panel, by: rows)
    case .plot: scroll(.map, by: rows)
    default: scroll(focusedPanel, by: rows)
    }
    return []
  }

  /// Puts the cursor of an overlay's list on a row.
  private mutating func choose(_ row: Int) {
    switch overlay {
    case .prompt(var prompt):
      guard prompt.completions.indices.contains(row) else { return }
      prompt.chosen = row
      prompt.input.replace(with: prompt.completions[row])
      overlay = .prompt(prompt)
    case .palette(var palette):
      palette.list.cursor = row
      overlay = .palette(palette)
    case .themes(var list, let before):
      list.cursor = row
      overlay = .themes(list, before: before)
      show(theme: row)
    default: break
    }
  }

  /// Puts the map's cursor on the point in a cell, a chosen one before others; on the nearest one where the cell is empty.
  private mutating func pointAt(_ cell: Point, in rect: Rect) {
    guard let shown = map.map, rect.width > 0, rect.height > 0 else { return }
    let lit = Set(mappedRun?.shownPicks.map(\.index) ?? [])
    var best: (place: Int, distance: Double)?
    for (place, point) in shown.places.enumerated() {
      let position = map.position(of: point)
      let (x, y) = (position.x * Double(rect.width), position.y * Double(rect.height))
      guard x.isFinite, y.isFinite else { continue }
      let isInside = x.rounded(.down) == Double(cell.x - rect.x) && y.rounded(.down) == Double(cell.y - rect.y)
      let (dx, dy) = (x - Double(cell.x - rect.x) - 0.5, 2 * (y - Double(cell.y - rect.y) - 0.5))
      let distance = isInside ? (lit.contains(shown.rows[place]) ? -2 : -1) : dx * dx + dy * dy
      if best.map({ distance < $0.distance }) ?? true { best = (place, distance) }
    }
    if let best { map.cursor = best.place }
    mapTextTop = 0
  }
}
