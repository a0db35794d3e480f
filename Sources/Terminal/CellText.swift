import CCurses

/// What of a cell's grapheme the terminal is given, so that it takes exactly the cell's columns.
///
/// An ncurses cell holds one spacing character and at most four that combine with it. Of a grapheme with several spacing
/// characters (joined emoji, flags, skin tones) the first stands for all; where its width by the system's tables differs
/// from the cell's, it is filled up with a blank or replaced, so that nothing to the right of it shifts.
struct CellText: Hashable {
  var scalars: [UInt32]
  /// Blank columns after it.
  var padding: Int

  private static let mostCombining = 4
  private static let zeroWidthJoiner: UInt32 = 0x200D
  private static let replacement = UInt32(UInt8(ascii: "?"))

  /// `width`: the columns that the cell has, 1 or 2. `scalarWidth`: those that the system's tables give a scalar.
  init(_ glyph: String, width: Int, scalarWidth: (UInt32) -> Int = { Int(cc_scalar_width($0)) }) {
    let all = glyph.unicodeScalars
    guard let first = all.first?.value, case let columns = scalarWidth(first), columns > 0, columns <= width else {
      scalars = [glyph.isEmpty ? 0x20 : Self.replacement]
      padding = width - 1
      return
    }
    scalars = [first]
    padding = width - columns
    for scalar in all.dropFirst() {
      // A joiner with nothing after it would join the next cell; a selector of emoji form would widen this one.
      guard scalar.value != Self.zeroWidthJoiner, scalar.value != 0xFE0F, scalarWidth(scalar.value) == 0,
        scalars.count <= Self.mostCombining
      else { break }
      scalars.append(scalar.value)
    }
  }
}
