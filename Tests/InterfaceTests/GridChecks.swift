import Interface
import Screen

/// What must be true of every screen, whatever is on it.
enum GridChecks {
  /// What is wrong with a grid; empty if nothing is.
  static func faults(of model: Model) -> [String] {
    let grid = view(model)
    var faults: [String] = []
    if grid.width != model.width || grid.height != model.height { faults.append("size") }
    for y in 0..<grid.height {
      for x in 0..<grid.width {
        let cell = grid[x, y]
        switch cell.width {
        case 2: if x + 1 >= grid.width || grid[x + 1, y].width != 0 { faults.append("half a wide cell at \(x),\(y)") }
        case 0: if x == 0 || grid[x - 1, y].width != 2 { faults.append("a stray half at \(x),\(y)") }
        case 1: break
        default: faults.append("width \(cell.width) at \(x),\(y)")
        }
        for scalar in cell.glyph.unicodeScalars where scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) {
          faults.append("control byte \(scalar.value) at \(x),\(y)")
        }
        if cell.width > 0, cell.glyph.displayWidth != cell.width {
          faults.append("a glyph of another width at \(x),\(y)")
        }
      }
    }
    // What stands over the screen, and the banner, may cover any part of the boxes below them.
    if model.overlay == nil, model.banner == nil { faults += brokenBorders(of: grid) }
    if let cursor = grid.cursor, !grid.contains(cursor.x, cursor.y) { faults.append("cursor outside") }
    return faults
  }

  /// Every upper corner begins a side that goes down unbroken to a lower corner.
  private static func brokenBorders(of grid: Grid) -> [String] {
    var faults: [String] = []
    for (upper, lower) in [("╭", "╰"), ("╮", "╯")] {
      for y in 0..<grid.height {
        for x in 0..<grid.width where grid[x, y].glyph == upper {
          var row = y + 1
          while row < grid.height, ["│", "┃"].contains(grid[x, row].glyph) { row += 1 }
          let end = row < grid.height ? grid[x, row].glyph : "edge"
          if end != lower { faults.append("the side below \(x),\(y) ends in \(end) at row \(row)") }
        }
      }
    }
    return faults
  }
}
