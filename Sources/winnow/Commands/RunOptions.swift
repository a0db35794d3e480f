import ArgumentParser
import Domain
import Foundation
import Numerics
import Workbench

extension UtilityKernel: ExpressibleByArgument {}
extension Rescaling: ExpressibleByArgument {}
extension Maximizer: ExpressibleByArgument {}
extension TaskObjective: ExpressibleByArgument {}
extension Domain.Method: ExpressibleByArgument {}

/// Where the samples are.
struct DataOptions: ParsableArguments {
  @Option(help: ArgumentHelp("File of samples to choose from (JSON lines).", valueName: "file"))
  var pool: String?

  @Option(help: ArgumentHelp("Samples of the task the choice should help.", valueName: "file"))
  var target: String?

  @Option(help: ArgumentHelp("Samples the model already knows.", valueName: "file"))
  var existing: String?

  @Option(help: ArgumentHelp("Take only the first so many rows of the pool.", valueName: "n"))
  var limit: Int?

  @Flag(help: "Leave out rows that can't be read, and list them, instead of stopping at the first.")
  var skipBadRows = false

  func validate() throws {
    if let limit, limit < 1 {
      throw WorkbenchError.outsideRange(option: "--limit", value: "\(limit)", bounds: "1 and above")
    }
  }
}

/// Where utilities come from and how they are made.
struct UtilityOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Hugging Face checkpoint directory of the model that judges.", valueName: "dir"))
  var model: String?

  @Option(help: "How a utility is made from distances.")
  var utilityKernel: UtilityKernel = .euclidean

  @Option(help: ArgumentHelp("Prompt template.", valueName: "name"))
  var template = "delift"
}

/// How many threads a command may use.
struct ThreadOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Worker threads (default: one a core). The answer does not depend on it.", valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let threads, threads < 1 || threads > 1024 {
      throw WorkbenchError.outsideRange(option: "--threads", value: "\(threads)", bounds: "1 to 1024")
    }
  }

  var workers: Workers { Workers(count: threads) }
}
