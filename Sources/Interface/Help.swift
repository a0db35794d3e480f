import Domain
import Screen

extension Model {
  /// The help page: what the program is for, the keys of each context from the table of bindings, and the words that
  /// the screens use.
  func helpLines(width: Int) -> [[(String, StyleName)]] {
    var lines: [[(String, StyleName)]] = []
    func heading(_ text: String) {
      if !lines.isEmpty { lines.append([]) }
      lines.append([(text, .heading)])
    }
    func paragraph(_ text: String) {
      lines += text.wrapped(to: width).map { [($0, .text)] }
    }
    heading("Winnow chooses the rows that a language model is fine-tuned on")
    paragraph(
      "\(key(.showData)) Data: open the pool and read its rows. \(key(.showRun)) Run: choose a method and a budget, and "
        + "watch it work. \(key(.showInspect)) Inspect: read what was chosen and why, and export it.")

    // What holds on the present screen comes first.
    let own: Context =
      switch screen {
      case .data: .data
      case .run: .run
      case .inspect: .inspect
      case .compare: .compare
      }
    let order = [own] + Context.allCases.filter { $0 != own }
    for context in order {
      let bindings = keyMap.bindings.filter { $0.contexts.contains(context) }
      guard !bindings.isEmpty else { continue }
      heading(context.title)
      for binding in bindings {
        lines += helpLines(of: binding, width: width, isHere: context == own || context == .everywhere)
      }
    }

    heading("Methods")
    for method in Method.allCases { lines += definition(method.title, method.summary, width: width) }
    heading("Themes")
    paragraph(
      "\(key(.chooseTheme)) tries them on. A theme is a file NAME.toml beside the shipped ones: under [styles] lines like "
        + "key = \"#e8c07d on #1b1e26 bold\". Colours are #rrggbb, a name from [palette], or the terminal's own (red, "
        + "bright-red, terminal). What is left out comes from base = \"dark\", \"light\" or \"terminal\". Styles: "
        + StyleName.allCases.map(\.rawValue).joined(separator: ", ") + ".")
    heading("Words")
    for (word, meaning) in Self.glossary { lines += definition(word, meaning, width: width) }
    return lines
  }

  private func helpLines(of binding: Binding, width: Int, isHere: Bool) -> [[(String, StyleName)]] {
    let keys = binding.keys.map(\.label).joined(separator: " ")
    let column = min(18, max(8, width / 3))
    var meaning = binding.meaning
    if isHere, case .unavailable(let why) = availability(of: binding.action) { meaning += " (now: \(why))" }
    return meaning.wrapped(to: max(1, width - column - 2)).enumerated().map { row, text in
      [((row == 0 ? keys : "").padded(to: column + 2), .key), (text, .text)]
    }
  }

  private func definition(_ word: String, _ meaning: String, width: Int) -> [[(String, StyleName)]] {
    [[(word, .label)]] + meaning.wrapped(to: max(1, width - 2)).map { [("  " + $0, .text)] }
  }

  /// The words of the field that the screens use, in words that need no paper.
  static let glossary: [(String, String)] = [
    (
      "pool, target, existing",
      "The pool is what is chosen from. A target set shows the task that matters. Existing data is what the model was "
        + "trained on before."
    ),
    (
      "utility",
      "How much one row, shown as an example, brings the model's answer to another row nearer to the right one. Rows "
        + "that help many others are worth training on."
    ),
    (
      "marginal gain",
      "What a row adds to the value of what is chosen already. It falls along a run: a flat tail says that a smaller "
        + "budget would do."
    ),
    (
      "facility location (FL)",
      "Counts for each row of the pool the best utility that any chosen row has for it, and adds these up: every row "
        + "shall be well served by someone."
    ),
    (
      "mutual information (FLMI, FLQMI)",
      "Facility location that counts only as far as rows resemble the target set (FLMI), or that serves the target's "
        + "rows themselves (FLQMI). Eta says how much the resemblance counts."
    ),
    (
      "conditional gain (FLCG)",
      "Facility location of what the existing data does not serve yet. Nu says how strongly it is taken away."
    ),
    (
      "greedy, lazy",
      "Takes at each step the row with the largest gain. Lazy does the same with fewer computations, because gains only "
        + "fall."
    ),
    ("stands for", "The rows of the pool that a chosen row serves better than every other chosen row does."),
    (
      "overlap (Jaccard), rank agreement",
      "Rows that two runs share, as a part of all that either chose: 1 for equal sets. Rank agreement (Spearman) says "
        + "how alike the order of the shared rows is: 1 for equal, 0 for unrelated, -1 for opposite."
    ),
    ("pin, ban", "A pinned row is taken first in the next run; a banned one never."),
    (
      "partial",
      "A run that was cancelled. What was chosen by then is kept, and what was scored is not scored again."
    ),
  ]
}
