import ArgumentParser
import Datasets
import Domain
import Foundation
import Store
import Workbench

/// `winnow inspect`: why a row was chosen, or why not.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say why a run chose a row, or why it did not.",
    discussion: """
      Of a row that was not chosen: the pick that serves it best, what it would add to the selection and its place by that \
      among the others, and what the objective would change by if it took a pick's place. Text on a terminal or with \
      --text, otherwise one JSON object.
      """)

  @Argument(help: ArgumentHelp("The run's number (winnow runs).", valueName: "run"))
  var number: Int64

  @Argument(help: "The row's place in the pool's file, from 0.")
  var index: Int

  @Flag(help: "Print one JSON object.") var json = false
  @Flag(help: "Print text also where standard output is no terminal.") var text = false

  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    if json, text { throw WorkbenchError.cannotCombine("--json", "--text", "they say different things") }
  }

  private struct Row: Encodable {
    var index: RowIndex
    var utility: Float
  }

  private struct Related: Encodable {
    var rank: Rank
    var index: RowIndex
    var value: Double

    init(_ related: WhyNot.Related) {
      (rank, index, value) = (related.pick.rank, related.pick.row, related.value)
    }
  }

  private struct Answer: Encodable {
    var run: Int64
    var index: Int
    var chosen: Bool
    var pick: LocatedPick?
    /// The row as it stands in its file.
    var line: String?
    /// Rows that it serves best of all that were chosen, rows that help it most, and targets that are nearest, where the run's
    /// utilities are kept.
    var represents: [Row]?
    var partners: [Row]?
    var targets: [Row]?

    // Of a row that was not chosen.
    var banned: Bool?
    /// The pick that serves it best, with its utility for it.
    var servedBy: Related?
    /// What it would add at the end, and as the first pick; what the last pick added.
    var gain: Double?
    var firstGain: Double?
    var leastGain: Double?
    /// Its place by `gain` among the `notChosen` rows, from 0.
    var gainRank: Int?
    var notChosen: Int?
    /// What the objective changes by where it takes a pick's place: the best such pick, and the one that serves it.
    var swap: Related?
    var swapWithServing: Related?

    mutating func explain(_ found: PickExplanation) {
      func rows(_ list: [PickExplanation.Represented]) -> [Row]? {
        list.isEmpty ? nil : list.map { Row(index: $0.row, utility: $0.utility) }
      }
      represents = rows(found.represents)
      partners = rows(found.partners)
      targets = rows(found.targets)
    }

    mutating func explain(_ found: WhyNot) {
      banned = found.isBanned
      servedBy = found.served.map(Related.init)
      (gain, firstGain, leastGain) = (found.gain, found.firstGain, found.leastGain)
      (gainRank, notChosen) = (found.place, found.others)
      swap = found.bestSwap.map(Related.init)
      swapWithServing = found.swapWithServing.map(Related.init)
    }
  }

  func run() throws {
    let record = try RunLibrary(path: StorePaths().runs).run(number)
    guard let selection = record.selection else {
      throw WorkbenchError.cannotExport(reason: "run \(number) has no picks (\(record.status.rawValue))")
    }
    let rank = selection.picks.firstIndex { $0.row == RowIndex(index) }
    // A run on matrices alone has no rows to show.
    let shown = rank.map { selection.picks[$0] } ?? Pick(rank: 0, row: RowIndex(index), gain: 0)
    if record.specification.pool == nil, rank == nil, !(0..<record.rows).contains(index) { throw outside(record.rows) }
    let line = try record.specification.pool == nil ? nil : lineOfRow(record, shown)
    var answer = Answer(
      run: number, index: index, chosen: rank != nil,
      pick: rank.map { LocatedPick(selection.picks[$0], at: line?.location) },
      line: line.map { String(decoding: $0.bytes, as: UTF8.self) })
    let interrupt = InterruptHandler()
    do {
      let outcome = try RunEngine(paths: StorePaths(), workers: threads.workers)
        .reopen(record, cancellation: interrupt.cancellation)
      if let rank {
        answer.explain(try outcome.explain(rank: Rank(rank)))
      } else {
        answer.explain(
          try outcome.whyNot(RowIndex(index), workers: threads.workers, cancellation: interrupt.cancellation))
      }
    } catch let error as WorkbenchError where error.report.status == .unusableArguments {
      throw error
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      // The pick is an answer without it.
      let what = rank == nil ? "why not" : "whom it stands for"
      let note = "note: \(what) is not known any more: \(ErrorReport(describing: error).problem)\n"
      Output.message(note)
    }
    if json || !text && !Console.isTerminal { return try Output.json(answer) }
    Output.text(words(answer, record))
  }

  private func outside(_ rows: Int) -> WorkbenchError {
    .outsideRange(option: "row", value: "\(index)", bounds: "0 to \(rows - 1)")
  }

  private func lineOfRow(_ record: RunRecord, _ pick: Pick) throws -> (bytes: [UInt8], location: RowLocation)? {
    do {
      return try Exporter.lines(of: record, picks: [pick]).first
    } catch let error as DatasetError {
      if case .noSuchRow(_, _, let rows) = error { throw outside(rows) }
      throw error
    }
  }

  // MARK: In words

  private func words(_ answer: Answer, _ record: RunRecord) -> String {
    let method = record.specification.method.rawValue
    var text = "Row \(index) in run \(number) (\(method), \(record.pickCount) of \(record.rows) rows)\n"
    func add(_ name: String, _ value: String) { text += Console.section(name, value) }
    if let pick = answer.pick {
      add("chosen", "pick \(pick.rank.value + 1) of \(record.pickCount)")
      if pick.gain != 0 { add("gain", Console.number(pick.gain)) }
      if pick.weight != 1 { add("weight", Console.number(pick.weight)) }
      if let file = pick.file, let line = pick.line { add("at", "\(file):\(line)") }
    } else {
      add("not chosen", answer.banned == true ? "it was banned" : "")
      if let served = answer.servedBy {
        add(
          "served by",
          "row \(served.index), pick \(served.rank.value + 1), with utility \(Console.number(served.value))")
      } else if answer.firstGain != nil {
        add("served by", "none of the chosen rows")
      }
      if let gain = answer.gain {
        let place = answer.gainRank.map { ", place \($0 + 1) of \(answer.notChosen ?? 0) that were not chosen" } ?? ""
        add(record.specification.method.needsUtilities ? "would add" : "score", Console.number(gain) + place)
      }
      if let first = answer.firstGain {
        add("first pick", "as the first pick it would have added \(Console.number(first))")
      }
      if let least = answer.leastGain { add("last pick", "added \(Console.number(least)) when it was taken") }
      if let swap = answer.swap {
        let change = swap.value > 0 ? "gain" : "cost"
        add(
          "swap",
          "in place of row \(swap.index) (pick \(swap.rank.value + 1)) it would \(change) \(Console.number(abs(swap.value))): the best swap there is"
        )
      }
      if let swap = answer.swapWithServing, swap.index != answer.swap?.index {
        let change = swap.value > 0 ? "gain" : "cost"
        add("", "in place of row \(swap.index), which serves it, it would \(change) \(Console.number(abs(swap.value)))")
      }
    }
    for (name, rows) in [("stands for", answer.represents), ("examples", answer.partners), ("targets", answer.targets)]
    {
      guard let rows, !rows.isEmpty else { continue }
      let shown = rows.prefix(10).map { "\($0.index) (\(Console.number(Double($0.utility))))" }.joined(separator: ", ")
      add(name, shown + (rows.count > 10 ? " and \(rows.count - 10) more" : ""))
    }
    if let line = answer.line { add("row", line) }
    return text
  }
}
