import Foundation
import TestSupport
import Testing

/// Libraries from outside, each kept to the rooms that stand at that edge. Which of the project's own rooms a room may import is what
/// Package.swift says, and the compiler checks it: `swift build --explicit-target-dependency-import-check error`.
private let libraries: [String: Set<String>] = [
  "GRDB": ["Store"],
  "ArgumentParser": ["winnow"],
]

/// The imports of a source that belong to another room: file, line and what was imported.
private func violations(in source: String, room: String, file: String) -> [String] {
  source.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { number, line in
    guard
      let module = line.firstMatch(of: /^\s*(?:@\w+\s+|public\s+|package\s+)*import\s+(?:struct\s+|class\s+)?(\w+)/)?.1,
      let homes = libraries[String(module)], !homes.contains(room)
    else { return nil }
    return "\(file):\(number + 1): \(module) belongs to \(homes.sorted()), not \(room)"
  }
}

@Suite struct LayoutTests {
  @Test func librariesStayInTheRoomsAtTheirEdge() throws {
    var found: [String] = []
    var read = 0
    for case let path as String in FileManager.default.enumerator(atPath: Places.sources.path) ?? .init()
    where path.hasSuffix(".swift") {
      let text = try String(contentsOf: Places.sources.appendingPathComponent(path), encoding: .utf8)
      found += violations(in: text, room: String(path.prefix { $0 != "/" }), file: "Sources/\(path)")
      read += 1
    }
    #expect(read > 10)
    #expect(found == [])
  }

  @Test func aLibraryInAnotherRoomIsFound() {
    #expect(violations(in: "import Domain\n@preconcurrency import GRDB", room: "Workbench", file: "x").count == 1)
    #expect(violations(in: "import struct ArgumentParser.Option", room: "Interface", file: "x").count == 1)
    #expect(violations(in: "// import GRDB\nimport Domain", room: "Interface", file: "x") == [])
  }

  @Test func everyRoomIsATargetOfThePackage() throws {
    let package = try String(contentsOf: Places.repository.appendingPathComponent("Package.swift"), encoding: .utf8)
    for room in try FileManager.default.contentsOfDirectory(atPath: Places.sources.path) where !room.hasPrefix(".") {
      #expect(package.contains("name: \"\(room)\""), "Sources/\(room) is no target")
    }
  }

  @Test func theTopLevelHoldsOnlyWhatTheLayoutNames() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Places.repository.path)
      .filter { !$0.hasPrefix(".") && $0 != "Package.resolved" }
    #expect(
      Set(names).isSubset(of: ["Package.swift", "README.md", "Sources", "Tests", "Themes", "sample-data"]))
  }
}
