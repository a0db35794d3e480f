import ArgumentParser
import Domain
import Foundation

@main
struct Winnow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "winnow",
    abstract: "Choose the data that a language model is fine-tuned on.",
    discussion: """
      Without a subcommand the workbench opens, on the shipped sample data where no file is named. The subcommands run \
      without a terminal: data on standard output, progress and messages on standard error.

      DELIFT asks the model how much each row, shown as an example, helps it with each other row: the utility. Facility \
      location (FL, delift-instruction) then picks rows so that every row of the pool is well served by one of them; its \
      mutual information (FLMI, delift-task) does so where the pool resembles a target set; its conditional gain (FLCG, \
      delift-continual) leaves out what existing data covers. Influence Distillation (influence) weighs rows by how much \
      a training step with them lowers the loss on a target set: exactly for few rows, the landmarks, and from these for \
      all others by how alike the rows are.

      Exit: 0 done, 1 the run failed, 64 unusable arguments, 65 bad input data, 66 no such file, 130 interrupted.
      """,
    version: Version.text,
    subcommands: [
      Open.self, Select.self, DataCommand.self, Rows.self, Score.self, Gradients.self, InfluenceCommand.self,
      Methods.self, Runs.self,
      Inspect.self,
      Export.self, Paths.self, Keys.self, Themes.self,
      ModelsCommand.self, FinetuneCommand.self, EvaluateCommand.self, StudyCommand.self, ModelCommand.self,
      CacheCommand.self, Compare.self, Reproduce.self,
    ],
    defaultSubcommand: Open.self)

  /// Runs the command line; every error ends here, in words and an exit status.
  static func main() {
    // A file that may not grow any more is an error to report, not the end of the program.
    signal(SIGXFSZ, SIG_IGN)
    do {
      var command: ParsableCommand
      do {
        command = try parseAsRoot()
      } catch {
        // An option's own check threw: the parser wraps what it did not throw itself.
        if let report = report(in: error) { fail(report) }
        throw error
      }
      try command.run()
      // Threads may be deep in a product still: the process ends without tearing libraries down under them.
      fflush(nil)
      _exit(ExitStatus.done.rawValue)
    } catch let error as any ReportableError {
      fail(error.report)
    } catch is CancellationError {
      fail(ErrorReport("interrupted", status: .interrupted))
    } catch {
      // Usage, help and version: the parser's own words and its own status (64 for unusable arguments).
      let code = exitCode(for: error)
      let words = fullMessage(for: error)
      if !words.isEmpty { if code == .success { Output.text(words + "\n") } else { Output.message(words + "\n") } }
      Foundation.exit(code.rawValue)
    }
  }

  /// The report of an error that others are wrapped around.
  private static func report(in error: Any, depth: Int = 0) -> ErrorReport? {
    if let error = error as? any ReportableError { return error.report }
    if depth > 4 { return nil }
    for child in Mirror(reflecting: error).children {
      if let report = report(in: child.value, depth: depth + 1) { return report }
    }
    return nil
  }

  private static func fail(_ report: ErrorReport) -> Never {
    Output.message("winnow: \(report)\n")
    Foundation.exit(report.status.rawValue)
  }
}

/// The program's version, as manifests record it.
enum Version {
  static let text = "0.1.0"
}
