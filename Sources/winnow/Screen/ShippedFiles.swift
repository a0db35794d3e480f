import Foundation

/// The files that come with the program: sample data and themes. They stand in the checkout that the program was built
/// in, or in `share/winnow` beside the folder that it was installed to; WINNOW_SHARE names another place.
enum ShippedFiles {
  /// The folder that holds `Themes` and `sample-data`; nil where the program was moved away from both.
  static let folder: String? = {
    let environment = ProcessInfo.processInfo.environment
    if let named = environment["WINNOW_SHARE"], !named.isEmpty { return named }
    var base = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    for _ in 0..<6 {
      for candidate in [base, base.appendingPathComponent("share/winnow")]
      where FileManager.default.fileExists(atPath: candidate.appendingPathComponent("Themes").path) {
        return candidate.path
      }
      base.deleteLastPathComponent()
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

  /// The texts of the theme files, by path, in the order of their names: those that come with the program, then the
  /// user's own, which take the place of shipped ones of the same name.
  static func themeFiles(and own: String) -> [(path: String, text: String)] {
    var files: [String: (path: String, text: String)] = [:]
    for themes in [folder.map({ $0 + "/Themes" }), own].compactMap({ $0 }) {
      for name in (try? FileManager.default.contentsOfDirectory(atPath: themes)) ?? [] where name.hasSuffix(".toml") {
        let path = themes + "/" + name
        if let text = try? String(contentsOfFile: path, encoding: .utf8) { files[name] = (path, text) }
      }
    }
    return files.sorted { $0.key < $1.key }.map(\.value)
  }
}
