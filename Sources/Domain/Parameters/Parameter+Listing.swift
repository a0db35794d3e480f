extension Method {
  /// The parameters that can have a say in a run of the method, with one choice of the others or another.
  package var parameters: [Parameter] {
    var drafts = [RunDraft([.method: rawValue])]
    let turns: [(Parameter.ID, [String])] = [
      (.source, DraftSource.allCases.map(\.rawValue)), (.influenceStep, ["adamw"]), (.embedding, ["jvp"]),
      (.influenceOrder, ["second"]), (.maximizer, ["stochastic"]), (.gradients, ["file"]), (.objective, ["flqmi"]),
      (.neighbours, ["8"]),
    ]
    for (id, choices) in turns {
      for choice in choices { drafts.append(RunDraft([.method: rawValue, id: choice])) }
    }
    return Parameter.all.filter { parameter in drafts.contains { parameter.applies(to: $0) } }
  }
}

extension Parameter {
  /// The page that lists all parameters, as a Markdown table.
  package static var markdown: String {
    var lines = [
      "| option | in the form | can be | default | what it means | methods |", "| --- | --- | --- | --- | --- | --- |",
    ]
    for parameter in all where parameter.role == nil {
      let methods = Method.all.filter { method in method.parameters.contains { $0.id == parameter.id } }
      let standard = RunDraft()[parameter.id]
      let cells = [
        parameter.flag.map { "`--\($0)`" } ?? "", parameter.title, parameter.bounds,
        standard.isEmpty ? parameter.emptyText(in: RunDraft(), rows: nil) ?? "" : standard,
        parameter.meaning(with: methods.first ?? .deliftInstruction),
        methods.count == Method.all.count ? "all" : methods.map(\.rawValue).joined(separator: ", "),
      ]
      lines.append("| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
