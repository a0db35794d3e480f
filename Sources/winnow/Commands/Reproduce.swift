import ArgumentParser
import Domain
import Foundation
import Store
import Workbench

/// `winnow reproduce`: the run of a manifest once more.
struct Reproduce: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a manifest's specification again and say whether the result is the same.",
    discussion: "Exit 0 where rows, order, gains and weights are the same to the last bit, 1 where they are not.")

  @Argument(help: "A manifest that an export wrote (FILE.manifest.json).")
  var manifest: String

  @Flag(help: "Print one JSON object.") var json = false
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var precision: PrecisionOptions
  @Flag(help: "Say nothing on standard error but errors and notes.") var quiet = false

  func run() throws {
    let manifest = try Manifest(path: manifest)
    let interrupt = InterruptHandler()
    let reporter = ConsoleReporter(quiet: quiet)
    let engine = RunEngine(paths: StorePaths(), workers: threads.workers, precision: precision.precision)
    let result = try engine.reproduce(
      manifest, cancellation: interrupt.cancellation, observe: { reporter.observe($0) })
    reporter.finish()
    if json {
      try Output.json(result)
    } else {
      Output.text(result.isSame ? "the same\n" : result.differences.map { $0 + "\n" }.joined())
    }
    if !result.isSame { throw ExitCode(ExitStatus.failed.rawValue) }
  }
}
