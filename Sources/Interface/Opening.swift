import Domain
import Screen

/// What the program starts with: found by the executable, so that the model itself looks nothing up.
public struct Opening: Sendable, Hashable {
  public var width: Int
  public var height: Int
  public var depth: ColorDepth
  public var glyphs: GlyphLevel
  public var paths: [DatasetRole: String]
  /// The model's folder, if one is known.
  public var model: String?
  /// Whether the model was named by the user rather than found beside the sample data.
  public var modelIsAsked: Bool
  /// The inference server that was named instead of a model, if any.
  public var endpoint: Endpoint?
  public var method: Method?
  public var budget: String?
  /// Only the first so many rows of the pool.
  public var limit: Int?
  /// Files that the pool goes on in, and how files are read where the data alone is not to say it.
  public var morePools: [String]
  public var reading: DatasetReading
  public var skipsBadRows: Bool
  /// The themes to choose from, and the one to start with; with none the built-in ones.
  public var themes: [Theme]
  public var theme: String?
  /// The table of bindings, changed by the user's file where there is one.
  public var keyMap: KeyMap
  /// What an earlier session left.
  public var session: Session?
  /// What is to be said at once: a theme file that could not be read, say.
  public var notices: [String]
  public var errors: [ErrorReport]

  public init(
    width: Int, height: Int, depth: ColorDepth = .truecolor, glyphs: GlyphLevel = .braille,
    paths: [DatasetRole: String] = [:], model: String? = nil, modelIsAsked: Bool = false, endpoint: Endpoint? = nil,
    method: Method? = nil, budget: String? = nil, limit: Int? = nil,
    morePools: [String] = [], reading: DatasetReading = DatasetReading(), skipsBadRows: Bool = false,
    themes: [Theme] = [], theme: String? = nil, keyMap: KeyMap = .standard,
    session: Session? = nil, notices: [String] = [], errors: [ErrorReport] = []
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
    self.errors = errors
  }
}

extension ErrorReport {
  /// A theme file that cannot be used.
  public init(_ error: ThemeError) {
    self.init(error.problem, at: error.place, remedy: error.remedy, status: .badData)
  }
}
