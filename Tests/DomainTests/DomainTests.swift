import Domain
import Foundation
import Testing

@Suite struct BudgetTests {
  @Test(arguments: [
    ("1", 1), ("120", 120), ("0.3", 30), ("30%", 30), ("1.0", 100), ("100%", 100), ("0.001", 1), ("1e-1", 10),
  ])
  func aBudgetIsACountOrAShareRoundedDownAndAtLeastOne(text: String, picks: Int) throws {
    #expect(try Budget(parsing: text).picks(of: text == "120" ? 120 : 100) == picks)
  }

  @Test func sharesAreRoundedDownAsDecimalsAreMeant() throws {
    // In binary 0.29 · 100 is a little below 29.
    #expect(try Budget(parsing: "0.29").picks(of: 100) == 29)
    #expect(try Budget(parsing: "0.1").picks(of: 200) == 20)
    #expect(try Budget(parsing: "0.3").picks(of: 7) == 2)
    #expect(try Budget(parsing: "0.999").picks(of: 10) == 9)
  }

  @Test(arguments: ["0", "1.5", "-3", "abc", "", "nan", "inf", "0.0", "-0.2", "101%", "1.0001", "0x10", "3 4"])
  func whatIsNoBudgetIsRefused(text: String) {
    do throws(ErrorReport) {
      _ = try Budget(parsing: text)
      Issue.record("\(text) was taken for a budget")
    } catch {
      #expect(error.status == .unusableArguments)
      #expect(error.location == "--budget" && error.remedy != nil)
    }
  }

  @Test func aCountAboveTheCandidatesIsRefused() throws {
    #expect(throws: ErrorReport.self) { try Budget.count(11).picks(of: 10) }
  }
}

@Suite struct SeededGeneratorTests {
  @Test func theSequenceOfASeedIsWhatTheAlgorithmsSay() {
    // xoshiro256** on four words of SplitMix64 from seed 0, by an independent implementation in Python.
    var generator = SeededGenerator(seed: 0)
    #expect(
      (0..<4).map { _ in generator.next() } == [
        0x99EC_5F36_CB75_F2B4, 0xBF6E_1F78_4956_452A, 0x1A5F_849D_4933_E6E0, 0x6AA5_94F1_262D_2D2C,
      ])
  }

  @Test func drawsBelowABoundAreInRangeAndEven() {
    var generator = SeededGenerator(seed: 5)
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<7000 { counts[generator.below(7)] += 1 }
    #expect(counts.allSatisfy { (850...1150).contains($0) })
  }

  @Test func aSampleHasNoRepetitionAndDependsOnTheSeed() {
    var a = SeededGenerator(seed: 1)
    var b = SeededGenerator(seed: 1)
    var c = SeededGenerator(seed: 2)
    let sample = a.sample(50, of: 100)
    #expect(Set(sample).count == 50 && sample.allSatisfy { (0..<100).contains($0) })
    #expect(sample == b.sample(50, of: 100))
    #expect(sample != c.sample(50, of: 100))
  }
}

@Suite struct SpecificationTests {
  @Test func aSpecificationIsTheSameAfterJSON() throws {
    for source in [
      UtilitySource.model(directory: "m"), .matrices(pool: "u.npy", target: nil, existing: "e.npy"), nil,
      .endpoint(Endpoint(url: "http://here:8000/v1")),
      .endpoint(Endpoint(url: "https://there/v1", model: "m", tokenizer: "t", context: 4096, root: "/models/m")),
    ] {
      for budget in [Budget.count(3), .fraction(1), .fraction(0.3)] {
        let specification = RunSpecification(
          method: .deliftContinual, pool: nil, existing: "e", source: source, budget: budget, limit: 9, nu: 0.5,
          pinned: [1, 2])
        let decoded = try JSONDecoder().decode(
          RunSpecification.self, from: JSONEncoder().encode(specification))
        #expect(decoded == specification)
      }
    }
  }

  @Test func indicesAreWrittenAsBareNumbers() throws {
    let pick = Pick(rank: 2, row: 40, gain: 0.5, id: "a")
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let json = try encoder.encode(pick)
    #expect(String(decoding: json, as: UTF8.self) == #"{"gain":0.5,"id":"a","index":40,"rank":2,"weight":1}"#)
    #expect(try JSONDecoder().decode(Pick.self, from: json) == pick)
    #expect("\(RowIndex(7)) \(Candidate(8))" == "7 8")
  }

  @Test func aContentHashIsTheSameAfterItsText() throws {
    let hash = ContentHash(of: "winnow")
    #expect(ContentHash(hash.description) == hash)
    #expect(ContentHash("xyz") == nil)
    // As xxh128sum prints it.
    #expect(ContentHash(of: "").description == "99aa06d3014798d86001c324468d497f")
  }
}
