/// A colour as a theme names it; the terminal driver brings it down to what the terminal has.
public enum Color: Sendable, Hashable {
  /// The terminal's own foreground or background.
  case terminal
  case rgb(UInt8, UInt8, UInt8)
  /// A colour by number: 0 to 15 are the terminal's own palette, for themes that want the user's colours; 16 to 255
  /// the fixed ones of a terminal of 256 colours, which quantising gives.
  case named(UInt8)
}

/// Bits of emphasis.
public struct Attributes: OptionSet, Sendable, Hashable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let bold = Attributes(rawValue: 1)
  public static let dim = Attributes(rawValue: 2)
  public static let italic = Attributes(rawValue: 4)
  public static let underline = Attributes(rawValue: 8)
  public static let reverse = Attributes(rawValue: 16)
}

/// How a cell looks.
public struct Style: Sendable, Hashable {
  public var foreground: Color
  public var background: Color
  public var attributes: Attributes

  public init(
    foreground: Color = .terminal, background: Color = .terminal, attributes: Attributes = []
  ) {
    self.foreground = foreground
    self.background = background
    self.attributes = attributes
  }

  public static let plain = Style()
}
