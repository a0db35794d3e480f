import Domain
import Foundation

/// Sessions of the workbench: what was open and where one stood, a small file for each name in the state folder. What is
/// in it is the interface's affair; here it is bytes, whole or not there.
package struct SessionStore: Sendable {
  private let folder: String

  package init(paths: StorePaths) { folder = paths.state + "/sessions" }

  /// Whether a name can be one of a session: letters, digits, `-`, `_` and `.`, not at the front.
  package static func isName(_ name: String) -> Bool {
    guard let first = name.utf8.first, first != UInt8(ascii: "."), name.utf8.count <= 100 else { return false }
    return name.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ".")].contains(byte)
    }
  }

  /// What was kept under a name; nil where there is nothing.
  package func read(_ name: String) -> Data? {
    guard Self.isName(name) else { return nil }
    return FileManager.default.contents(atPath: path(name))
  }

  /// Keeps a session, in place of what was kept before; a program that is killed meanwhile leaves the one or the other.
  package func write(_ data: Data, name: String) throws {
    guard Self.isName(name) else { return }
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try data.write(to: URL(fileURLWithPath: path(name)), options: .atomic)
      try Data((name + "\n").utf8).write(to: URL(fileURLWithPath: folder + "/.last"), options: .atomic)
    } catch {
      throw StoreError.cannotWrite(path: path(name), reason: error.localizedDescription)
    }
  }

  /// The session that was written last; nil before the first.
  package var last: String? {
    guard let data = FileManager.default.contents(atPath: folder + "/.last") else { return nil }
    let name = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    return Self.isName(name) && read(name) != nil ? name : nil
  }

  /// The runs of the library that sessions show, and want to show again when they are opened.
  package var runs: Set<Int64> {
    struct Session: Decodable {
      var inspected: Int64?
      var a: Int64?
      var b: Int64?
      var compared: [Int64]?
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let sessions = names.filter { $0.hasSuffix(".json") }.compactMap { name in
      FileManager.default.contents(atPath: folder + "/" + name).flatMap {
        try? JSONDecoder().decode(Session.self, from: $0)
      }
    }
    return Set(sessions.flatMap { [$0.inspected, $0.a, $0.b].compactMap(\.self) + ($0.compared ?? []) })
  }

  private func path(_ name: String) -> String { folder + "/" + name + ".json" }
}
