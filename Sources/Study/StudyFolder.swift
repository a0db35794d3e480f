import Datasets
import Domain
import Foundation
import Transformer

/// Digests of all that a study rests on.
package struct StudyInputs: Sendable, Hashable, Codable {
  package var pool: ContentHash
  package var target: ContentHash?
  package var existing: ContentHash?
  package var test: ContentHash
  package var validation: ContentHash?
  package var model: ContentHash
  package var template: ContentHash

  init(_ files: Files, model: ContentHash, template: ContentHash) {
    pool = files.pool.summary.contentHash
    target = files.target?.summary.contentHash
    existing = files.existing?.summary.contentHash
    test = files.test.summary.contentHash
    validation = files.validation?.summary.contentHash
    self.model = model
    self.template = template
  }
}

/// A rate that was tried, and the loss on the validation rows; nil where training failed.
package struct StudyRate: Sendable, Hashable, Codable {
  package var rate: Float
  package var loss: Double?
}

/// Rows that a method chose.
struct StudyChoice: Sendable, Hashable, Codable {
  var rows: [RowIndex]
  var seconds: Double
}

/// A study's folder: what is finished lies there, each under a name made of all that it depends on.
struct StudyFolder {
  private let folder: String
  /// Of everything that all trainings depend on.
  private let base: ContentHash

  /// Errors: `ErrorReport` for a folder that holds something else.
  init(
    _ folder: String, _ specification: StudySpecification, _ inputs: StudyInputs, precision: WeightPrecision
  ) throws {
    self.folder = folder
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    // More seeds, methods or budgets leave what is finished as it was.
    var common = specification
    (common.methods, common.budgets, common.seeds) = ([], [], 0)
    (common.includesFull, common.allowsOverlap, common.rate) = (true, false, nil)
    (common.pool, common.test, common.model) = ([], "", "")
    (common.target, common.existing, common.validation) = (nil, nil, nil)
    base = ContentHash(combining: [
      ContentHash(of: "study 1, weights \(precision)"),
      ContentHash(of: String(decoding: try encoder.encode(common), as: UTF8.self)),
      ContentHash(of: String(decoding: try encoder.encode(inputs), as: UTF8.self)),
    ])
    for part in ["", "/arms", "/choices"] {
      do {
        try FileManager.default.createDirectory(atPath: folder + part, withIntermediateDirectories: true)
      } catch {
        throw ErrorReport(
          "the folder can't be made", at: folder, remedy: "Name another with --out.", status: .unusableArguments)
      }
    }
    let marks = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let own: Set<String> = [
      "arms", "choices", "study.json", "results.jsonl", "table.md", "table.csv", "chart.svg", "manifest.json",
      "costs.csv",
    ]
    if let other = marks.first(where: { !own.contains($0) && !$0.hasPrefix(".winnow-") }) {
      throw ErrorReport(
        "the folder holds something else: \(other)", at: folder,
        remedy: "Name an empty folder, or a study's, with --out.",
        status: .unusableArguments)
    }
    let mark = "\(base)\n"
    if let kept = FileManager.default.contents(atPath: folder + "/study.json") {
      guard String(decoding: kept, as: UTF8.self) == mark else {
        throw ErrorReport(
          "the folder holds another study: other files, another model or other settings of training", at: folder,
          remedy: "Name another folder with --out, or remove this one.", status: .unusableArguments)
      }
    } else {
      try write(mark, to: "study.json")
    }
  }

  func result(named name: String, _ make: () throws -> ArmResult) throws -> ArmResult {
    try kept("arms", name, make)
  }

  func choice(named name: String, _ make: () throws -> StudyChoice) throws -> StudyChoice {
    try kept("choices", name, make)
  }

  private func kept<Value: Codable>(_ kind: String, _ name: String, _ make: () throws -> Value) throws -> Value {
    let path = "\(kind)/\(ContentHash(combining: [base, ContentHash(of: name)])).json"
    if let data = FileManager.default.contents(atPath: "\(folder)/\(path)"),
      let value = try? JSONDecoder().decode(Value.self, from: data)
    {
      return value
    }
    let value = try make()
    try write(String(decoding: try JSONEncoder().encode(value), as: UTF8.self) + "\n", to: path)
    return value
  }

  func write(_ text: String, to name: String) throws { try Self.write(text, to: "\(folder)/\(name)") }

  static func write(_ text: String, to path: String) throws {
    var file = try AtomicFile(at: path, overwrite: true)
    try file.write(text)
    try file.commit()
  }
}
