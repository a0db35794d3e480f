import ArgumentParser
import Domain
import Foundation
import Numerics

/// `winnow-bench …`: how fast this machine does the work, and the makers of data and models to measure with.
@main
struct WinnowBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "winnow-bench",
    abstract: "Measure how fast this machine does Winnow's work; make sample data and models to measure with.",
    subcommands: [
      ModelBench.self, SelectBench.self, ReadBench.self, InfluenceBench.self, SampleDataCommand.self,
      SampleModelCommand.self,
    ])

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error as any ReportableError {
      FileHandle.standardError.write(Data("winnow-bench: \(error.report)\n".utf8))
      Foundation.exit(error.report.status.rawValue)
    } catch {
      exit(withError: error)
    }
  }
}

/// How many threads a measurement uses.
struct Threads: ParsableArguments {
  @Option(help: "Worker threads (default: one a core).") var threads: Int?

  func validate() throws {
    guard (1...1024).contains(threads ?? 1) else { throw ValidationError("--threads must be 1 to 1024.") }
  }

  var workers: Workers { Workers(count: threads) }
}

/// Wall-clock seconds.
struct Stopwatch {
  private var start = DispatchTime.now().uptimeNanoseconds

  var elapsed: Double { Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9 }

  /// Seconds since the last lap.
  mutating func lap() -> Double {
    defer { start = DispatchTime.now().uptimeNanoseconds }
    return elapsed
  }

  static func seconds<Result>(of body: () throws -> Result) rethrows -> (Result, Double) {
    let watch = Stopwatch()
    let result = try body()
    return (result, watch.elapsed)
  }
}

/// Says on standard error what is being measured: standard output has the figures alone.
func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

/// A line of figures, seen at once through a pipe too.
func tell(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
