import Foundation

/// The cache that Hugging Face's programs keep what they fetched in: `models--OWNER--NAME/snapshots/REVISION/`.
package struct HubCache: Sendable {
  package let directory: String

  /// Where those programs look: `HF_HUB_CACHE`, `HF_HOME`, `XDG_CACHE_HOME`, the home folder.
  package init(_ environment: [String: String]) {
    func value(_ key: String) -> String? { environment[key].flatMap { $0.isEmpty ? nil : $0 } }
    let home = value("HOME") ?? NSHomeDirectory()
    directory =
      value("HF_HUB_CACHE") ?? value("HUGGINGFACE_HUB_CACHE")
      ?? (value("HF_HOME") ?? (value("XDG_CACHE_HOME") ?? home + "/.cache") + "/huggingface") + "/hub"
  }

  /// The entry of a model by its Hub identifier (`owner/name`, or `name` alone); nil where it is not in the cache.
  package func entry(_ identifier: String) -> String? {
    let parts = identifier.split(separator: "/", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty && !$0.hasPrefix(".") && !$0.hasPrefix("~") })
    else { return nil }
    let entry = directory + "/models--" + parts.joined(separator: "--")
    return Presence.isDirectory(entry) ? entry : nil
  }

  /// The entries, with the identifiers of their models.
  package var entries: [(identifier: String, path: String)] {
    Presence.names(in: directory).filter { $0.hasPrefix("models--") }.map { name in
      (String(name.dropFirst("models--".count)).replacing("--", with: "/"), directory + "/" + name)
    }
  }

  /// The directory of an entry's revision: the one that `main` stands for, or else the only one.
  package static func snapshot(in entry: String) throws(CheckpointError) -> String {
    let snapshots = entry + "/snapshots"
    if let text = try? String(contentsOfFile: entry + "/refs/main", encoding: .utf8) {
      let revision = text.trimmingCharacters(in: .whitespacesAndNewlines)
      if !revision.isEmpty, !revision.contains("/"), Presence.isDirectory(snapshots + "/" + revision) {
        return snapshots + "/" + revision
      }
    }
    let revisions = Presence.names(in: snapshots).filter { Presence.isDirectory(snapshots + "/" + $0) }
    guard revisions.count == 1 else {
      throw .unusable(
        revisions.isEmpty ? "a cache entry without a snapshot" : "\(revisions.count) snapshots, and none is main",
        at: entry,
        remedy: revisions.isEmpty
          ? "Fetch the model again: hf download finds out what is missing."
          : "Name one of them: \(revisions.prefix(4).map { "snapshots/" + $0 }.joined(separator: ", ")).")
    }
    return snapshots + "/" + revisions[0]
  }
}
