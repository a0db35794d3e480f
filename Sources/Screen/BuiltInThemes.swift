extension Theme {
  /// The theme to start with, and what completes a theme file that calls itself dark.
  package static let dusk = made(
    id: "dusk", title: "Dusk", text: .hex(0xD5DAE3), background: .hex(0x1B1E26), muted: .hex(0x929BAD),
    border: .hex(0x434B5C), accent: .hex(0x8FB4FF), key: .hex(0xE8C07D), label: .hex(0xC7AEEA),
    number: .hex(0x9FD4D9), good: .hex(0x9ECE8F), warning: .hex(0xE8C07D), bad: .hex(0xF28B8B),
    selection: .hex(0x31405F), selectionUnfocused: .hex(0x282D39),
    gradient: [.hex(0x5E81C7), .hex(0x6FB7C9), .hex(0x9ECE8F), .hex(0xE8C07D)])

  /// What completes a theme file that calls itself light.
  package static let paper = made(
    id: "paper", title: "Paper", text: .hex(0x2B2F38), background: .hex(0xFAF7F0), muted: .hex(0x646975),
    border: .hex(0xC4BEB0), accent: .hex(0x1F5FA8), key: .hex(0x8A4B00), label: .hex(0x6B3FA0),
    number: .hex(0x0F6470), good: .hex(0x2F6F37), warning: .hex(0x855400), bad: .hex(0xB3261E),
    selection: .hex(0xD3E1F5), selectionUnfocused: .hex(0xECE7DB),
    gradient: [.hex(0x1F5FA8), .hex(0x0F7480), .hex(0x2F7A37), .hex(0xA06A00)])

  /// The terminal's own background, foreground and 16 colours, and what completes a theme file that wants those.
  package static let sixteen: Theme = {
    var theme = made(
      id: "sixteen", title: "Sixteen colours", text: .terminal, background: .terminal, muted: .terminal,
      border: .named(8), accent: .named(4), key: .named(6), label: .named(5), number: .terminal,
      good: .named(2), warning: .named(3), bad: .named(1), selection: .terminal, selectionUnfocused: .terminal,
      gradient: [.named(4), .named(6), .named(2), .named(3)])
    for name in [StyleName.muted, .title, .tab, .axis, .gaugeRest] { theme.styles[name] = Style(attributes: .dim) }
    theme.styles[.selected] = Style(attributes: .reverse)
    theme.styles[.selectedUnfocused] = Style(attributes: .bold)
    theme.styles[.tabActive] = Style(foreground: .named(4), attributes: [.reverse, .bold])
    theme.styles[.match] = Style(foreground: .named(3), attributes: .reverse)
    theme.styles[.input] = Style(attributes: .underline)
    return theme
  }()

  /// Emphasis alone: for a terminal without colours, and for `NO_COLOR`.
  package static let monochrome: Theme = {
    var styles: [StyleName: Style] = [:]
    for name in StyleName.allCases { styles[name] = .plain }
    for name in [StyleName.muted, .border, .axis, .gaugeRest] { styles[name] = Style(attributes: .dim) }
    for name in [StyleName.heading, .accent, .titleFocused, .borderFocused, .key, .warning, .bad, .selectedUnfocused] {
      styles[name] = Style(attributes: .bold)
    }
    styles[.selected] = Style(attributes: .reverse)
    styles[.tabActive] = Style(attributes: [.reverse, .bold])
    styles[.match] = Style(attributes: [.reverse, .underline])
    styles[.input] = Style(attributes: .underline)
    return Theme(id: "monochrome", title: "Monochrome", styles: styles, gradient: [.terminal])
  }()

  /// All that is built in and can be chosen.
  package static let builtIn: [Theme] = [dusk, paper, sixteen]

  private static func made(
    id: String, title: String, text: Color, background: Color, muted: Color, border: Color, accent: Color,
    key: Color, label: Color, number: Color, good: Color, warning: Color, bad: Color, selection: Color,
    selectionUnfocused: Color, gradient: [Color]
  ) -> Theme {
    func plain(_ foreground: Color, _ attributes: Attributes = []) -> Style {
      Style(foreground: foreground, background: background, attributes: attributes)
    }
    return Theme(
      id: id, title: title,
      styles: [
        .text: plain(text), .muted: plain(muted), .heading: plain(accent), .accent: plain(accent, .bold),
        .border: plain(border), .borderFocused: plain(accent), .title: plain(muted),
        .titleFocused: plain(accent, .bold), .key: plain(key), .label: plain(label), .number: plain(number),
        .good: plain(good), .warning: plain(warning), .bad: plain(bad, .bold),
        .selected: Style(foreground: text, background: selection),
        .selectedUnfocused: Style(foreground: text, background: selectionUnfocused),
        .tab: plain(muted), .tabActive: Style(foreground: background, background: accent, attributes: .bold),
        .input: Style(foreground: text, background: selectionUnfocused),
        .match: Style(foreground: background, background: warning), .axis: plain(muted),
        .gauge: plain(accent), .gaugeRest: plain(border),
      ],
      gradient: gradient)
  }
}

extension Color {
  /// A colour from 0xRRGGBB.
  static func hex(_ value: UInt32) -> Color {
    .rgb(UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255))
  }
}
