import ArgumentParser
import Domain
import Foundation
import Scoring
import Store
import Study
import Workbench

/// `winnow reproduce`: the run of a manifest once more.
struct Reproduce: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a manifest's specification again and say whether the result is the same.",
    discussion: "Exit 0 where rows, order, gains and weights are the same to the last bit, 1 where they are not.")

  @Argument(help: "A manifest that an export or a study wrote (FILE.manifest.json, DIR/manifest.json).")
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
    if let study = try StudyManifest(path: manifest) { return try reproduce(study) }
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

  /// Makes a study again in a folder of its own, with nothing of the old one.
  private func reproduce(_ manifest: StudyManifest) throws {
    var study = manifest.study
    if let folder { study = study.lookingForFiles(in: folder) }
    if let missing = study.missingFiles.first {
      throw ErrorReport(
        "the file that the manifest names is not there", at: missing,
        remedy: "Put it back, or name the folder it is in now with --in.", status: .noSuchFile)
    }
    let place = FileManager.default.temporaryDirectory.appendingPathComponent("winnow-study-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: place) }
    _ = try StudyCommand.carryOut(
      study, in: place, paths: StorePaths(), threads: threads, precision: precision, quiet: quiet, InterruptHandler())
    guard let found = try StudyManifest(path: place + "/manifest.json") else { return }
    let differences = manifest.differences(from: found)
    if json {
      try Output.json(Reproduction(isSame: differences.isEmpty, differences: differences))
    } else {
      Output.text(differences.isEmpty ? "the same\n" : differences.map { $0 + "\n" }.joined())
    }
    if !differences.isEmpty { throw ExitCode(ExitStatus.failed.rawValue) }
  }
}
