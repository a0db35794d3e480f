import ArgumentParser
import Datasets
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

  @Flag(help: "Write episodes to train a sample model on (episodes.jsonl): each in a style of its own.")
  var episodes = false

  @Option(help: ArgumentHelp("Folder for pool.jsonl, target.jsonl and existing.jsonl.", valueName: "dir"))
  var out: String

  @Flag(help: "Replace files that exist.")
  var force = false

  func validate() throws {
    guard (1...1_000_000).contains(rows) else {
      throw ValidationError("--rows must be 1 to 1000000, not \(rows).")
    }
  }

  func run() throws {
    guard episodes else {
      return try SampleGenerator.generate(seed: seed, rows: rows).write(toFolder: out, overwrite: force)
    }
    try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
    var file = try AtomicFile(at: "\(out)/episodes.jsonl", overwrite: force)
    try file.write(SampleGenerator.episodes(seed: seed, rows: rows))
    try file.commit()
  }
}
