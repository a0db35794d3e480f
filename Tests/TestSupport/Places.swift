import Foundation

/// Where things are in the checkout that the tests were built from.
public enum Places {
  /// The repository's top folder.
  public static let repository = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  public static let fixtures = repository.appendingPathComponent("Tests/Fixtures")
  public static let sources = repository.appendingPathComponent("Sources")
  public static let sampleData = repository.appendingPathComponent("sample-data")

  /// The built `winnow` of the same configuration as the running tests: both stand in one products folder.
  public static let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("winnow")

  /// A fresh folder under the system's temporary one; the caller removes it.
  public static func makeTemporaryFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("winnow-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }
}
