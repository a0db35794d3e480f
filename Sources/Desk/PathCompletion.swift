import Foundation

/// Paths as they are typed: `~` for the home folder, completions from the file system.
package enum PathCompletion {
  package static func expanded(_ path: String) -> String {
    guard path == "~" || path.hasPrefix("~/") else { return path }
    return NSHomeDirectory() + path.dropFirst()
  }

  /// What `text` could go on as: entries of its folder that start as it does, folders with a `/` at their end.
  package static func completions(of text: String, limit: Int = 200) -> [String] {
    let slash = text.lastIndex(of: "/")
    let typedFolder = slash.map { String(text[...$0]) } ?? ""
    let start = slash.map { String(text[text.index(after: $0)...]) } ?? text
    let folder = typedFolder.isEmpty ? "." : expanded(typedFolder)
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return [] }
    return
      names
      .filter { $0.hasPrefix(start) && (start.hasPrefix(".") || !$0.hasPrefix(".")) }
      .sorted()
      .prefix(limit)
      .map { name in
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: folder + "/" + name, isDirectory: &isFolder)
        return typedFolder + name + (isFolder.boolValue ? "/" : "")
      }
  }
}
