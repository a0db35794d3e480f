import ArgumentParser
import Domain

/// What a word that is not known was perhaps meant to be.
enum Suggestion {
  /// The error for a file that is not there, which may be a command that was mistyped.
  static func noSuchFile(_ path: String, amongCommands: Bool) -> ErrorReport {
    let commands = Winnow.configuration.subcommands.compactMap { $0._commandName }
    guard amongCommands, !path.contains("/"), !path.contains(".") else {
      return ErrorReport("no such file", at: path, remedy: "Check the path.", status: .noSuchFile)
    }
    return ErrorReport(
      "no such file, and no such command", at: path,
      remedy: nearest(to: path, of: commands).map { "Did you mean winnow \($0)?" }
        ?? "winnow --help lists the commands.", status: .noSuchFile)
  }

  /// The word that a mistyped one is nearest to: at most a third of its letters are wrong.
  static func nearest(to word: String, of words: [String]) -> String? {
    let ranked = words.map { (word: $0, distance: distance(word.lowercased(), $0)) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= max(1, best.word.count / 3) else {
      return words.first { word.count >= 3 && $0.hasPrefix(word.lowercased()) }
    }
    return best.word
  }

  /// Letters to be put in, left out, exchanged or swapped with the next one to make one word of another.
  private static func distance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a), Array(b))
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in a.indices {
      var row = [i + 1] + [Int](repeating: 0, count: b.count)
      for j in b.indices {
        row[j + 1] = Swift.min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
          row[j + 1] = Swift.min(row[j + 1], beforeLast[j - 1] + 1)
        }
      }
      (beforeLast, last) = (last, row)
    }
    return last[b.count]
  }
}
