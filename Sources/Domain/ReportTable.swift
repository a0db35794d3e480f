/// A table to hand on: as Markdown or as CSV.
package struct ReportTable: Sendable, Hashable {
  /// Heads of the columns, then the lines.
  package var heads: [String]
  package var lines: [[String]]

  package init(heads: [String], lines: [[String]]) {
    self.heads = heads
    self.lines = lines
  }

  /// Markdown, or CSV for a path that ends in `.csv`.
  package func text(for path: String) -> String {
    path.lowercased().hasSuffix(".csv") ? csv : markdown
  }

  package var markdown: String {
    func line(_ cells: [String]) -> String {
      "| "
        + cells.map { cell in
          String(cell.flatMap { $0.isNewline ? " " : $0 == "|" ? "\\|" : "\($0)" })
        }.joined(separator: " | ") + " |\n"
    }
    return line(heads) + line(heads.map { _ in "---" }) + lines.map(line).joined()
  }

  /// RFC 4180, with line feeds.
  package var csv: String {
    func field(_ text: String) -> String {
      guard text.contains(where: { ",\"\n\r".contains($0) }) else { return text }
      return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
    return ([heads] + lines).map { $0.map(field).joined(separator: ",") + "\n" }.joined()
  }
}
