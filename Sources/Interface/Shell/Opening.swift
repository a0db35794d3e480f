import Domain
import Screen

/// What the program starts with: found by the executable, so that the model itself looks nothing up.
package struct Opening: Sendable, Hashable, Codable {
  package var width: Int
  package var height: Int
  package var depth: ColorDepth
  package var glyphs: GlyphLevel
  package var paths: [DatasetRole: String]
  /// The model's folder, if one is known.
  package var model: String?
  /// Whether the model was named by the user rather than found beside the sample data.
  package var modelIsAsked: Bool
  /// The inference server that was named instead of a model, if any.
  package var endpoint: Endpoint?
  package var method: Method?
  package var budget: String?
  /// Only the first so many rows of the pool.
  package var limit: Int?
  /// Files that the pool goes on in, and how files are read where the data alone is not to say it.
  package var morePools: [String]
  package var reading: DatasetReading
  package var skipsBadRows: Bool
  /// The themes to choose from, and the one to start with; with none the built-in ones.
  package var themes: [Theme] = []
  package var theme: String?
  /// The table of bindings, changed by the user's file where there is one.
  package var keyMap = KeyMap.standard
  /// What an earlier session left.
  package var session: Session?
  /// What is to be said at once: a theme file that could not be read, say.
  package var notices: [String]
  /// The other process in which the run of the session is going on.
  package var runningElsewhere: Int?
  package var errors: [ErrorReport]

  /// Themes and keys are the program's own where an opening is written down.
  private enum CodingKeys: CodingKey {
    case width, height, depth, glyphs, paths, model, modelIsAsked, endpoint, method, budget, limit, morePools, reading,
      skipsBadRows, theme, session, notices, runningElsewhere, errors
  }

  package init(
    width: Int, height: Int, depth: ColorDepth = .truecolor, glyphs: GlyphLevel = .braille,
    paths: [DatasetRole: String] = [:], model: String? = nil, modelIsAsked: Bool = false, endpoint: Endpoint? = nil,
    method: Method? = nil, budget: String? = nil, limit: Int? = nil,
    morePools: [String] = [], reading: DatasetReading = DatasetReading(), skipsBadRows: Bool = false,
    themes: [Theme] = [], theme: String? = nil, keyMap: KeyMap = .standard,
    session: Session? = nil, runningElsewhere: Int? = nil, notices: [String] = [], errors: [ErrorReport] = []
  ) {
    self.width = width
    self.height = height
    self.depth = depth
    self.glyphs = glyphs
    self.paths = paths
    self.model = model
    self.modelIsAsked = modelIsAsked
    self.endpoint = endpoint
    self.method = method
    self.budget = budget
    self.limit = limit
    self.morePools = morePools
    self.reading = reading
    self.skipsBadRows = skipsBadRows
    self.themes = themes
    self.theme = theme
    self.keyMap = keyMap
    self.session = session
    self.notices = notices
    self.runningElsewhere = runningElsewhere
    self.errors = errors
  }
}

extension ErrorReport {
  /// A theme file that cannot be used.
  package init(_ error: ThemeError) {
    self.init(error.problem, at: error.location, remedy: error.remedy, status: .badData)
  }
}
