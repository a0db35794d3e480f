import Numerics

/// Who sees whom in a batch, as tiles of consecutive rows; the same for every layer (but for the sliding window) and head.
///
/// Rows are in depth-first order, so what the rows of a tile see of the rows before the tile lies on one path: the ancestors
/// of the tile's first row. Row r of the tile sees the first so many of that path (fewer once branches have been left), and of
/// the tile's own rows those that a bit mask names. The path is kept packed from tile to tile: a tile says how much of
/// it stays, and which rows of the tile before go on top. Memory is linear in the number of rows.
struct AttentionPlan {
  struct Tile {
    var start: Int
    var rows: Int
    /// Entries of the path that stay, and the batch rows to be packed behind them.
    var kept: Int
    var added: [Int32]
    /// For each row, [2 × rows]: which keys of the prefix and of the path it sees.
    var first: [Int32] = []
    var last: [Int32] = []
    /// For each row, which rows of the tile it sees.
    var own: [UInt32] = []
  }

  private(set) var tiles: [Tile] = []
  /// Path entries that must fit.
  private(set) var longestPath = 0

  /// - Parameters:
  ///   - depths: for each row, its tokens between prefix and itself, in depth-first order.
  ///   - prefix: tokens before the batch.
  ///   - window: latest positions that a token sees, its own among them; nil for all.
  init(depths: [Int32], prefix: Int, window: Int?) {
    let tileRows = AttentionKernel.tileRows
    var path: [Int32] = []  // rows from the root to the present row
    var packed = 0  // path entries that are valid in the packed path: those below every depth since they were packed
    for start in stride(from: 0, to: depths.count, by: tileRows) {
      let rows = min(tileRows, depths.count - start)
      let length = Int(depths[start])  // of the path before the tile
      let kept = min(packed, length)
      var tile = Tile(start: start, rows: rows, kept: kept, added: Array(path[kept..<length]))
      longestPath = max(longestPath, length)
      packed = length
      for row in start..<start + rows {
        let depth = Int(depths[row])
        packed = min(packed, depth)
        path.removeSubrange(depth...)
        path.append(Int32(row))
        let oldest = window.map { max(0, prefix + depth - $0 + 1) } ?? 0  // first position it sees
        tile.first += [Int32(min(oldest, prefix)), Int32(min(max(0, oldest - prefix), packed))]
        tile.last += [Int32(prefix), Int32(packed)]
        var mask: UInt32 = 0
        for entry in max(packed, oldest - prefix)...depth { mask |= 1 << UInt32(path[entry] - Int32(start)) }
        tile.own.append(mask)
      }
      tiles.append(tile)
    }
  }
}
