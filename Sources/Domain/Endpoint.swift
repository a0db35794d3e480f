/// A model behind an inference server that speaks OpenAI's completions API.
public struct Endpoint: Sendable, Hashable {
  /// As the user wrote it: with or without the API's own path.
  public var url: String
  /// The name that the server gives the model; nil for the only one it serves.
  public var model: String?
  /// Folder of the model's `tokenizer.json`: samples are sent as tokens. Nil sends text, which the server tokenises.
  public var tokenizer: String?
  /// Tokens that fit its context, as the server says; nil where it does not.
  public var context: Int?
  /// Where the server has the model from, if it says so: tells one checkpoint from another under one name.
  public var root: String?

  public init(
    url: String, model: String? = nil, tokenizer: String? = nil, context: Int? = nil, root: String? = nil
  ) {
    self.url = url
    self.model = model
    self.tokenizer = tokenizer
    self.context = context
    self.root = root
  }
}
