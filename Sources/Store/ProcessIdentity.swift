import Foundation

/// A process that can be told from a later one with the same number: by its start, counted from a boot of a machine.
struct ProcessIdentity: Hashable, Sendable, CustomStringConvertible {
  private let host: String
  private let boot: String
  private let number: Int32
  private let start: String

  static let own =
    ProcessIdentity(number: getpid()) ?? ProcessIdentity(host: hostName, boot: "", number: getpid(), start: "")

  private static let hostName = ProcessInfo.processInfo.hostName
  private static let bootName =
    (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8))?
    .trimmingCharacters(in: .whitespacesAndNewlines) ?? ""

  private init(host: String, boot: String, number: Int32, start: String) {
    self.host = host
    self.boot = boot
    self.number = number
    self.start = start
  }

  /// The process of this number that runs now; nil where there is none.
  private init?(number: Int32) {
    guard let text = try? String(contentsOfFile: "/proc/\(number)/stat", encoding: .utf8),
      // The name stands in parentheses and may hold anything; the start is the twentieth field behind it.
      let fields = text.split(separator: ")", omittingEmptySubsequences: false).last?.split(separator: " "),
      fields.count > 19, fields[0] != "Z", fields[0] != "X"
    else { return nil }
    self.init(host: Self.hostName, boot: Self.bootName, number: number, start: String(fields[19]))
  }

  /// As it is kept in the database.
  var description: String { [host, boot, String(number), start].joined(separator: "/") }

  /// The process number in a description.
  static func number(_ description: String) -> Int? {
    let parts = description.split(separator: "/", omittingEmptySubsequences: false)
    return parts.count == 4 ? Int(parts[2]) : nil
  }

  /// Whether the process of a description is one of this machine.
  static func isHere(_ description: String) -> Bool { description.hasPrefix(hostName + "/") }

  /// Whether the process of a description has ended, as far as can be seen from here: of one on another machine nothing can.
  static func hasEnded(_ description: String) -> Bool {
    let parts = description.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 4, let number = Int32(parts[2]) else { return true }
    if parts[0] != hostName { return false }
    return parts[1] != bootName || ProcessIdentity(number: number)?.description != description
  }
}
