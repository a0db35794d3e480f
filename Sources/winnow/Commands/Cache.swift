import ArgumentParser
import Domain
import Foundation
import Store
import Workbench

/// `winnow cache …`: what is kept of scores.
struct CacheCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cache", abstract: "List, check or throw away kept scores.",
    discussion: """
      Scores are kept by what they were computed on: model, template, samples. A cache beyond its limit (32 GiB, or \
      WINNOW_CACHE_LIMIT, say 500M) loses what was not used for the longest time, never what is in use or what a session shows.
      """, subcommands: [List.self, Remove.self, Verify.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "List kept scores, last used first.")

    @Flag(help: "Print a JSON array.") var json = false

    func run() throws {
      let storage = Storage(paths: StorePaths())
      let spaces = try storage.scores().spaces(pinned: storage.spacesOfSessions())
      if json { return try Output.json(spaces) }
      for space in spaces {
        let used = space.used.timeIntervalSince1970 > 0 ? space.used.formatted(.iso8601) : "-"
        Output.text(
          "\(space.space)\t\(used)\t\(space.blocks) blocks\t\(space.bytes) bytes\t\(space.isPinned ? "kept" : "-")\t\(space.name)\n"
        )
      }
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rm", abstract: "Throw kept scores away.",
      discussion: "What is in use or shown by a session stays, unless it is named by its number or --force is said.")

    @Argument(help: ArgumentHelp("As winnow cache ls prints it, or its beginning.", valueName: "space"))
    var names: [String] = []
    @Flag(help: "All that may go.") var all = false
    @Option(help: ArgumentHelp("The least recently used, down to so many bytes (500M, 20G).", valueName: "size"))
    var limit: String?
    @Flag(help: "Also what is in use or shown by a session.") var force = false

    func run() throws {
      guard [all, limit != nil, !names.isEmpty].count(where: { $0 }) == 1 else {
        throw ErrorReport(
          "say what is to go", at: "winnow cache rm", remedy: "Name spaces, or give --all or --limit SIZE.",
          status: .unusableArguments)
      }
      let storage = Storage(paths: StorePaths())
      let cache = try storage.scores()
      let pinned = force ? [] : try storage.spacesOfSessions()
      if let limit {
        guard let bytes = StorePaths.bytes(parsing: limit) else {
          throw WorkbenchError.outsideRange(
            option: "--limit", value: "\"\(limit)\"", bounds: "sizes such as 500M or 20G")
        }
        for space in try cache.trim(toBytes: bytes, keeping: pinned) { Output.text("\(space.space)\t\(space.name)\n") }
        return
      }
      let spaces = try cache.spaces(pinned: pinned)
      var going: [CachedSpace] = []
      if all { going = spaces.filter { force || !$0.isPinned } }
      for name in names {
        let found = spaces.filter { !name.isEmpty && $0.space.description.hasPrefix(name) }
        guard found.count == 1 else {
          throw ErrorReport(
            found.isEmpty ? "no kept scores \"\(name)\"" : "\"\(name)\" is the beginning of \(found.count)",
            at: "winnow cache rm",
            remedy: "winnow cache ls lists them.", status: .unusableArguments)
        }
        going += found
      }
      try cache.remove(going.map(\.space))
      for space in going { Output.text("\(space.space)\t\(space.name)\n") }
    }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verify", abstract: "Read every kept block and compare it with its checksum.",
      discussion: "Exit 1 where something is damaged. A damaged block is never used: a run computes it again.")

    @Flag(help: "Forget damaged blocks and remove files that nothing uses.") var repair = false
    @Flag(help: "Print one JSON object.") var json = false

    func run() throws {
      let check = try Storage(paths: StorePaths()).scores().verify(repairing: repair)
      if json {
        try Output.json(check)
      } else {
        Output.text(
          "\(check.blocks) blocks, \(check.damaged) damaged, \(check.duplicates) twice, \(check.unusedBytes) bytes unused\n"
        )
        if let problem = check.indexProblem { Output.text("index: \(problem)\n") }
      }
      if !check.isSound && !(repair && check.indexProblem == nil) { throw ExitCode(ExitStatus.failed.rawValue) }
    }
  }
}
