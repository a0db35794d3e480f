import Domain
import Screen

/// What a prompt asks for: everything about one purpose stands in one place.
struct PromptPart {
  var title: String
  var takesPath = true
  /// What the line means or what is wrong with it, as it is typed.
  var message: (Model, _ text: String) -> (String, StyleName)
  /// Takes what was typed; nil where it can't be taken, and the line stays with what is wrong beneath it.
  var accept: (inout Model, _ text: String) -> [Effect]?
}

extension Prompt.Purpose {
  var part: PromptPart {
    switch self {
    case .open(let role):
      PromptPart(
        title: "Open \(role.title)",
        message: { model, _ in ("\(role.meaning); \(model.key(.nextRole)) changes that", .muted) },
        accept: { model, text in
          guard !text.isEmpty else { return nil }
          model.data.role = role
          if model.files[role]?.opened == nil { model.files[role] = .opening(path: text) }
          model.opening[role] = text
          if role == .pool { model.morePools = [] }
          return [.open(path: text, role: role)]
        })
    case .addFile:
      PromptPart(
        title: "Add a file to the pool",
        message: { _, _ in ("its rows follow those that the pool has; pins and bans are left out", .muted) },
        accept: { model, text in
          guard !text.isEmpty, let pool = model.files[.pool]?.opened?.summary else { return nil }
          model.morePools = pool.parts.dropFirst().map(\.path) + [text]
          model.opening[.pool] = pool.path
          return [.open(path: pool.path, role: .pool, more: model.morePools)]
        })
    case .field(let field):
      PromptPart(
        title: field.parameter.title, takesPath: field.parameter.isPath,
        message: { model, text in model.message(of: field, text) },
        accept: { model, text in
          let value = field.parameter.trimmed(text)
          guard model.problem(with: value, of: field) == nil else { return nil }
          model.setup[field] = value
          return []
        })
    case .search:
      PromptPart(
        title: "Search", takesPath: false, message: Self.patternMessage,
        accept: { model, text in
          guard let filter = try? FilterExpression(parsing: text),
            filter.problem(in: model.filterContext(of: model.roleOfRows)) == nil
          else { return nil }
          model.searched = filter
          return model.part.rows?.seek(&model, filter, true) ?? []
        })
    case .filter:
      PromptPart(
        title: "Show only rows that match", takesPath: false, message: Self.patternMessage,
        accept: { model, text in
          if text.isEmpty {
            model.noteForUndo("showing all rows")
            model.show(model.data.role, through: nil)
            return []
          }
          guard let filter = try? FilterExpression(parsing: text),
            filter.problem(in: model.filterContext(of: model.roleOfRows)) == nil
          else { return nil }
          if model.screen != .data { model.jumpToRows() }
          return model.filterRows(of: model.data.role, by: filter)
        })
    case .tag:
      PromptPart(
        title: "Tag", takesPath: false,
        message: { model, _ in
          (
            "a word for \(model.rowsToMark.count == 1 ? "the row" : Format.count(model.rowsToMark.count, "row")); again takes it away",
            .muted
          )
        },
        accept: { model, text in
          let tag = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
          guard !tag.isEmpty else { return nil }
          model.tag(tag)
          return []
        })
    case .export(let id):
      PromptPart(
        title: "Export the chosen rows to",
        message: { _, _ in ("JSON lines, byte for byte as in the pool, in the order they were chosen", .muted) },
        accept: { _, text in text.isEmpty ? nil : [.export(id, path: text, overwrite: false)] })
    case .exportTable:
      PromptPart(
        title: "Write the comparison to",
        message: { _, _ in ("Markdown, or CSV if the name ends in .csv", .muted) },
        accept: { model, text in
          guard !text.isEmpty, let report = model.compareReport else { return nil }
          return [.writeText(path: text, text: report.text(for: text), overwrite: false)]
        })
    }
  }

  private static func patternMessage(_ model: Model, _ text: String) -> (String, StyleName) {
    if text.isEmpty {
      return ("words, label:x, len>200, chosen, run:3, in:none, pin, dup; and, or, not", .muted)
    }
    do throws(FilterProblem) {
      let filter = try FilterExpression(parsing: text)
      if let problem = filter.problem(in: model.filterContext(of: model.roleOfRows)) { throw problem }
      return ("case is ignored", .muted)
    } catch {
      return ("\(model.symbols.bad) \(error.sentence)", .bad)
    }
  }
}

extension Parameter {
  /// Typed text without blanks, but where they may be a part of names.
  fileprivate func trimmed(_ text: String) -> String { keepsSpace ? text : text.filter { !$0.isWhitespace } }
}

extension Model {
  mutating func ask(_ purpose: Prompt.Purpose, text: String = "") -> [Effect] {
    let prompt = Prompt(purpose, text: text)
    overlay = .prompt(prompt)
    return prompt.takesPath ? [.completePath(text)] : []
  }

  fileprivate func message(of field: Parameter.ID, _ text: String) -> (String, StyleName) {
    if let problem = problem(with: field.parameter.trimmed(text), of: field) {
      return ("\(symbols.bad) \(problem)", .bad)
    }
    if field == .budget, let rows = candidateRows, let picks = try? Budget(parsing: text).picks(of: rows) {
      return ("\(symbols.good) \(Format.count(picks)) of \(Format.count(rows, "row"))", .good)
    }
    return (field.parameter.meaning(with: setup.method), .muted)
  }
}
