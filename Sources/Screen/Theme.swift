/// What a style is for. A theme says how each looks; views name nothing else.
package enum StyleName: String, Sendable, Hashable, CaseIterable {
  /// Text to read, and what everything else stands on.
  case text
  /// Text of second rank: units, hints, what is not available now.
  case muted
  /// Headings in text and the names of fields.
  case heading
  /// What draws the eye: the name of the program, a step to take next.
  case accent
  case border
  case borderFocused
  case title
  case titleFocused
  /// A key that can be pressed.
  case key
  /// A row's label or family.
  case label
  case number
  case good
  case warning
  case bad
  /// The cursor's row in the panel that has the focus, and in one that has not.
  case selected
  case selectedUnfocused
  case tab
  case tabActive
  /// Text being typed.
  case input
  /// What a search has found.
  case match
  case axis
  case gauge
  case gaugeRest
}

/// How the program looks: a style for each name, and a gradient for charts.
package struct Theme: Sendable, Hashable {
  /// What a theme file is told apart by: its name without the suffix.
  package var id: String
  package var title: String
  package var styles: [StyleName: Style]
  /// Colours from the low end of a chart to the high end; never empty.
  package var gradient: [Color]

  package init(id: String, title: String, styles: [StyleName: Style], gradient: [Color]) {
    self.id = id
    self.title = title
    self.styles = styles
    self.gradient = gradient.isEmpty ? [styles[.text]?.foreground ?? .terminal] : gradient
  }

  package subscript(_ name: StyleName) -> Style { styles[name] ?? .plain }

  /// The style of a chart's mark at `share` of its range, from 0 to 1. Between two RGB colours they are mixed.
  package func gradient(at share: Double) -> Style {
    var style = self[.text]
    let position = max(0, min(1, share.isFinite ? share : 0)) * Double(gradient.count - 1)
    let below = Int(position)
    guard below + 1 < gradient.count, case .rgb(let r0, let g0, let b0) = gradient[below],
      case .rgb(let r1, let g1, let b1) = gradient[below + 1]
    else {
      style.foreground = gradient[min(gradient.count - 1, Int(position.rounded()))]
      return style
    }
    let part = position - Double(below)
    func mixed(_ low: UInt8, _ high: UInt8) -> UInt8 {
      UInt8((Double(low) + (Double(high) - Double(low)) * part).rounded())
    }
    style.foreground = .rgb(mixed(r0, r1), mixed(g0, g1), mixed(b0, b1))
    return style
  }

  /// The theme in the colours that a terminal of `depth` has. Without colours, emphasis is all that is left, so a
  /// theme made for that takes its place.
  package func quantised(to depth: ColorDepth) -> Theme {
    if depth == .none {
      var theme = Theme.monochrome
      (theme.id, theme.title) = (id, title)
      return theme
    }
    return Theme(
      id: id, title: title, styles: styles.mapValues { $0.quantised(to: depth) },
      gradient: depth == .truecolor
        ? gradient : (0..<9).map { gradient(at: Double($0) / 8).foreground.quantised(to: depth) })
  }
}
