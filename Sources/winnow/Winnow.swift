import ArgumentParser

@main
struct Winnow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "winnow", abstract: "Choose the data that a language model is fine-tuned on.")
}
