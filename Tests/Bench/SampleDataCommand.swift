import ArgumentParser
import Domain
import Foundation
import Samples

/// `winnow-bench sample-data`: another set like the shipped one.
struct SampleDataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample-data", abstract: "Write a made pool, target and existing set of small text tasks.")

  @Option(help: "Seed of every random choice.")
  var seed: UInt64 = 7

  @Option(help: "Rows of the pool.")
  var rows = 300

  @Option(
    help: ArgumentHelp(
      "Share of the pool's answers that a word of their family leads in (Sum: 118), for training a sample model.",
      valueName: "share"))
  var ledIn = 0.0

  @Option(help: ArgumentHelp("Folder for pool.jsonl, target.jsonl and existing.jsonl.", valueName: "dir"))
  var out: String

  @Flag(help: "Replace files that exist.")
  var force = false

  func validate() throws {
    guard (1...1_000_000).contains(rows) else {
      throw ValidationError("--rows must be 1 to 1000000, not \(rows).")
    }
    guard (0...1).contains(ledIn) else {
      throw ValidationError("--led-in must be 0 to 1, not \(ledIn).")
    }
  }

  func run() throws {
    try SampleGenerator.generate(seed: seed, rows: rows, ledIn: ledIn).write(toFolder: out, overwrite: force)
  }
}
