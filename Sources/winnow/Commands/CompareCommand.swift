import ArgumentParser
import Domain
import Foundation
import Interface
import Store
import Workbench

/// `winnow compare`: what runs share, and what each one's objective gives to the others' rows.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Set runs side by side: overlap, order, objectives on each other's rows.",
    discussion: "Overlap is Jaccard's, agreement of order Spearman's over the shared rows.")

  @Argument(help: ArgumentHelp("The runs' numbers (winnow runs).", valueName: "run"))
  var numbers: [Int64]

  @Flag(help: "Print a JSON object.")
  var json = false

  private struct Entry: Encodable {
    var run: Int64
    var method: String
    var rows: Int
    var objective: Double
    /// The value that this run's objective gives to each run's rows, in the order of the runs; null where its scores are
    /// not kept any more, or the rows are of another pool.
    var valueOfRows: [Double?]
  }

  private struct Pair: Encodable {
    var a: Int64
    var b: Int64
    var common: Int
    var jaccard: Double
    var rankAgreement: Double?
  }

  private struct Answer: Encodable {
    var runs: [Entry]
    var pairs: [Pair]
  }

  func validate() throws {
    if numbers.count < 2 { throw ValidationError("Name two runs or more; winnow runs lists them.") }
  }

  func run() throws {
    let engine = RunEngine(paths: StorePaths())
    let library = try RunLibrary(path: engine.paths.runs)
    let records = try numbers.map { try library.run($0) }
    let picks = records.map { $0.selection?.picks ?? [] }
    let pools = records.map { $0.contents[DatasetRole.pool.rawValue] }
    let entries = records.indices.map { row -> Entry in
      let outcome = try? engine.reopen(records[row], cancellation: Cancellation())
      let values = records.indices.map { column -> Double? in
        guard let outcome, pools[row] == pools[column] else { return nil }
        return (try? engine.value(of: picks[column].map(\.index), to: outcome)) ?? nil
      }
      return Entry(
        run: numbers[row], method: records[row].specification.method.rawValue, rows: picks[row].count,
        objective: records[row].selection?.objective ?? 0, valueOfRows: values)
    }
    var pairs: [Pair] = []
    for a in records.indices {
      for b in records.indices where b > a {
        let compared = Comparison(picks[a], picks[b])
        pairs.append(
          Pair(
            a: numbers[a], b: numbers[b], common: compared.common, jaccard: compared.jaccard,
            rankAgreement: compared.rankCorrelation))
      }
    }
    if json { return try Output.json(Answer(runs: entries, pairs: pairs)) }
    for entry in entries {
      let values = entry.valueOfRows.map { $0.map { String(format: "%.4f", $0) } ?? "-" }.joined(separator: "\t")
      Output.text("\(entry.run)\t\(entry.method)\t\(entry.rows) rows\t\(values)\n")
    }
    for pair in pairs {
      let order = pair.rankAgreement.map { String(format: "%.3f", $0) } ?? "-"
      Output.text(
        "\(pair.a) and \(pair.b)\t\(pair.common) common\tJaccard \(String(format: "%.3f", pair.jaccard))\torder \(order)\n"
      )
    }
  }
}
