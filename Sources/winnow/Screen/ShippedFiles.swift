import Foundation

/// The files that come with the program: sample data and themes. They stand in the checkout that the program was built
/// in, or in `share/winnow` beside the folder that it was installed to; WINNOW_SHARE names another place.
enum ShippedFiles {
  /// The folder that holds `Themes` and `sample-data`; nil where the program was moved away from both.
  static let folder: String? = {
    let environment = ProcessInfo.processInfo.environment
    if let named = environment["WINNOW_SHARE"], !named.isEmpty { return named }
    var place = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    for _ in 0..<6 {
      for candidate in [place, place.appendingPathComponent("share/winnow")]
      where FileManager.default.fileExists(atPath: candidate.appendingPathComponent("Themes").path) {
        return candidate.path
      }
      place.deleteLastPathComponent()
    }
    return nil
  }()

  static func sampleData(_ name: String) -> String? {
    guard let path = folder.map({ $0 + "/sample-data/" + name }), FileManager.default.fileExists(atPath: path) else {
      return nil
    }
    return path
  }

  /// The checkpoint directory of the sample model.
  static var sampleModel: String? { sampleData("model") }

  /// The texts of the theme files, by path, in the order of their names.
  static func themeFiles() -> [(path: String, text: String)] {
    guard let themes = folder.map({ $0 + "/Themes" }),
      let names = try? FileManager.default.contentsOfDirectory(atPath: themes)
    else { return [] }
    return names.filter { $0.hasSuffix(".toml") }.sorted().compactMap { name in
      let path = themes + "/" + name
      return (try? String(contentsOfFile: path, encoding: .utf8)).map { (path, $0) }
    }
  }
}
