import Domain

extension Model {
  /// The run that the rows of a file are shown with as chosen: the inspected one where it chose from this file, otherwise
  /// the latest that did.
  func runOfRows(_ role: DatasetRole) -> Run? { runIndexOfRows(role).map { runs[$0] } }

  private func runIndexOfRows(_ role: DatasetRole) -> Int? {
    guard role == .pool, let content = files[role]?.opened?.summary.contentHash else { return nil }
    func isOfFile(_ index: Int) -> Bool {
      runs.indices.contains(index) && runs[index].pool == content && !runs[index].isGoingOn
        && !runs[index].picks.isEmpty
    }
    if let index = inspect.run, isOfFile(index) { return index }
    return runs.indices.last(where: isOfFile)
  }

  /// What a filter of a file's rows may ask about.
  func filterContext(of role: DatasetRole) -> FilterContext {
    guard role == .pool, let content = files[role]?.opened?.summary.contentHash else { return FilterContext() }
    let own = runs.indices.filter { runs[$0].pool == content && !runs[$0].isGoingOn && !runs[$0].picks.isEmpty }
    let position = Dictionary(uniqueKeysWithValues: own.enumerated().map { ($1, $0) })
    // One run alone goes by the letter A.
    let compared = comparedRuns.isEmpty ? own : comparedRuns
    return FilterContext(
      runs: own.map { FilterContext.Run(number: runs[$0].number, picks: runs[$0].picks) },
      compared: compared.compactMap { position[$0] }, current: runIndexOfRows(role).flatMap { position[$0] },
      pinned: setup.marks.pinned, banned: setup.marks.banned, tags: setup.marks.tags)
  }

  /// Asks which rows of a file a filter takes.
  mutating func filterRows(of role: DatasetRole, by filter: FilterExpression) -> [Effect] {
    guard let file = files[role]?.opened else { return [] }
    let context = filterContext(of: role)
    if let problem = filter.problem(in: context) {
      say(problem.sentence)
      return []
    }
    seeking = filter
    return [.filter(file.key, FilterRequest(filter, in: context))]
  }

  /// Takes in the rows that a filter takes.
  mutating func filtered(_ key: DatasetKey, _ filter: FilterExpression, _ rows: [RowIndex]) {
    guard let role = DatasetRole.allCases.first(where: { files[$0]?.opened?.key == key }),
      let file = files[role]?.opened
    else { return }
    let context = filter.needs.context ? filterContext(of: role) : nil
    let found = RowFilter(expression: filter, rows: rows, context: context)
    guard seeking == filter else {
      // Stopped meanwhile, or the answer to what has changed since: then what is shown follows it.
      if file.filter?.expression == filter, context != nil { show(role, through: found) }
      return
    }
    seeking = nil
    if rows.isEmpty {
      say("No row matches \(filter.text).")
    } else {
      noteForUndo("the filter \(filter.text)")
      show(role, through: found)
      say(
        rows.count == 1
          ? "1 row matches \(filter.text). \(self.key(.dismiss)) shows all again."
          : "\(Format.count(rows.count, "row")) match \(filter.text). \(self.key(.dismiss)) shows all again.")
    }
  }
}

extension FilterProblem {
  /// What is wrong and what to do, in a line.
  var sentence: String {
    (character.map { "Character \($0): " } ?? "") + "\(reason). \(remedy)"
  }
}
