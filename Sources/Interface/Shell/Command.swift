import Screen

/// Names a command: in a key map, in the pages, and where code speaks of it.
package struct Action: RawRepresentable, Sendable, Hashable, ExpressibleByStringLiteral {
  package let rawValue: String
  package init(rawValue: String) { self.rawValue = rawValue }
  package init(stringLiteral value: String) { rawValue = value }
}

/// Where a binding holds. The contexts that are active are asked in order: what stands on top first.
package struct Context: Sendable, Hashable {
  package let name: String
  /// As a heading of the help.
  let title: String

  package static let everywhere = Context(name: "everywhere", title: "Everywhere")
  package static let lists = Context(name: "lists", title: "In lists and texts")

  /// Those that hold while nothing stands over the screens: what they have can be asked for in the palette.
  static let ofScreens: [Context] = [.everywhere, .lists] + ScreenName.allCases.map { $0.part.context }
  package static let all: [Context] = ofScreens + Overlay.contexts
}

/// The keys of a command, where they hold, and what is said of it: what a key map changes and the pages list.
package struct Binding: Sendable, Hashable {
  package var action: Action
  package var keys: [Key]
  package var contexts: [Context]
  /// One or two words, for the footer.
  package var title: String
  /// A sentence, for the help and the palette.
  package var meaning: String
  /// Whether the footer shows it where it holds.
  package var isInFooter: Bool

  /// The one table: dispatch, footer, help, palette and the pages are made from it. Within a context the order is the
  /// footer's.
  package static let all: [Binding] = Command.all.map(\.binding)
}

/// Everything there is to say of something that a key, a click or the palette can ask for.
struct Command: Sendable {
  let binding: Binding
  /// The title as things stand, where it is not always the same.
  let title: @Sendable (Model) -> String?
  /// Why it can't be done now; nil where it can. What can't be done stays in sight, and says why when it is asked for.
  let obstacle: @Sendable (Model) -> String?
  /// Does it, and gives what is wanted of the world outside.
  let run: @Sendable (inout Model) -> [Effect]

  init(
    _ action: Action, _ keys: [Key], in contexts: [Context], _ title: String, _ meaning: String, footer: Bool = false,
    titled: @escaping @Sendable (Model) -> String? = { _ in nil },
    unless obstacle: @escaping @Sendable (Model) -> String? = { _ in nil },
    asks run: @escaping @Sendable (inout Model) -> [Effect]
  ) {
    binding = Binding(
      action: action, keys: keys, contexts: contexts, title: title, meaning: meaning, isInFooter: footer)
    self.title = titled
    self.obstacle = obstacle
    self.run = run
  }

  /// One that changes the model alone.
  init(
    _ action: Action, _ keys: [Key], in contexts: [Context], _ title: String, _ meaning: String, footer: Bool = false,
    titled: @escaping @Sendable (Model) -> String? = { _ in nil },
    unless obstacle: @escaping @Sendable (Model) -> String? = { _ in nil },
    does change: @escaping @Sendable (inout Model) -> Void
  ) {
    self.init(action, keys, in: contexts, title, meaning, footer: footer, titled: titled, unless: obstacle) { model in
      change(&model)
      return []
    }
  }

  /// All commands, in the order in which footer, help and pages list them.
  static let all: [Command] =
    DataScreen.commands + ofRows + InspectScreen.commands + CompareScreen.commands + MapScreen.commands + ofRuns
    + RunScreen.commands + ofOrder + ofLists + Prompt.commands + Confirmation.commands + ofShell

  static let named = Dictionary(uniqueKeysWithValues: all.map { ($0.binding.action, $0) })
}

extension Model {
  /// The contexts that hold now, topmost first. Something that takes text lets no other context through.
  package var contexts: [Context] { overlay?.layer.contexts ?? [part.context, .lists, .everywhere] }

  /// The binding of a key as things stand.
  package func binding(for key: Key) -> Binding? {
    for context in contexts {
      if let binding = keyMap.bindings.first(where: { $0.contexts.contains(context) && $0.keys.contains(key) }) {
        return binding
      }
    }
    return nil
  }

  /// Why a command can't be done now; nil where it can.
  package func obstacle(to action: Action) -> String? { Command.named[action]?.obstacle(self) }

  /// Does a command if it can be done, and says why not otherwise.
  mutating func attempt(_ action: Action) -> [Effect] {
    guard let command = Command.named[action] else { return [] }
    if let why = command.obstacle(self) {
      say(why)
      return []
    }
    return command.run(&self)
  }

  /// The key of a command, as a hint names it; for one without a key, how the palette finds it.
  func key(_ action: Action) -> String {
    guard let binding = keyMap.binding(of: action) else { return "" }
    return binding.keys.first?.label ?? "\"\(binding.title)\""
  }

  /// The footer's bindings as things stand, most particular first.
  var footerBindings: [Binding] {
    var seen: Set<Action> = []
    var found: [Binding] = []
    for context in contexts {
      for binding in keyMap.bindings
      where binding.isInFooter && !binding.keys.isEmpty && binding.contexts.contains(context) {
        if seen.insert(binding.action).inserted { found.append(binding) }
      }
    }
    return found
  }

  /// What a key does as things stand, in a word or two.
  func title(of binding: Binding) -> String { Command.named[binding.action]?.title(self) ?? binding.title }
}
