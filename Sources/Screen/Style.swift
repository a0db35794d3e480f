/// A colour as a theme names it; the terminal driver brings it down to what the terminal has.
package enum Color: Sendable, Hashable {
  /// The terminal's own foreground or background.
  case terminal
  case rgb(UInt8, UInt8, UInt8)
  /// A colour by number: 0 to 15 are the terminal's own palette, for themes that want the user's colours; 16 to 255
  /// the fixed ones of a terminal of 256 colours, which quantising gives.
  case named(UInt8)
}

/// Bits of emphasis.
package struct Attributes: OptionSet, Sendable, Hashable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package static let bold = Attributes(rawValue: 1)
  package static let dim = Attributes(rawValue: 2)
  package static let italic = Attributes(rawValue: 4)
  package static let underline = Attributes(rawValue: 8)
  package static let reverse = Attributes(rawValue: 16)
}

/// How a cell looks.
package struct Style: Sendable, Hashable {
  package var foreground: Color
  package var background: Color
  package var attributes: Attributes

  package init(
    foreground: Color = .terminal, background: Color = .terminal, attributes: Attributes = []
  ) {
    self.foreground = foreground
    self.background = background
    self.attributes = attributes
  }

  package static let plain = Style()
}
