import Foundation

/// Says on standard error how far a piece of work is: a line that redraws itself where that is a terminal, else a line now and
/// then. For one thread.
final class WorkLine {
  private let total: Int
  private let unit: String
  private let begun = Date()
  private let isTerminal = isatty(STDERR_FILENO) == 1
  /// Where work begins that is not done from nothing.
  private let first: Int
  private var saidAt = Date.distantPast
  private var width = 0

  init(total: Int, from first: Int = 0, unit: String) {
    self.total = total
    self.first = first
    self.unit = unit
  }

  /// `done` of the total; `detail` stands behind it.
  func show(_ done: Int, _ detail: String = "") {
    guard done >= total || Date().timeIntervalSince(saidAt) > (isTerminal ? 0.1 : 2) else { return }
    saidAt = Date()
    var line = "\(done)/\(total) \(unit)"
    if !detail.isEmpty { line += "  " + detail }
    let seconds = Date().timeIntervalSince(begun)
    if done > first, done < total {
      line += "  \(Int((seconds / Double(done - first) * Double(total - done)).rounded(.up))) s left"
    }
    if isTerminal {
      Self.write("\r" + Console.safe(line) + String(repeating: " ", count: max(0, width - line.count)))
      width = line.count
    } else {
      Self.say(line)
    }
  }

  /// Ends the line that is being redrawn.
  func finish() {
    if width > 0 { Self.write("\n") }
    width = 0
  }

  static func say(_ line: String) { Output.message(line + "\n") }

  private static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
