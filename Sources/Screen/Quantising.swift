import Foundation

extension Color {
  /// The nearest colour that a terminal of `depth` has. At 256, an RGB colour becomes one of the fixed colours 16 to
  /// 255 (the 6×6×6 cube or the 24 greys), never one of the first 16, which each user paints as they like.
  package func quantised(to depth: ColorDepth) -> Color {
    switch (self, depth) {
    case (_, .none): return .terminal
    case (.terminal, _), (.rgb, .truecolor): return self
    case (.named(let number), .sixteen) where number >= 16:
      let (r, g, b) = Self.fixedColor(number)
      return .named(Self.nearestOfSixteen(r, g, b))
    case (.named, _): return self
    case (.rgb(let r, let g, let b), .twoFiftySix): return .named(Self.nearestFixed(r, g, b))
    case (.rgb(let r, let g, let b), .sixteen): return .named(Self.nearestOfSixteen(r, g, b))
    }
  }

  /// The RGB value of colours 16 to 255, the same on every terminal of 256 colours.
  static func fixedColor(_ number: UInt8) -> (UInt8, UInt8, UInt8) {
    if number >= 232 {
      let grey = 8 + 10 * (number - 232)
      return (grey, grey, grey)
    }
    let index = Int(number) - 16
    guard index >= 0 else { return (0, 0, 0) }
    return (cubeLevels[index / 36], cubeLevels[index / 6 % 6], cubeLevels[index % 6])
  }

  /// A fixed colour by its red, green and blue; any other as it is.
  package var direct: Color {
    guard case .named(let number) = self, number >= 16 else { return self }
    let (red, green, blue) = Self.fixedColor(number)
    return .rgb(red, green, blue)
  }

  private static let cubeLevels: [UInt8] = [0, 95, 135, 175, 215, 255]

  // xterm's defaults; what a user's terminal shows may differ, which is why the 16-colour theme names colours.
  private static let sixteenColors: [(UInt8, UInt8, UInt8)] = [
    (0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229),
    (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255), (255, 0, 255), (0, 255, 255),
    (255, 255, 255),
  ]

  private static func nearestFixed(_ r: UInt8, _ g: UInt8, _ b: UInt8) -> UInt8 {
    func level(_ value: UInt8) -> Int {
      cubeLevels.indices.min { abs(Int(cubeLevels[$0]) - Int(value)) < abs(Int(cubeLevels[$1]) - Int(value)) } ?? 0
    }
    let cube = UInt8(16 + 36 * level(r) + 6 * level(g) + level(b))
    let mean = (Int(r) + Int(g) + Int(b)) / 3
    let grey = UInt8(232 + max(0, min(23, (mean - 3) / 10)))
    return distance((r, g, b), fixedColor(grey)) < distance((r, g, b), fixedColor(cube)) ? grey : cube
  }

  private static func nearestOfSixteen(_ r: UInt8, _ g: UInt8, _ b: UInt8) -> UInt8 {
    UInt8(
      sixteenColors.indices.min { distance((r, g, b), sixteenColors[$0]) < distance((r, g, b), sixteenColors[$1]) }
        ?? 7)
  }

  /// Squared distance weighted as the eye weighs it ("redmean" approximation of CIELUV distance).
  private static func distance(_ a: (UInt8, UInt8, UInt8), _ b: (UInt8, UInt8, UInt8)) -> Int {
    let red = (Int(a.0) + Int(b.0)) / 2
    let (dr, dg, db) = (Int(a.0) - Int(b.0), Int(a.1) - Int(b.1), Int(a.2) - Int(b.2))
    return ((512 + red) * dr * dr) / 256 + 4 * dg * dg + ((767 - red) * db * db) / 256
  }

  /// The contrast ratio between two colours, from 1 to 21 (WCAG 2.1); nil where a terminal's palette decides.
  package func contrast(with other: Color) -> Double? {
    guard let a = luminance, let b = other.luminance else { return nil }
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)
  }

  /// Relative luminance of an sRGB colour (WCAG 2.1).
  private var luminance: Double? {
    let channels: (UInt8, UInt8, UInt8)
    switch self {
    case .rgb(let r, let g, let b): channels = (r, g, b)
    case .named(let number) where number >= 16: channels = Self.fixedColor(number)
    default: return nil
    }
    func linear(_ value: UInt8) -> Double {
      let share = Double(value) / 255
      return share <= 0.03928 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * linear(channels.0) + 0.7152 * linear(channels.1) + 0.0722 * linear(channels.2)
  }
}

extension Style {
  /// The style in the colours of `depth`.
  package func quantised(to depth: ColorDepth) -> Style {
    Style(
      foreground: foreground.quantised(to: depth), background: background.quantised(to: depth),
      attributes: attributes)
  }
}
