import Foundation
import TestSupport
import Testing

/// Which of the project's own rooms each room may import. The way of the data: file, score, selection, screen.
private let allowed: [String: Set<String>] = [
  "Domain": ["CXXHash"],
  "Numerics": ["Domain", "COpenBLAS", "CVectorKernels"],
  "Datasets": ["Domain", "CSimdJSON"],
  "Submodular": ["Domain", "Numerics"],
  "LanguageModel": ["Domain", "Numerics"],
  "Scoring": ["Domain", "Numerics", "LanguageModel", "CCurl"],
  "Influence": ["Domain", "Numerics", "LanguageModel"],
  "Store": ["Domain", "Numerics"],
  "Workbench": [
    "Domain", "Numerics", "Datasets", "Submodular", "LanguageModel", "Scoring", "Influence", "Store",
  ],
  "Screen": [],
  "Interface": ["Domain", "Screen"],
  "Terminal": ["Screen", "CCurses"],
  "winnow": [
    "Domain", "Numerics", "Datasets", "Submodular", "LanguageModel", "Scoring", "Influence", "Store",
    "Workbench", "Screen", "Interface", "Terminal",
  ],
]

/// Rooms of C and module maps: no Swift, no imports.
private let foreign: Set<String> = ["CCurl", "CCurses", "COpenBLAS", "CXXHash", "CVectorKernels", "CSimdJSON"]

/// Libraries from outside, each kept to the rooms that stand at that edge.
private let libraries: [String: Set<String>] = [
  "GRDB": ["Store"],
  "ArgumentParser": ["winnow"],
]

/// A violation of the layout: file, line and what was imported.
private func violations(in source: String, room: String, file: String) -> [String] {
  let rooms = Set(allowed.keys).union(foreign)
  var found: [String] = []
  for (number, line) in source.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
    guard let module = importedModule(line) else { continue }
    if rooms.contains(module), module != room, !allowed[room, default: []].contains(module) {
      found.append("\(file):\(number + 1): \(room) may not import \(module)")
    }
    if let homes = libraries[module], !homes.contains(room) {
      found.append("\(file):\(number + 1): \(module) belongs to \(homes.sorted()), not \(room)")
    }
  }
  return found
}

/// The module that a line imports, attributes, access levels and `import struct A.B` included.
private func importedModule(_ line: Substring) -> String? {
  var words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })[...]
  while let word = words.first, word.hasPrefix("@") || ["public", "package", "internal", "private"].contains(word) {
    words.removeFirst()
  }
  guard words.first == "import" else { return nil }
  words.removeFirst()
  if let kind = words.first,
    ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"].contains(kind)
  {
    words.removeFirst()
  }
  return words.first.map { String($0.prefix { $0 != "." && $0 != ";" }) }
}

@Suite struct LayoutTests {
  @Test func everySourceImportsOnlyWhatItsRoomMay() throws {
    let manager = FileManager.default
    let folders = try manager.contentsOfDirectory(atPath: Places.sources.path).sorted()
    var found: [String] = []
    var read = 0
    for room in folders {
      #expect(allowed[room] != nil || foreign.contains(room), "Sources/\(room) is no room of the layout")
      let folder = Places.sources.appendingPathComponent(room)
      for case let path as String in manager.enumerator(atPath: folder.path) ?? .init()
      where path.hasSuffix(".swift") {
        let text = try String(contentsOf: folder.appendingPathComponent(path), encoding: .utf8)
        found += violations(in: text, room: room, file: "Sources/\(room)/\(path)")
        read += 1
      }
    }
    #expect(read > 10)
    #expect(found == [])
  }

  @Test func aForbiddenImportIsFound() {
    #expect(violations(in: "import Terminal\n", room: "Interface", file: "x").count == 1)
    #expect(violations(in: "@preconcurrency import Workbench", room: "Screen", file: "x").count == 1)
    #expect(violations(in: "import struct Store.RunRecord", room: "Scoring", file: "x").count == 1)
    #expect(violations(in: "public import GRDB", room: "Workbench", file: "x").count == 1)
    #expect(violations(in: "// import Terminal\nimport Domain", room: "Interface", file: "x") == [])
  }

  @Test func theTopLevelHoldsOnlyWhatTheLayoutNames() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Places.repository.path)
      .filter { !$0.hasPrefix(".") && $0 != "Package.resolved" }
    #expect(
      Set(names).isSubset(of: ["Package.swift", "README.md", "Sources", "Tests", "Themes", "sample-data"]))
  }
}
