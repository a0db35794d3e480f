import Foundation
import TestSupport
import Testing

/// The pages: the README and the catalogs inside `Sources`.
@Suite struct DocumentationTests {
  private struct Page {
    var path: String
    var text: String
  }

  private static func files(in folder: String, _ suffix: String) throws -> [Page] {
    let root = Places.repository.appendingPathComponent(folder)
    let names = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []
    return try names.filter { $0.hasSuffix(suffix) && !$0.contains("/.") }.sorted().map { name in
      Page(path: "\(folder)/\(name)", text: try String(contentsOf: root.appendingPathComponent(name), encoding: .utf8))
    }
  }

  private static func pages() throws -> [Page] {
    let readme = try String(contentsOf: Places.repository.appendingPathComponent("README.md"), encoding: .utf8)
    return try [Page(path: "README.md", text: readme)] + files(in: "Sources", ".md") + files(in: "Themes", ".md")
  }

  /// What a page links to that is not there.
  private static func brokenLinks(_ page: Page) -> [String] {
    let folder = Places.repository.appendingPathComponent(page.path).deletingLastPathComponent()
    let files = page.text.matches(of: /\]\(([^)#]+)(?:#[^)]*)?\)/).map { String($0.1) }
      .filter { !$0.hasPrefix("http") }
      .filter { !FileManager.default.fileExists(atPath: folder.appendingPathComponent($0).path) }
    let topics = page.text.matches(of: /<doc:(\w+)>/).map { String($0.1) }
      .filter { !FileManager.default.fileExists(atPath: folder.appendingPathComponent($0 + ".md").path) }
    return (files + topics).map { "\(page.path): \($0)" }
  }

  @Test func everyLinkHasItsTarget() throws {
    let pages = try Self.pages()
    #expect(pages.count > 8)
    #expect(pages.flatMap(Self.brokenLinks) == [])
    #expect(Self.brokenLinks(Page(path: "README.md", text: "[x](Sources/none.md) <doc:Nothing>")).count == 2)
  }

  @Test func everyCitationOfTheMethodsHasItsHeading() throws {
    let methods = try String(
      contentsOf: Places.sources.appendingPathComponent("Domain/Domain.docc/Methods.md"), encoding: .utf8)
    let headings = Set(methods.matches(of: /(?m)^#+ (\d(?:\.\d)?)/).map { String($0.1) })
    var cited = 0
    for file in try Self.files(in: "Sources", ".swift") + Self.files(in: "Sources", ".c")
      + Self.files(in: "Sources", ".h")
    {
      for citation in file.text.matches(of: /Methods (\d(?:\.\d)?)/) {
        cited += 1
        #expect(headings.contains(String(citation.1)), "\(file.path) cites Methods \(citation.1)")
      }
    }
    #expect(cited > 10)
  }

  @Test func everyPathThatThePageForContributorsNamesIsThere() throws {
    let page = try String(
      contentsOf: Places.sources.appendingPathComponent("winnow/winnow.docc/Contributing.md"), encoding: .utf8)
    for match in page.matches(
      of: /`((?:Tests|Sources|Datasets|Checkpoints|Transformer|Domain|Workbench|Interface)\/[\w\/.]+)`/)
    {
      let name = String(match.1)
      let isThere = [name, "Sources/\(name)"].contains {
        FileManager.default.fileExists(atPath: Places.repository.appendingPathComponent($0).path)
      }
      #expect(isThere, "\(name)")
    }
  }

  @Test func theReadmeIsShort() throws {
    let readme = try #require(Self.pages().first).text
    #expect(readme.split(separator: "\n", omittingEmptySubsequences: false).count <= 160)
  }
}
