import ArgumentParser
import Datasets
import Domain
import Foundation

/// `winnow-bench read FILE`.
struct ReadBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "read", abstract: "Time the reading of a file of samples.",
    discussion: """
      Opening finds format and schema, indexes the rows and hashes the content; the first rows are then decoded, and at last \
      every row is. Memory is the most that the process held by the end of each step.
      """)

  @Argument(help: "A file of samples.") var file: String

  func run() throws {
    let begun = ContinuousClock.now
    let opened = try DatasetFile.open(path: file, role: .pool)
    let indexed = ContinuousClock.now
    let indexMemory = Self.peakMemory
    _ = try opened.samples(at: 0..<min(40, opened.count))
    let shown = ContinuousClock.now
    _ = try opened.validated(skippingBadRows: true)
    let checked = ContinuousClock.now
    let bytes = Double(opened.summary.bytes)
    func line(_ name: String, _ seconds: Double, _ memory: Int) {
      let rate = String(format: "%.2f s\t%.2f GB/s", seconds, bytes / seconds / 1e9)
      tell("\(name)\t\(rate)\t\(memory >> 20) MiB")
    }
    tell("\(opened.count) rows, \(opened.summary.bytes) bytes")
    line("index", (indexed - begun) / .seconds(1), indexMemory)
    line("first rows", (shown - begun) / .seconds(1), indexMemory)
    line("every row", (checked - shown) / .seconds(1), Self.peakMemory)
  }

  private static var peakMemory: Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    return (Int(line.filter(\.isNumber)) ?? 0) << 10
  }
}
