import Domain

extension Model {
  /// Everything that the Compare screen says of its runs, a column each; nil without two.
  var compareReport: ReportTable? {
    let compared = comparedRuns
    guard compared.count >= 2, let comparison = compare.comparison else { return nil }
    let chosen = compared.map { runs[$0] }
    let letters = Array(Self.runLetters.prefix(compared.count))
    func plain(_ value: Double) -> String { "\(value)" }
    var lines: [[String]] = [
      ["method"] + chosen.map(\.specification.method.rawValue),
      ["run"] + compared.map { name(ofRun: $0) },
      ["pool"] + chosen.map { $0.specification.pool ?? "" },
      ["seed"] + chosen.map { "\($0.specification.seed)" },
      ["rows"] + chosen.map { "\($0.picks.count)" },
      ["only here"] + compare.only.map { "\($0)" },
      ["own objective"] + chosen.map { $0.hasGains ? plain($0.objective) : "" },
      [compared.count == 2 ? "in both" : "in all"] + compared.map { _ in "\(compare.shared)" },
    ]
    if compared.count == 2 {
      let agreement = comparison.rankCorrelation.map(plain) ?? ""
      lines.append(["overlap (Jaccard)", plain(comparison.jaccard), plain(comparison.jaccard)])
      lines.append(["rank agreement (Spearman)", agreement, agreement])
    } else {
      func line(_ name: String, _ other: Int, _ value: (Comparison.Pair) -> String) -> [String] {
        [name] + compared.indices.map { $0 == other ? "" : value(comparison.pairs[other][$0]) }
      }
      for (other, letter) in letters.enumerated() {
        lines.append(line("in common with \(letter)", other) { "\($0.common)" })
        lines.append(line("overlap with \(letter) (Jaccard)", other) { plain($0.jaccard) })
        lines.append(line("rank agreement with \(letter) (Spearman)", other) { $0.rankCorrelation.map(plain) ?? "" })
      }
    }
    if compare.crossedRuns == chosen.compactMap(\.id), compare.crossed.count == compared.count {
      for (row, letter) in letters.enumerated() {
        lines.append(["objective of \(letter)"] + compare.crossed[row].map { $0.map(plain) ?? "" })
      }
    }
    let sets = compare.sets
    if sets.count == compared.count, let survey = files[.pool]?.opened?.survey {
      for label in survey.labels.indices where sets.contains(where: { $0.labels[label] > 0 }) {
        lines.append(["label: \(survey.labels[label])"] + sets.map { "\($0.labels[label])" })
      }
      lines.append(["mean length (\(survey.unit.rawValue))"] + sets.map { plain($0.meanLength) })
    }
    let shared = chosen.map(\.picks.count).min() ?? 0
    if chosen.contains(where: \.hasGains) {
      for count in Set([shared / 4, shared / 2, shared]).filter({ $0 > 0 }).sorted() {
        lines.append(
          ["value of the first \(count)"]
            + chosen.map { $0.hasGains ? plain($0.picks.prefix(count).reduce(0) { $0 + $1.gain }) : "" })
      }
    }
    return ReportTable(heads: [""] + letters, lines: lines)
  }
}
