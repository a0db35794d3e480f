import Domain
import Screen

extension Model {
  // MARK: What stands over the screen

  mutating func ask(_ purpose: Prompt.Purpose, text: String) -> [Effect] {
    let prompt = Prompt(purpose, text: text)
    overlay = .prompt(prompt)
    return prompt.takesPath ? [.completePath(text)] : []
  }

  mutating func accept() -> [Effect] {
    switch overlay {
    case .prompt(let prompt): return accept(prompt)
    case .palette(let palette):
      let matches = palette.matches(in: keyMap)
      guard matches.indices.contains(palette.list.cursor) else { return [] }
      overlay = nil
      return attempt(matches[palette.list.cursor].action)
    case .themes(_, let before):
      overlay = nil
      return before == themeIndex ? [] : [.rememberTheme(themes[themeIndex].id)]
    default: return []
    }
  }

  private mutating func accept(_ prompt: Prompt) -> [Effect] {
    let text = prompt.input.text
    switch prompt.purpose {
    case .open(let role):
      guard !text.isEmpty else { return [] }
      overlay = nil
      self.role = role
      if files[role]?.opened == nil { files[role] = .opening(path: text) }
      opening[role] = text
      if role == .pool { morePools = [] }
      return [.open(path: text, role: role)]
    case .addFile:
      guard !text.isEmpty, let pool = files[.pool]?.opened?.summary else { return [] }
      overlay = nil
      morePools = pool.parts.dropFirst().map(\.path) + [text]
      opening[.pool] = pool.path
      return [.open(path: pool.path, role: .pool, more: morePools)]
    case .field(let field):
      // Labels may have blanks in them, as names of files may.
      let trimmed = field.parameter.keepsSpace ? text : text.filter { !$0.isWhitespace }
      // Refused values stay in the line, with what is wrong beneath it.
      guard problem(with: trimmed, of: field) == nil else { return [] }
      setup[field] = trimmed
      overlay = nil
    case .search:
      guard let pattern = try? RowPattern(parsing: text) else { return [] }
      overlay = nil
      searched = pattern
      return seek(forward: true)
    case .filter:
      if text.isEmpty {
        overlay = nil
        noteForUndo()
        show(role, through: nil)
        return []
      }
      guard let pattern = try? RowPattern(parsing: text), let key = shownFile?.key else { return [] }
      overlay = nil
      seeking = pattern
      return [.filter(key, pattern)]
    case .export(let id):
      guard !text.isEmpty else { return [] }
      overlay = nil
      return [.export(id, path: text, overwrite: false)]
    case .exportTable:
      guard !text.isEmpty, let report = compareReport else { return [] }
      overlay = nil
      return [.writeText(path: text, text: report.text(for: text), overwrite: false)]
    }
    return []
  }

  mutating func complete() -> [Effect] {
    guard case .prompt(var prompt) = overlay else { return [] }
    if prompt.chosen != nil {
      // A completion that was moved to is taken; what follows it is looked up.
      prompt.chosen = nil
      overlay = .prompt(prompt)
      return [.completePath(prompt.input.text)]
    }
    guard prompt.completedText == prompt.input.text else {
      prompt.fillsIn = true
      overlay = .prompt(prompt)
      return [.completePath(prompt.input.text)]
    }
    let before = prompt.input.text
    prompt.fillIn()
    let isStepping = prompt.chosen != nil
    overlay = .prompt(prompt)
    return prompt.input.text == before || isStepping ? [] : [.completePath(prompt.input.text)]
  }

  mutating func stepRole() -> [Effect] {
    guard case .prompt(var prompt) = overlay, case .open(let role) = prompt.purpose else { return [] }
    prompt.purpose = .open(role.next)
    overlay = .prompt(prompt)
    return []
  }

  mutating func stepChoice(_ steps: Int) {
    switch overlay {
    case .prompt(var prompt):
      prompt.step(steps)
      overlay = .prompt(prompt)
    case .palette(var palette):
      palette.list.move(by: steps, count: palette.matches(in: keyMap).count, page: palettePage)
      overlay = .palette(palette)
    default: break
    }
  }

  mutating func answer(_ yes: Bool) -> [Effect] {
    guard case .confirm(let asked) = overlay else { return [] }
    overlay = nil
    guard yes else { return [] }
    switch asked.purpose {
    case .quit: return [.quit]
    case .start: return plannedRun == nil ? [] : startRun(isAsked: true)
    case .overwrite(let id, let path): return [.export(id, path: path, overwrite: true)]
    case .overwriteText(let path, let text): return [.writeText(path: path, text: text, overwrite: true)]
    }
  }
}
