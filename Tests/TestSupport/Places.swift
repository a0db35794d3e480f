import Foundation

/// Where things are in the checkout that the tests were built from.
package enum Places {
  /// The repository's top folder.
  package static let repository = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  package static let fixtures = repository.appendingPathComponent("Tests/Fixtures")
  package static let sources = repository.appendingPathComponent("Sources")
  package static let sampleData = repository.appendingPathComponent("sample-data")

  /// The built `winnow` of the same configuration as the running tests: both stand in one products folder.
  package static let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("winnow")

  /// The tool that measures, and makes data and models to measure with.
  package static let bench = program.deletingLastPathComponent().appendingPathComponent("winnow-bench")

  /// A fresh folder under the system's temporary one; the caller removes it.
  package static func makeTemporaryFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("winnow-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }
}
