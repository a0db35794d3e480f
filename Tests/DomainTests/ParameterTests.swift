import Domain
import Foundation
import TestSupport
import Testing

@Suite struct ParameterTests {
  private static let base = RunSpecification(method: .random, pool: "p", source: nil, budget: .fraction(0.1))

  @Test func everyParameterHasATitleAMeaningBoundsAndAnOptionOfItsOwn() {
    #expect(Set(Parameter.all.map(\.id)).count == Parameter.all.count)
    let flags = Parameter.all.compactMap(\.flag)
    #expect(Set(flags).count == flags.count && flags.count > 35)
    for parameter in Parameter.all {
      #expect(!parameter.title.isEmpty && parameter.title.count <= 11, "\(parameter.id)")
      #expect(!parameter.meaning(with: .influence).isEmpty && !parameter.bounds.isEmpty, "\(parameter.id)")
      #expect(Method.all.contains { method in method.parameters.contains { $0.id == parameter.id } }, "\(parameter.id)")
    }
  }

  @Test func theStandardOfEveryParameterIsOneOfItsValues() {
    for method in Method.all {
      let draft = RunDraft([.method: method.rawValue])
      for parameter in method.parameters where !draft[parameter.id].isEmpty {
        #expect(parameter.problem(with: draft[parameter.id]) == nil, "\(parameter.id)")
      }
    }
  }

  /// A draft of nothing but its method is the specification of nothing but its method.
  @Test func standardsAreThoseOfASpecification() throws {
    for method in Method.all {
      let draft = RunDraft([.method: method.rawValue])
      let plain = RunSpecification(method: method, pool: "p", source: nil, budget: .fraction(0.1))
      #expect(try draft.specification(on: Self.base, onlyApplying: false) == plain)
      var form = draft
      form[.model] = "m"
      form[.utilities] = "u.npy"
      form[.source] = "model"
      let found = try form.specification(on: Self.base, onlyApplying: true)
      #expect(found.eta == plain.eta && found.rescaling == plain.rescaling && found.influence == plain.influence)
    }
  }

  @Test func everyValueEndsUpInTheSpecification() throws {
    let texts: [Parameter.ID: String] = [
      .stepSize: "0.01", .warmUp: "7", .groupShares: " odd label = 2, other=0.5", .landmarks: "20%", .blocks: "2",
      .tangents: "3", .heldOut: "9", .parameters: "down_proj", .lambda: "0.5", .eta: "0.25", .nu: "2", .seed: "11",
      .limit: "40", .epsilon: "0.2", .projection: "hadamard:512",
    ]
    var draft = RunDraft(texts)
    draft[.method] = Method.influence.rawValue
    let run = try draft.specification(on: Self.base, onlyApplying: false)
    let settings = try #require(run.influence)
    #expect(settings.stepSize == 0.01 && settings.warmUpSteps == 7 && settings.blocks == 2 && settings.tangents == 3)
    #expect(settings.groupShares == ["odd label": 2, "other": 0.5] && settings.landmarks == .fraction(0.2))
    #expect(settings.heldOut == 9 && settings.parameters == "down_proj" && settings.lambda == 0.5)
    // Blocks are those of a jvp embedding, which krr suits.
    #expect(settings.embedding == .tangents && settings.propagation == .krr)
    #expect(settings.projection == ProjectionSetting(kind: .hadamard, size: 512))
    #expect(run.eta == 0.25 && run.nu == 2 && run.seed == 11 && run.limit == 40 && run.epsilon == 0.2)
  }

  typealias Judged = (id: Parameter.ID, good: [String], bad: [String])
  @Test(
    arguments: [
      (.eta, ["0", "2.5"], ["-1", "x", "nan", "inf", ""]), (.epsilon, ["0.5"], ["0", "1", "-1"]),
      (.seed, ["0", "18446744073709551615"], ["-1", "1.5"]), (.limit, ["", "3"], ["0", "x"]),
      (.neighbours, ["1", ""], ["0"]), (.explore, ["0", "4"], ["-1", ""]), (.heldOut, ["", "0"], ["-1"]),
      (.budget, ["10%", "3", "0.2"], ["0", "", "2.5"]),
      (.landmarks, ["", "all", "5%"], ["0", "most"]), (.projection, ["", "hadamard:8192"], ["fourier:3"]),
      (.groupShares, ["", "a=2, b=1", "a=b=1"], ["a=0", "a=1,a=2", "a", "a=x"]), (.lambda, ["", "1"], ["0"]),
      (.utilities, ["u.npy"], ["", "u.txt"]), (.endpoint, ["http://h/v1"], ["localhost:8000", "http://"]),
      (.objective, ["flmi"], ["FLMI", ""]),
    ] as [Judged]) func valuesAreJudgedByOneRule(judged: Judged)
  {
    let parameter = judged.id.parameter
    for text in judged.good { #expect(parameter.problem(with: text) == nil, "\(text)") }
    for text in judged.bad {
      #expect(parameter.problem(with: text) != nil, "\(text)")
      #expect(ParameterError(parameter: parameter, text: text).report.location == "--\(parameter.flag ?? "")")
      var draft = RunDraft([judged.id: text])
      draft[.method] = Method.influence.rawValue
      #expect(throws: ParameterError.self, "\(text)") { try draft.specification(on: Self.base, onlyApplying: false) }
    }
  }

  /// Run with `WINNOW_WRITE_SNAPSHOTS=1` to bring the page up to date.
  @Test func thePageOnParametersIsTheTable() throws {
    let file = Places.sources.appendingPathComponent("Domain/Domain.docc/Parameters.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    let begin = try #require(text.range(of: "<!-- parameters -->\n"))
    let end = try #require(text.range(of: "<!-- end -->", range: begin.upperBound..<text.endIndex))
    if ProcessInfo.processInfo.environment["WINNOW_WRITE_SNAPSHOTS"] != nil {
      try text.replacingCharacters(in: begin.upperBound..<end.lowerBound, with: Parameter.markdown)
        .write(to: file, atomically: true, encoding: .utf8)
      return
    }
    #expect(text[begin.upperBound..<end.lowerBound] == Parameter.markdown)
  }
}
