/// A model behind an inference server that speaks OpenAI's completions API.
package struct Endpoint: Sendable, Hashable, Codable {
  /// As the user wrote it: with or without the API's own path.
  package var url: String
  /// The name that the server gives the model; nil for the only one it serves.
  package var model: String?
  /// Folder of the model's `tokenizer.json`: samples are sent as tokens. Nil sends text, which the server tokenises.
  package var tokenizer: String?
  /// Tokens that fit its context, as the server says; nil where it does not.
  package var context: Int?
  /// Where the server has the model from, if it says so: tells one checkpoint from another under one name.
  package var root: String?

  package init(
    url: String, model: String? = nil, tokenizer: String? = nil, context: Int? = nil, root: String? = nil
  ) {
    self.url = url
    self.model = model
    self.tokenizer = tokenizer
    self.context = context
    self.root = root
  }
}
