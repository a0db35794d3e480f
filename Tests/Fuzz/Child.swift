import Domain
import Foundation

/// The memory that reading may take above what the process has: what the page on formats promises.
enum Bound {
  static let factor = 64
  static let base = 32 << 20

  static func allows(_ bytes: Int, forInputOf count: Int) -> Bool { bytes <= base + factor * count }
}

/// Makes inputs and reads them until its time is over.
struct Child {
  static let inputName = "input"
  static let reasonName = "reason"
  static let countsName = "counts"

  let target: Target
  let seed: UInt64
  let seconds: Double
  let folder: URL

  func run() -> Int32 {
    let place = folder.appendingPathComponent("work")
    do {
      try? FileManager.default.removeItem(at: folder.appendingPathComponent(Self.reasonName))
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      var mutator = Mutator(seeds: try target.seeds(), words: target.words, seed: seed)
      let end = Date().addingTimeInterval(seconds)
      var counts = Counts()
      var meter = MemoryMeter()
      while Date() < end {
        let input = target.finish(mutator.next(), mutator: &mutator)
        try Data(input).write(to: folder.appendingPathComponent(Self.inputName))
        // The mark is set back now and then only, which costs more than most inputs; in between, memory counts for the input
        // that raised it.
        if counts.inputs % 1000 == 0 { meter.reset() }
        let before = meter.peakAboveStart
        let outcome = try target.run(input, in: place)
        let peak = meter.peakAboveStart
        let memory = peak > before ? peak : 0
        counts.inputs += 1
        switch outcome {
        case .read: counts.accepted += 1
        case .refused(let report):
          counts.refused += 1
          guard !report.problem.isEmpty else { return finding("an error that says nothing") }
        }
        if memory > counts.mostMemory { (counts.mostMemory, counts.bytesOfMost) = (memory, input.count) }
        guard Bound.allows(memory, forInputOf: input.count) else {
          counts.write(to: folder)
          return finding("\(memory) bytes of memory for an input of \(input.count)")
        }
        if counts.inputs % 50 == 0 { counts.write(to: folder) }
      }
      counts.write(to: folder)
      return 0
    } catch {
      return finding("an error without a report: \(error)")
    }
  }

  private func finding(_ reason: String) -> Int32 {
    try? reason.write(to: folder.appendingPathComponent(Self.reasonName), atomically: true, encoding: .utf8)
    return 3
  }
}

/// The most memory that was resident since it was reset.
struct MemoryMeter {
  private var start = 0

  mutating func reset() {
    // 5 sets the kernel's high-water mark to what is resident now.
    if let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") {
      file.write(Data("5".utf8))
      try? file.close()
    }
    start = Self.peak
  }

  var peakAboveStart: Int { max(0, Self.peak - start) }

  private static var peak: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  }
}
