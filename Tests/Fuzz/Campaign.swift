import Foundation

/// One target's time, spent in children that are started again when one ends early.
struct Campaign {
  static let longestInput = 20.0  // seconds that one input may take

  let target: Target
  let seed: UInt64
  let seconds: Double
  let findings: String

  /// How many inputs were found that break a promise.
  func run() throws -> Int {
    // In memory where the system has such a folder: thousands of small files a second.
    let memory = "/dev/shm"
    let folder = URL(
      fileURLWithPath: FileManager.default.isWritableFile(atPath: memory) ? memory : NSTemporaryDirectory()
    )
    .appendingPathComponent("winnow-fuzz-\(target.rawValue)-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let end = Date().addingTimeInterval(seconds)
    var found = 0
    var round: UInt64 = 0
    var count = Counts()
    while end.timeIntervalSinceNow > 0.5, found < 20 {
      let reason = try child(seed: seed &+ round &* 0x9E37_79B9, seconds: end.timeIntervalSinceNow, in: folder)
      count += Counts(reading: folder)
      round += 1
      guard let reason else { continue }
      found += 1
      try FileManager.default.createDirectory(atPath: findings, withIntermediateDirectories: true)
      let kept = findings + "/\(target.rawValue)-\(seed)-\(found)"
      try? FileManager.default.removeItem(atPath: kept)
      try? FileManager.default.copyItem(atPath: folder.appendingPathComponent(Child.inputName).path, toPath: kept)
      print("\(target.rawValue): \(reason); the input is \(kept)")
    }
    print(
      "\(target.rawValue): \(count.inputs) inputs in \(Int(seconds)) s, \(count.accepted) read, \(count.refused) refused, "
        + "\(found) findings; most memory above the start: \(count.mostMemory) bytes for \(count.bytesOfMost)")
    return found
  }

  /// Nil if the child's time went by without a finding.
  private func child(seed: UInt64, seconds: Double, in folder: URL) throws -> String? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = ["--child", target.rawValue, "\(seed)", "\(seconds)", folder.path]
    process.standardError = FileHandle.nullDevice
    try process.run()
    let input = folder.appendingPathComponent(Child.inputName).path
    let begun = Date()
    while process.isRunning {
      usleep(50_000)
      let written = (try? FileManager.default.attributesOfItem(atPath: input)[.modificationDate]) as? Date
      if Date().timeIntervalSince(max(begun, written ?? begun)) > Self.longestInput {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        return "an input took more than \(Int(Self.longestInput)) s"
      }
    }
    if process.terminationReason == .uncaughtSignal { return "ended by signal \(process.terminationStatus)" }
    guard process.terminationStatus != 0 else { return nil }
    let said = try? String(contentsOf: folder.appendingPathComponent(Child.reasonName), encoding: .utf8)
    return said ?? "ended with status \(process.terminationStatus)"
  }
}

/// What a child did, kept in a file so that it survives the child's end.
struct Counts {
  var inputs = 0
  var accepted = 0
  var refused = 0
  var mostMemory = 0
  var bytesOfMost = 0

  init() {}

  init(reading folder: URL) {
    let text = (try? String(contentsOf: folder.appendingPathComponent(Child.countsName), encoding: .utf8)) ?? ""
    let numbers = text.split(separator: " ").compactMap { Int($0) }
    guard numbers.count == 5 else { return }
    (inputs, accepted, refused, mostMemory, bytesOfMost) = (numbers[0], numbers[1], numbers[2], numbers[3], numbers[4])
  }

  func write(to folder: URL) {
    let text = "\(inputs) \(accepted) \(refused) \(mostMemory) \(bytesOfMost)"
    try? text.write(to: folder.appendingPathComponent(Child.countsName), atomically: true, encoding: .utf8)
  }

  static func += (counts: inout Counts, more: Counts) {
    counts.inputs += more.inputs
    counts.accepted += more.accepted
    counts.refused += more.refused
    if more.mostMemory > counts.mostMemory {
      (counts.mostMemory, counts.bytesOfMost) = (more.mostMemory, more.bytesOfMost)
    }
  }
}
