/// A key as the user means it, whatever bytes the terminal sent.
package enum Key: Sendable, Hashable {
  /// A printable grapheme, as typed.
  case character(Character)
  /// Control with a letter, in lower case: `.control("c")`.
  case control(Character)
  /// Alt (or Escape quickly before) with a character.
  case alt(Character)
  case enter, escape, tab, backTab, backspace, delete, insert
  case up, down, left, right, home, end, pageUp, pageDown
  case function(Int)
}

/// What a mouse did, and where.
package struct MouseEvent: Sendable, Hashable, Codable {
  package enum Action: String, Sendable, Hashable, Codable {
    case press, release, doublePress, wheelUp, wheelDown
  }
  package var action: Action
  package var point: Point

  package init(action: Action, point: Point) {
    self.action = action
    self.point = point
  }
}

/// What comes from the terminal.
package enum InputEvent: Sendable, Hashable, Codable {
  case key(Key)
  case mouse(MouseEvent)
  case resize(width: Int, height: Int)
  /// Text from a bracketed paste: never taken as keys.
  case paste(String)
  /// The program is back in front after a stop; what is on the screen is unknown.
  case resumed
}

/// How many colours the terminal has.
package enum ColorDepth: Int, Sendable, Hashable, Codable, Comparable, CaseIterable {
  case none = 0
  case sixteen = 16
  case twoFiftySix = 256
  case truecolor = 16_777_216

  package static func < (a: ColorDepth, b: ColorDepth) -> Bool { a.rawValue < b.rawValue }
}
