import Foundation

// Random inputs for everything that reads a file which somebody else wrote.
//
//     winnow-fuzz jsonl csv safetensors tokenizer npy jinja keymap theme --minutes 10 --seed 1
//     winnow-fuzz --replay csv FILE
//
// Inputs are made from the seeds beside the sources by breaking them (see Mutator). Each target runs in a child process, so
// that a trap ends the child and not the campaign; what trapped, hung for 20 s, ended in an error without a report, or took more
// memory than `Bound` allows is kept in a folder of findings, and the exit status is 1.

let usage = "usage: winnow-fuzz TARGET… [--minutes M] [--seed N] [--findings DIR], or --replay TARGET FILE"

func stop(_ message: String) -> Never {
  FileHandle.standardError.write(Data((message + "\n").utf8))
  exit(64)
}

/// Reads one input and says what came of it.
func replay(_ target: Target, path: String) throws {
  guard let input = FileManager.default.contents(atPath: path) else { stop("no such file: \(path)") }
  let folder = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent("winnow-fuzz-\(getpid())")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  var meter = MemoryMeter()
  meter.reset()
  let outcome = try target.run(Array(input), in: folder)
  print("\(outcome), \(meter.peakAboveStart) bytes above the start for \(input.count)")
}

func main(_ given: [String]) throws -> Int32 {
  var arguments = given
  func value(of option: String) -> String? {
    guard let place = arguments.firstIndex(of: option), place + 1 < arguments.count else { return nil }
    defer { arguments.removeSubrange(place...place + 1) }
    return arguments[place + 1]
  }
  if let mode = arguments.first, ["--replay", "--child"].contains(mode) {
    guard arguments.count >= 3, let target = Target(rawValue: arguments[1]) else { stop(usage) }
    if mode == "--replay" {
      try replay(target, path: arguments[2])
      return 0
    }
    guard arguments.count == 5, let seed = UInt64(arguments[2]), let seconds = Double(arguments[3]) else { stop(usage) }
    return Child(target: target, seed: seed, seconds: seconds, folder: URL(fileURLWithPath: arguments[4])).run()
  }
  let minutes = value(of: "--minutes").flatMap { Double($0) } ?? 10
  let seed = value(of: "--seed").flatMap { UInt64($0) } ?? 1
  let findings = value(of: "--findings") ?? FileManager.default.currentDirectoryPath + "/fuzz-findings"
  let targets = arguments.map { name -> Target in
    guard let target = Target(rawValue: name) else {
      stop("\(name) is no target; there are \(Target.allCases.map(\.rawValue).joined(separator: ", "))\n\(usage)")
    }
    return target
  }
  guard !targets.isEmpty else { stop(usage) }
  var found = 0
  for target in targets {
    found += try Campaign(target: target, seed: seed, seconds: minutes * 60, findings: findings).run()
  }
  return found == 0 ? 0 : 1
}

exit(try main(Array(CommandLine.arguments.dropFirst())))
