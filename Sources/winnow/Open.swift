import ArgumentParser

struct Open: ParsableCommand {
  func run() throws { print("not yet") }
}
