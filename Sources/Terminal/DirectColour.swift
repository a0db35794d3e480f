import Foundation
import Glibc

/// A description of the terminal with all colours, made from the one that the system has: terminals of 16 million colours
/// call themselves `xterm-256color` and say the rest in COLORTERM, and ncurses believes the description alone.
///
/// The description is compiled by `tic`, which comes with ncurses, into a folder of the program's own. Where that cannot be
/// done, the terminal has the colours that its own description gives it.
enum DirectColour {
  /// Whether the user's terminal says that it has all colours.
  static func isOffered(colorTerm: String?, noColor: String?) -> Bool {
    noColor == nil && ["truecolor", "24bit"].contains(colorTerm?.lowercased() ?? "")
  }

  /// The name of a description with all colours for the terminal `term`, findable by ncurses in `folder` once
  /// ``announce(_:)`` was called; nil where it cannot be made.
  static func description(for term: String, in folder: String) -> String? {
    let allowed = { (byte: UInt8) in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "+")].contains(byte)
    }
    guard !term.isEmpty, term.utf8.count < 80, term.utf8.allSatisfy(allowed) else { return nil }
    let name = "winnow1-\(term)"
    // ncurses keeps descriptions in folders by their first letter.
    if access("\(folder)/w/\(name)", R_OK) == 0 { return name }
    let source = "\(folder)/\(name).\(getpid()).ti"
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try Data(text(name: name, term: term).utf8).write(to: URL(fileURLWithPath: source))
    } catch {
      return nil
    }
    defer { unlink(source) }
    return compile(source, into: folder) && access("\(folder)/w/\(name)", R_OK) == 0 ? name : nil
  }

  /// Has ncurses look for descriptions in the folder too.
  static func announce(_ folder: String) {
    let before = getenv("TERMINFO_DIRS").map { String(cString: $0) } ?? ""
    setenv("TERMINFO_DIRS", "\(folder):\(before)", 1)
  }

  /// Numbers below 16 are the terminal's own palette, others a colour as 0xRRGGBB.
  static func text(name: String, term: String) -> String {
    func setting(_ low: String, _ bright: String, _ all: String) -> String {
      "\\E[%?%p1%{8}%<%t\(low)%p1%d%e%p1%{16}%<%t\(bright)%p1%{8}%-%d%e\(all)8;2;"
        + "%p1%{65536}%/%d;%p1%{256}%/%{255}%&%d;%p1%{255}%&%d%;m"
    }
    return """
      \(name)|\(term) with all colours,
      \tRGB, colors#0x1000000, pairs#0x7FFF,
      \tccc@, initc@, initp@, oc@,
      \tsetaf=\(setting("3", "9", "3")),
      \tsetab=\(setting("4", "10", "4")),
      \tuse=\(term),

      """
  }

  private static func compile(_ source: String, into folder: String) -> Bool {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for descriptor in [Int32(1), 2] {
      posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
    }
    let arguments: [String] = ["tic", "-x", "-o", folder, source]
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
    words.append(nil)
    defer { words.forEach { free($0) } }
    var child: pid_t = 0
    guard posix_spawnp(&child, "tic", &actions, nil, &words, environ) == 0 else { return false }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 { if errno != EINTR { return false } }
    return status == 0
  }
}
