import Domain
import Testing

/// A row of which everything is given.
private struct GivenRow: FilterRow {
  var row: RowIndex = 3
  var sample: Sample? = Sample(
    index: 3, id: "row-3", label: "noise", query: .instruction("Add 2 and 3.", input: "both numbers"),
    response: "five (5)")
  var length: Int? = 28
  var copies: (count: Int, isLater: Bool) = (1, false)
  var fields: [String: [String]] = ["score": ["0.75"], "meta.source": ["wiki"], "tags.n": ["1", "9"]]
  func texts(at path: [String]) -> [String] { fields[path.joined(separator: ".")] ?? [] }
}

@Suite struct FilterTests {
  private func run(_ number: Int64, _ rows: [RowIndex]) -> FilterContext.Run {
    FilterContext.Run(
      number: number,
      picks: rows.enumerated().map { Pick(rank: Rank($0), row: $1, gain: 1 / Double($0 + 1), weight: 2) })
  }

  private var context: FilterContext {
    FilterContext(
      runs: [run(4, [1, 3]), run(7, [2]), run(9, [3, 2])], compared: [0, 1], current: 0, pinned: [3], banned: [5],
      tags: [3: ["to read"]])
  }

  @Test(arguments: [
    // Words, as a search has them.
    ("add", true), ("ADD 2", true), ("2 and", nil), ("\"2 and 3\"", true), ("nothing", false), ("!add", false),
    ("five \\(5\\)", true), ("(five|six)", true), ("f[i(]ve", true), ("both num", true), ("num both", false),
    // Fields of the sample, and of the row in its file.
    ("label:noise", true), ("label:^noi", true), ("label:add", false), ("!label:noise", false), ("label=noise", true),
    ("label=nois", false), ("label!=noise", false), ("label!=x", true), ("id:row-\\d$", true), ("response:five", true),
    ("prompt:five", false), ("prompt:both numbers", true), ("prompt:\"numbers\"", true), ("meta.source:wik", true),
    ("meta.source=wiki", true), ("absent:x", false), ("absent!=x", false),
    // Numbers.
    ("len>20", true), ("len > 20", true), ("len>=28", true), ("len<28", false), ("len=28", true), ("len!=28", false),
    ("words=8", true), ("chars>10", true), ("score>0.5", true), ("score<=0.7", false), ("tags.n>8", true),
    ("absent<1", false), ("gain<0.6", true), ("gain>0.6", false), ("rank=1", true), ("weight>1", true),
    // Runs and marks.
    ("chosen", true), ("run:4", true), ("run:7", false), ("run:any", true), ("run:none", false), ("in:A", true),
    ("in:b", false), ("in:A&!B", true), ("in:(A|B)&!9", false), ("in:A,B", true), ("in:none", false), ("in:any", true),
    ("in:all", false), ("in:9", true), ("pin", true), ("ban", false), ("tag:read", true), ("tag:x", false),
    ("dup", false), ("bad", false), ("copies=1", true),
    // Joined.
    ("label:noise and len>20", true), ("label:noise len<20", false), ("label:x or chosen", true),
    ("label:x | pin", true), ("not label:x & chosen", true), ("not (label:x or chosen)", false),
    ("(label:x or chosen) and (pin or ban)", true), ("chosen&pin", true), ("ban|pin", true), ("chosen & !ban", true),
    ("label:x or label:noise and ban", false), ("!(ban)", true), ("!!pin", true), ("add and label:noise", true),
    // Signs that a text has without meaning them.
    ("a:// b", false), ("x->y", false), ("Note: this", false), ("5) five", nil),
  ])
  func aFilterTakesARowAsItSays(text: String, expected: Bool?) throws {
    let filter = try? FilterExpression(parsing: text)
    guard let expected else { return }
    let matches = try #require(filter, "\(text)").makeMatcher(in: context)
    #expect(matches(GivenRow()) == expected, "\(text)")
  }

  @Test func copiesAndRowsThatCannotBeReadAreFound() throws {
    var row = GivenRow()
    row.copies = (3, true)
    #expect(try FilterExpression(parsing: "dup and copies>2").makeMatcher()(row))
    row.sample = nil
    #expect(try FilterExpression(parsing: "bad").makeMatcher()(row))
    #expect(try !FilterExpression(parsing: "add").makeMatcher()(row))
    #expect(try FilterExpression(parsing: "!add").makeMatcher()(row))
  }

  /// And binds closer than or, not closer than both: against a reading of all truth values.
  @Test func operatorsBindAsInLogic() throws {
    for bits in 0..<8 {
      let (a, b, c) = (bits & 1 == 1, bits & 2 == 2, bits & 4 == 4)
      var row = GivenRow()
      row.fields = ["a": [a ? "1" : "0"], "b": [b ? "1" : "0"], "c": [c ? "1" : "0"]]
      for (text, expected) in [
        ("a=1 or b=1 and c=1", a || b && c), ("not a=1 or b=1", !a || b), ("not a=1 b=1 or c=1", !a && b || c),
        ("(a=1 or b=1) and not (c=1)", (a || b) && !c), ("!a=1 | !(b=1 & c=1)", !a || !(b && c)),
      ] {
        #expect(try FilterExpression(parsing: text).makeMatcher()(row) == expected, "\(text) \(bits)")
      }
    }
  }

  @Test(
    arguments: [
      ("", nil), ("  ", nil), ("label:", 7), ("(add", 1), ("add and", 8), ("and add", 1), ("add or or x", 8),
      ("label:a(", 7), ("a[", 1), ("\"open", 1), ("len>many", 5), ("run:x", 5), ("in:A&", 6), ("in:?", 4), ("not", 4),
      ("add)", 4), ("\"\"", 1), ("label<\"x\"", 7),
    ] as [(String, Int?)])
  func whatIsNoFilterIsRefusedWithThePlace(text: String, character: Int?) {
    #expect(throws: FilterProblem.self) { try FilterExpression(parsing: text) }
    do throws(FilterProblem) { _ = try FilterExpression(parsing: text) } catch {
      #expect(error.character == character, "\(text): \(error.reason)")
    }
  }

  @Test func runsThatAreNotThereAreRefusedByName() throws {
    func problem(_ text: String, _ context: FilterContext) throws -> FilterProblem? {
      try FilterExpression(parsing: text).problem(in: context)
    }
    #expect(try problem("run:4 and in:A", context) == nil)
    #expect(try problem("add or run:5", context)?.remedy.contains("4, 7, 9") == true)
    #expect(try problem("in:C", context)?.remedy == "The compared runs are A to B.")
    #expect(try problem("!chosen", FilterContext()) != nil)
    #expect(try problem("gain<1", FilterContext()) != nil)
    #expect(try problem("label:x pin in:none", FilterContext()) == nil)
  }

  @Test func whatIsNestedTooDeepOrLongEndsWithoutATrap() {
    #expect(throws: FilterProblem.self) { try FilterExpression(parsing: String(repeating: "(", count: 5000)) }
    #expect(throws: FilterProblem.self) { try FilterExpression(parsing: String(repeating: "not ", count: 5000)) }
    #expect((try? FilterExpression(parsing: String(repeating: "a:b ", count: 500))) != nil)
  }
}
