import Screen
import Testing

@Suite struct SettingsFileTests {
  @Test func namesTextsNumbersFlagsAndListsAreRead() throws {
    let file = try SettingsFile(
      parsing:
        "a = \"x \\\"y\\\" \\\\ \\u00e9\" # note\r\n'b c' = 'raw \\n'\n\n[ keys ]\nquit = [\"q\", 'Q',]\nn = -12\nf = 1.5e2\nt = true\n# end"
    )
    #expect(file.entries.map(\.key) == ["a", "b c", "quit", "n", "f", "t"])
    #expect(file.entries.map(\.section) == [nil, nil, "keys", "keys", "keys", "keys"])
    #expect(file.entries.map(\.line) == [1, 2, 5, 6, 7, 8])
    #expect(
      file.entries.map(\.value) == [
        .text("x \"y\" \\ é"), .text("raw \\n"), .list([.text("q"), .text("Q")]), .integer(-12), .number(150),
        .flag(true),
      ])
    #expect(file.headings.map(\.name) == ["keys"] && file.headings.map(\.line) == [4])
    #expect(try SettingsFile(parsing: "").entries.isEmpty)
  }

  @Test(arguments: [
    "a", "a = ", "= 1", "a = \"x", "a = x", "a = 1 2", "[a", "[a] b", "[]", "a = [1", "a = [1 2]", "a = \"\\q\"",
    "a = \"\\uD800\"", "a = 1\na = 2", "[a]\n[a]", "a.b = 1", "a = {}", "a = 1e999", "a = \"\"\"x\"\"\"",
  ])
  func whatIsOutsideOfTheFormatIsRefusedWithItsLine(text: String) throws {
    let error = #expect(throws: SettingsError.self) { try SettingsFile(parsing: "# first\n" + text) }
    #expect((error?.line ?? 0) >= 2)
    #expect(error?.reason.isEmpty == false)
  }
}
