import Foundation

/// Runs the built program as a user's shell would, in a home of its own.
package struct Program {
  /// What a run printed, and how it ended.
  package struct Result: Sendable {
    package var status: Int32
    package var output: String
    package var errors: String
  }

  /// The folder that stands for the user's home: its runs and caches go with it.
  package let home: URL

  package init(home: URL) { self.home = home }

  /// The environment that keeps a run apart from the user's own.
  package var environment: [String: String] {
    var environment = ProcessInfo.processInfo.environment
    environment["HOME"] = home.path
    environment["XDG_CONFIG_HOME"] = home.appendingPathComponent("config").path
    environment["XDG_STATE_HOME"] = home.appendingPathComponent("state").path
    environment["XDG_CACHE_HOME"] = home.appendingPathComponent("cache").path
    environment["WINNOW_SHARE"] = Places.repository.path
    environment["NO_COLOR"] = nil
    return environment
  }

  /// Starts the program; its output goes to the given files' paths or nowhere, its input comes from a file or is empty.
  package func start(
    _ arguments: [String], executable: URL = Places.program, input: URL? = nil, output: URL? = nil, errors: URL? = nil
  ) throws -> Process {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.environment = environment
    process.currentDirectoryURL = home
    process.standardInput = try input.map { try FileHandle(forReadingFrom: $0) } ?? FileHandle.nullDevice
    process.standardOutput = try Self.file(output)
    process.standardError = try Self.file(errors)
    try process.run()
    return process
  }

  /// Runs the program to its end.
  package func run(_ arguments: String...) throws -> Result { try run(arguments) }

  package func run(
    _ arguments: [String], executable: URL = Places.program, input: String? = nil
  ) throws -> Result {
    let name = UUID().uuidString
    let inputFile = home.appendingPathComponent("\(name).in")
    if let input { try input.write(to: inputFile, atomically: false, encoding: .utf8) }
    let output = home.appendingPathComponent("\(name).out")
    let errors = home.appendingPathComponent("\(name).err")
    defer {
      try? FileManager.default.removeItem(at: inputFile)
      try? FileManager.default.removeItem(at: output)
      try? FileManager.default.removeItem(at: errors)
    }
    let process = try start(
      arguments, executable: executable, input: input == nil ? nil : inputFile, output: output, errors: errors)
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8),
      errors: try String(contentsOf: errors, encoding: .utf8))
  }

  private static func file(_ url: URL?) throws -> FileHandle {
    guard let url else { return FileHandle.nullDevice }
    _ = FileManager.default.createFile(atPath: url.path, contents: nil)
    return try FileHandle(forWritingTo: url)
  }

  /// Calls `body` with a program in a fresh home, which is removed afterwards.
  package static func inFreshHome(_ body: (Program) throws -> Void) throws {
    let home = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: home) }
    try body(Program(home: home))
  }
}
