import Domain
import Screen

/// A screen: its panels and where they stand, its commands, what it asks for. Each has a folder of its own, and its line in
/// `ScreenName.parts`; everything that goes through all screens goes through that list.
protocol ScreenPart: Sendable {
  static var name: ScreenName { get }
  /// Where its own commands hold; the title is that of its tab.
  static var context: Context { get }
  /// What showing it is for, as the key tables say.
  static var meaning: String { get }
  /// What it is for, in the help.
  static var help: [String] { get }
  /// Its panels, in the order Tab goes through them; it begins with `home`.
  static var panels: [PanelPart] { get }
  static var home: Panel { get }
  static var commands: [Command] { get }
  /// Where its panels stand, where there is room for more than one.
  static func layout(_ model: Model, in body: Rect) -> [(Panel, Rect)]
  /// What to do next, in a line.
  static func hint(_ model: Model) -> String
  /// Makes what it looks at fit what there is now, whether or not it is in front.
  static func settle(_ model: inout Model)
  /// What it needs and does not have, whether or not it is in front.
  static func requests(_ model: inout Model) -> [Effect]
  /// Leaves what is open on it, as Esc does; nil where nothing is.
  static func leave(_ model: inout Model) -> [Effect]?
  /// The row that commands like copy and pin are about.
  static func rowInFocus(_ model: Model) -> RowInFocus?
  /// The list that can be searched and ordered; nil where there is none.
  static var rows: RowList? { get }
  /// Shows the next picture in the same place.
  static func nextView(_ model: inout Model)
}

extension ScreenPart {
  static func settle(_ model: inout Model) {}
  static func requests(_ model: inout Model) -> [Effect] { [] }
  static func leave(_ model: inout Model) -> [Effect]? { nil }
  static func rowInFocus(_ model: Model) -> RowInFocus? { nil }
  static var rows: RowList? { nil }
  static func nextView(_ model: inout Model) {}
}

/// The row that commands like copy and pin are about.
struct RowInFocus {
  var row: RowIndex
  /// Its content, if it is at hand.
  var content: RowContent?
  /// Why it can't be pinned or banned; nil where it can.
  var obstacleToMarks: String?
}

/// A list of rows that can be searched and ordered.
struct RowList: Sendable {
  /// Why there is nothing to search or to order; nil where there is.
  var obstacle: @Sendable (Model) -> String?
  /// Looks for the next row that a pattern matches.
  var seek: @Sendable (inout Model, FilterExpression, _ forward: Bool) -> [Effect]
  /// Puts the cursor on a row of a file that a search came to.
  var found: @Sendable (inout Model, DatasetKey, _ row: RowIndex) -> Void
  /// Why the next order can't be had yet; nil where it can.
  var obstacleToOrder: @Sendable (Model) -> String? = { _ in nil }
  /// Orders it by the next thing there is, or turns it round.
  var order: @Sendable (inout Model, _ reversing: Bool) -> Void
}

/// The screens, in the order of their tabs.
package struct ScreenName: RawRepresentable, Sendable, Hashable, Codable {
  package let rawValue: Int
  package init(rawValue: Int) { self.rawValue = rawValue }

  static let parts: [any (ScreenPart & SendableMetatype).Type] = [
    DataScreen.self, SetupScreen.self, RunScreen.self, InspectScreen.self, CompareScreen.self, MapScreen.self,
  ]

  package static let data = ScreenName(rawValue: 0)
  package static let setup = ScreenName(rawValue: 1)
  package static let run = ScreenName(rawValue: 2)
  package static let inspect = ScreenName(rawValue: 3)
  package static let compare = ScreenName(rawValue: 4)
  package static let map = ScreenName(rawValue: 5)

  package static let allCases = parts.indices.map(ScreenName.init(rawValue:))

  /// Whether there is such a screen: a session of another version may name one that there is not.
  var isKnown: Bool { Self.parts.indices.contains(rawValue) }
  var part: any ScreenPart.Type { Self.parts[rawValue] }
  package var title: String { part.context.title }
  /// The command that shows it.
  var action: Action { Action(rawValue: "show\(title)") }
}

extension Model {
  var part: any ScreenPart.Type { screen.part }

  mutating func show(_ name: ScreenName) {
    if name != screen {
      data.jumpedFrom = nil
      banner = nil  // it was seen; the log keeps it
    }
    screen = name
    overlay = nil
  }
}
