import Foundation
import TestSupport
import Testing

private let pool = Places.sampleData.appendingPathComponent("pool.jsonl").path
private let model = Places.sampleData.appendingPathComponent("model").path

/// A float32 `.npy` file in C order, as numpy.save writes it.
private func numpy(_ rows: Int, _ columns: Int, _ values: [Float]) -> Data {
  var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), \(columns)), }"
  header += String(repeating: " ", count: 117 - header.utf8.count) + "\n"
  var data = Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0])
  data.append(Data(header.utf8))
  values.withUnsafeBytes { data.append(contentsOf: $0) }
  return data
}

private struct Answer: Decodable {
  struct Row: Decodable, Equatable {
    var index: Int
    var gain: Double
  }
  var selected: [Row]
  var n: Int
}

private func answer(_ result: Program.Result) throws -> Answer {
  try JSONDecoder().decode(Answer.self, from: Data(result.output.utf8))
}

@Suite struct MatrixCommandTests {
  @Test func aScoredMatrixChoosesWhatTheModelItselfChooses() throws {
    try Program.inFreshHome { program in
      let matrix = program.home.appendingPathComponent("u.npy")
      let scored = try program.run(
        "score", "--pool", pool, "--limit", "25", "--model", model, "--out", matrix.path)
      #expect(scored.status == 0, "\(scored.errors)")
      #expect(scored.output.isEmpty)
      #expect(try Data(contentsOf: matrix).count == 128 + 25 * 25 * 4)
      let direct = try answer(
        program.run(
          "select", "--pool", pool, "--limit", "25", "--model", model, "--budget", "8", "--json", "--rescale", "min-max"
        ))
      let imported = try answer(program.run("select", "--utilities", matrix.path, "--budget", "8", "--json"))
      #expect(imported.selected == direct.selected)
      #expect(imported.n == 25)

      // Raw utilities, rescaled on the way in, are the same; a matrix that is there is not replaced unasked.
      let again = try program.run("score", "--pool", pool, "--limit", "25", "--model", model, "--out", matrix.path)
      #expect(again.status == 64)
      let raw = program.home.appendingPathComponent("raw.npy")
      #expect(
        try program.run("score", "--raw", "--pool", pool, "--limit", "25", "--model", model, "--out", raw.path).status
          == 0)
      func chosen(_ source: [String], _ rescaling: [String]) throws -> [Answer.Row] {
        try answer(program.run(["select", "--budget", "8", "--json"] + source + rescaling)).selected
      }
      let (file, scores) = (["--utilities", raw.path], ["--pool", pool, "--limit", "25", "--model", model])
      #expect(try chosen(file, ["--rescale", "min-max"]) == direct.selected)
      #expect(try chosen(file, []) == chosen(scores, []))
      let refused = try program.run("select", "--utilities", raw.path, "--budget", "8", "--rescale", "none")
      #expect(refused.status == 65 && refused.errors.contains("below 0"))
    }
  }

  @Test func rowsAreTheQueriesAndColumnsTheExamples() throws {
    try Program.inFreshHome { program in
      let target = Places.sampleData.appendingPathComponent("target.jsonl").path
      let out = program.home.appendingPathComponent("q.npy")
      let result = try program.run(
        "score", "--pool", pool, "--limit", "5", "--queries", target, "--model", model, "--out", out.path)
      #expect(result.status == 0, "\(result.errors)")
      let text = String(decoding: try Data(contentsOf: out).prefix(128), as: UTF8.self)
      #expect(text.contains("'shape': (40, 5)"))
    }
  }

  @Test func whatDoesNotFitOrIsNoNumberIsRefusedByName() throws {
    try Program.inFreshHome { program in
      func write(_ name: String, _ data: Data) throws -> String {
        let url = program.home.appendingPathComponent(name)
        try data.write(to: url)
        return url.path
      }
      var values = [Float](repeating: 0.25, count: 16)
      values[6] = .nan
      let nan = try program.run("select", "--utilities", write("nan.npy", numpy(4, 4, values)), "--budget", "1")
      #expect(nan.status == 65 && nan.errors.contains("row 1, column 2"), "\(nan.errors)")

      let four = try write("four.npy", numpy(4, 4, (0..<16).map { Float($0) / 16 }))
      let misfit = try program.run("select", "--utilities", four, "--pool", pool, "--budget", "1")
      #expect(misfit.status == 65 && misfit.errors.contains("4 × 4"), "\(misfit.errors)")

      let cut = try write("cut.npy", numpy(4, 4, [1, 2, 3]))
      let truncated = try program.run("select", "--utilities", cut, "--budget", "1")
      #expect(truncated.status == 65 && truncated.errors.contains("truncated"), "\(truncated.errors)")

      #expect(try program.run("select", "--utilities", four, "--budget", "5").status == 64)
      #expect(try program.run("select", "--utilities", program.home.path + "/no.npy", "--budget", "1").status == 66)
      #expect(
        try program.run("select", "--utilities", four, "--method", "delift-task", "--budget", "1").status == 64)
      #expect(try program.run("select", "--utilities", four, "--model", model, "--budget", "1").status == 64)
    }
  }

  @Test func embeddingsMakeASparseKernel() throws {
    try Program.inFreshHome { program in
      // Two bundles of directions. Row 2 stands for its own and, as their third neighbour, a little for the others; the
      // second pick comes from the other bundle.
      let vectors: [Float] = [1, 0, 1, 0.1, 1, 0.2, 0, 1, 0.1, 1]
      let url = program.home.appendingPathComponent("e.npy")
      try numpy(5, 2, vectors).write(to: url)
      let found = try answer(
        program.run("select", "--embeddings", url.path, "--neighbours", "3", "--budget", "2", "--json"))
      #expect(found.selected.first?.index == 2)
      #expect([3, 4].contains(found.selected.last?.index))
      #expect(abs((found.selected.last?.gain ?? 0) - 1.50621) < 1e-4)
      #expect(
        try program.run("select", "--embeddings", url.path, "--method", "delift-task", "--budget", "1").status == 64)
    }
  }
}
