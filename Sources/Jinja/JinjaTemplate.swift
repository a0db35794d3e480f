/// A template that was read, to be rendered any number of times. Reading and rendering are bounded in time and memory.
package struct JinjaTemplate: Sendable {
  private let nodes: [JinjaNode]

  /// Errors: what is no template, or outside the subset, with its line.
  package init(_ source: String) throws(JinjaError) { nodes = try JinjaParser.parse(source) }

  /// The text that it makes of its variables. Errors: what only shows when it is rendered, such as a value that is missing.
  package func render(_ variables: [String: JinjaValue], day: JinjaDay = .standard) throws(JinjaError) -> String {
    try JinjaRenderer.render(nodes, variables: variables, day: day)
  }
}
