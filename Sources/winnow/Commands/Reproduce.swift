import ArgumentParser
import Domain
import Foundation
import Scoring
import Store
import Workbench

/// `winnow reproduce`: the run of a manifest once more.
struct Reproduce: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a manifest's specification again and say whether the result is the same.",
    discussion: "Exit 0 where rows, order, gains and weights are the same to the last bit, 1 where they are not.")

  @Argument(help: "A manifest that an export wrote (FILE.manifest.json).")
  var manifest: String

  @Option(
    name: .customLong("in"),
    help: ArgumentHelp("Where to look, by name, for files that are not at their places any more.", valueName: "folder"))
  var folder: String?

  @Flag(help: "Print one JSON object.") var json = false
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var precision: PrecisionOptions
  @Flag(help: "Say nothing on standard error but errors and notes.") var quiet = false

  func run() throws {
    var manifest = try Manifest(path: manifest)
    if let folder { manifest = manifest.lookingForFiles(in: folder) }
    // What the run reads is named in the manifest, not on the command line: a file that is gone wants another remedy.
    if let missing = manifest.missingFiles.first {
      throw ErrorReport(
        "the file that the manifest names is not there", at: missing,
        remedy: "Put it back, or name the folder it is in now with --in.", status: .noSuchFile)
    }
    let interrupt = InterruptHandler()
    let reporter = ConsoleReporter(quiet: quiet)
    let engine = RunEngine(
      paths: StorePaths(), workers: threads.workers, precision: precision.precision,
      access: ServerAccess(key: ServerOptions.key))
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
