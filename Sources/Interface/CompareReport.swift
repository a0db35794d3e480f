import Domain

extension Model {
  /// Everything that the Compare screen says of its two runs; nil without two.
  var compareReport: ReportTable? {
    guard let pair = comparedRuns, let comparison = compare.comparison else { return nil }
    let (a, b) = (runs[pair.a], runs[pair.b])
    func plain(_ value: Double) -> String { "\(value)" }
    var lines: [[String]] = [
      ["method", a.specification.method.rawValue, b.specification.method.rawValue],
      ["run", name(ofRun: pair.a), name(ofRun: pair.b)],
      ["pool", a.specification.pool ?? "", b.specification.pool ?? ""],
      ["seed", "\(a.specification.seed)", "\(b.specification.seed)"],
      ["rows", "\(a.picks.count)", "\(b.picks.count)"],
      ["only here", "\(a.picks.count - comparison.common)", "\(b.picks.count - comparison.common)"],
      ["own objective", a.hasGains ? plain(a.objective) : "", b.hasGains ? plain(b.objective) : ""],
      ["in both", "\(comparison.common)", "\(comparison.common)"],
      ["overlap (Jaccard)", plain(comparison.jaccard), plain(comparison.jaccard)],
      [
        "rank agreement (Spearman)", comparison.rankCorrelation.map(plain) ?? "",
        comparison.rankCorrelation.map(plain) ?? "",
      ],
    ]
    let ids = [a.id, b.id].compactMap { $0 }
    if ids.count == 2, Array(compare.crossedRuns.prefix(2)) == ids, compare.crossed.count >= 2 {
      for (row, name) in [(0, "A"), (1, "B")] {
        lines.append(["objective of \(name)"] + (0..<2).map { compare.crossed[row][$0].map(plain) ?? "" })
      }
    }
    if let file = files[.pool]?.opened, file.summary.contentHash == comparedPool, let survey = file.survey {
      let (rowsA, rowsB) = (a.picks.map(\.index), b.picks.map(\.index))
      let (ofA, ofB) = (survey.counts(of: rowsA), survey.counts(of: rowsB))
      for label in survey.labels.indices where ofA[label] + ofB[label] > 0 {
        lines.append(["label: \(survey.labels[label])", "\(ofA[label])", "\(ofB[label])"])
      }
      func mean(_ rows: [Int]) -> String {
        plain(Double(rows.reduce(0) { $0 + (file.length(of: $1) ?? 0) }) / Double(max(1, rows.count)))
      }
      lines.append(["mean length (\(survey.unit.rawValue))", mean(rowsA), mean(rowsB)])
    }
    let shared = min(a.picks.count, b.picks.count)
    if a.hasGains, b.hasGains {
      for count in Set([shared / 4, shared / 2, shared]).filter({ $0 > 0 }).sorted() {
        let value = { (run: Run) in plain(run.picks.prefix(count).reduce(0) { $0 + $1.gain }) }
        lines.append(["value of the first \(count)", value(a), value(b)])
      }
    }
    return ReportTable(heads: ["", "A", "B"], lines: lines)
  }
}
