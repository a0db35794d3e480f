import ArgumentParser
import Domain
import Foundation
import Influence
import Store
import Workbench

/// `winnow influence …`: what stands behind a run of Influence Distillation.
struct InfluenceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "influence", abstract: "Look behind a run of Influence Distillation.",
    subcommands: [InfluenceCheckCommand.self])
}

/// `winnow influence check RUN`: the expansion of the target loss against a real step.
struct InfluenceCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Take a weighted step on a run's picks and compare the target loss with what the run's expansion says.",
    discussion: """
      The step is halved from row to row. The expansion goes to the second order, so its error should fall with the cube of the \
      step (a power of 3), until it is as small as rounding. Exit status 1 if no row does and the errors are not small either.
      """)

  @Argument(help: ArgumentHelp("The run's number (winnow runs).", valueName: "run"))
  var number: Int64

  @Option(help: "Picks whose gradients make the step, at most.") var most = 32
  @Option(help: "Step sizes.") var steps = 5
  @Option(help: "The largest step size (default: the run's).") var stepSize: Double?
  @Flag(help: "Print one JSON object.") var json = false
  @Flag(help: "Say nothing on standard error but errors and notes.") var quiet = false
  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    if most < 1 { throw WorkbenchError.outsideRange(option: "--most", value: "\(most)", bounds: "1 and above") }
    if !(2...20).contains(steps) {
      throw WorkbenchError.outsideRange(option: "--steps", value: "\(steps)", bounds: "2 to 20")
    }
    if let stepSize, !(stepSize > 0 && stepSize.isFinite) {
      throw WorkbenchError.outsideRange(option: "--step-size", value: "\(stepSize)", bounds: "above 0")
    }
  }

  func run() throws {
    let interrupt = InterruptHandler()
    let reporter = ConsoleReporter(quiet: quiet)
    let paths = StorePaths()
    let record = try RunLibrary(path: paths.runs).run(number)
    let check = try RunEngine(paths: paths, workers: threads.workers).checkExpansion(
      of: record, most: most, halvings: steps, stepSize: stepSize, cancellation: interrupt.cancellation,
      observe: { reporter.observe($0) })
    reporter.finish()
    if json {
      try Output.json(check)
    } else {
      Output.text("step\tmeasured\tpredicted\tfirst order\terror\tpower\n")
      for (number, row) in check.rows.enumerated() {
        let power = number > 0 ? String(format: "%.2f", check.exponents[number - 1]) : "-"
        Output.text(
          String(
            format: "%.3g\t%.6e\t%.6e\t%.6e\t%.1e\t%@\n", row.stepSize, row.measured, row.predicted, row.firstOrder,
            row.error, power))
      }
    }
    let cubic = check.exponents.contains { (2.4...3.6).contains($0) }
    let small = check.rows.allSatisfy { $0.error <= 1e-5 * max(1, abs(check.targetLoss)) }
    guard cubic || small else {
      throw ErrorReport(
        "the error does not fall with the cube of the step", remedy: "Try a smaller --step-size.", status: .failed)
    }
  }
}
