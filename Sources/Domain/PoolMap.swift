/// What the rows' places on a map are told from.
package enum MapSource: String, Sendable, Hashable, Codable, CaseIterable {
  /// A row's utilities: how much each other row improves the model's answer to it.
  case utilities
  /// Vectors of the rows: computed elsewhere, or by the model's first blocks.
  case embeddings
  /// Gradients of the model's loss: rows that move the model the same way.
  case gradients
  /// The words of prompt and response, hashed: needs no model.
  case words
}

/// The pool in two dimensions: the first two principal components of its rows' vectors.
package struct PoolMap: Sendable, Hashable, Codable {
  package struct Place: Sendable, Hashable, Codable {
    package var x: Float
    package var y: Float
    package init(x: Float, y: Float) {
      self.x = x
      self.y = y
    }
  }

  package var source: MapSource
  /// The rows that have a place, ascending: all of a small pool, a spread sample of a large one.
  package var rows: [Int]
  /// Their places, in the order of `rows`.
  package var places: [Place]
  /// Share of the vectors' variance that each of the two directions carries.
  package var shares: [Double]

  package init(source: MapSource, rows: [Int], places: [Place], shares: [Double]) {
    self.source = source
    self.rows = rows
    self.places = places
    self.shares = shares
  }
}

/// How the rows and columns of a heat map are ordered.
package enum HeatOrder: String, Sendable, Hashable, Codable, CaseIterable {
  /// Rows of one label together, labels by their names.
  case label
  /// Rows that one pick stands for together, in the order of the picks.
  case cluster
}

/// A utility matrix made small enough to look at: means over equal parts of its ordered rows and columns.
package struct HeatMap: Sendable, Hashable, Codable {
  /// A run of lines that belong together.
  package struct Group: Sendable, Hashable, Codable {
    package var name: String
    /// Lines, from 0 to `size`.
    package var lines: Range<Int>
    package init(name: String, lines: Range<Int>) {
      self.name = name
      self.lines = lines
    }
  }

  package var order: HeatOrder
  package var rows: Int
  package var columns: Int
  /// rows × columns means, row-major, brought to 0 for the least of them and 1 for the greatest.
  package var cells: [Float]
  /// The mean utilities that cells of 0 and of 1 stand for.
  package var least: Float
  package var greatest: Float
  /// What the lines are, from the first to the last.
  package var groups: [Group]

  package init(
    order: HeatOrder, rows: Int, columns: Int, cells: [Float], least: Float, greatest: Float, groups: [Group]
  ) {
    self.order = order
    self.rows = rows
    self.columns = columns
    self.cells = cells
    self.least = least
    self.greatest = greatest
    self.groups = groups
  }
}
