import Screen

extension KeyMap {
  /// The keys as Markdown: a table for each context, in the order of the table of bindings. The README has it.
  package var markdown: String {
    Context.all.compactMap { context -> String? in
      let rows = bindings.filter { $0.contexts.contains(context) }
      guard !rows.isEmpty else { return nil }
      let lines = rows.map { binding in
        let keys = binding.keys.map { "`\($0.label)`" }.joined(separator: " ")
        return "| \(keys) | `\(binding.action.rawValue)` | \(binding.meaning) |\n"
      }
      return "**\(context.title)**\n\n| keys | action | what it does |\n| --- | --- | --- |\n" + lines.joined()
    }.joined(separator: "\n")
  }
}
