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
      // What was said was there to be read until now.
      notice = nil
      if isTooSmall {
        // Nothing is shown that a key could be about, but for how to leave.
        return key == .character("q") || key == .control("c") ? quit() : []
      }
      if let binding = binding(for: key) { return attempt(binding.action) }
      if case .character(let character) = key { return type(String(character)) }
      return []
    case .mouse(let mouse): return isTooSmall ? [] : take(mouse)
    }
  }

  private mutating func type(_ text: String) -> [Effect] {
    guard case .prompt(var prompt) = overlay else { return edit { $0.insert(text) } }
    defer { overlay = .prompt(prompt) }
    return prompt.type(text)
  }

  private mutating func take(_ mouse: MouseEvent) -> [Effect] {
    let target = frame(of: self).target(at: mouse.point)
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
        put(cursor: row, in: panel)
        return isDouble || (wasThere && panel == .setup) ? attempt(.activate) : []
      case .panel(let panel): if panel.screen == screen { focus(on: panel) }
      case .plot(let rect):
        guard screen == .map else { return [] }
        focus(on: .map)
        pointAt(mouse.point, in: rect)
        return isDouble ? attempt(.activate) : []
      case .choice(let row):
        withLayer { layer, model in layer.choose(row, &model) }
        return isDouble || overlay?.layer.takesOnClick == true ? attempt(.accept) : []
      case .outside:
        // A click beside what stands over the screen leaves it, as Esc does.
        return overlay.map { attempt($0.layer.leaving) } ?? []
      case .nothing, nil: break
      }
    case .release: break
    }
    return []
  }

  private mutating func wheel(_ rows: Int, over target: Frame.Target?) -> [Effect] {
    if overlay != nil {
      for _ in 0..<abs(rows) { move(rows < 0 ? .up : .down) }
      return []
    }
    switch target {
    case .row(let panel, _), .panel(let panel): scroll(panel, by: rows)
    case .plot: scroll(.map, by: rows)
    case .action, .choice, .outside, .nothing, nil: scroll(focusedPanel, by: rows)
    }
    return []
  }
}
