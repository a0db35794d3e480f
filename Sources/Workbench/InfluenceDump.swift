import Datasets
import Domain
import Foundation
import Influence
import Numerics

extension InfluenceOutcome {
  /// Writes what the run rests on as `.npy` files: `p` (a row a candidate, a column a target, or one where targets are pooled; rows
  /// without a gradient are 0), `weights` where there are any, `landmarks` and `held-out` (rows of the pool) with `p_exact` of both,
  /// `embeddings`, and of the second order `Q`, or `Q_landmarks` and the factor `C` with Q ≈ C Q_landmarks C'. `rows` names the
  /// candidates that p's gradients, embeddings and Q belong to, in order.
  package func dump(to folder: String, candidates: Int, replacing: Bool) throws {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw InfluenceError.unwritable(path: folder, reason: error.localizedDescription)
    }
    func write(_ name: String, rows: Int, columns: Int, type: String, _ bytes: UnsafeRawBufferPointer) throws {
      var file = try AtomicFile(at: "\(folder)/\(name).npy", overwrite: replacing)
      try file.write(NumpyHeader.bytes(rows: rows, columns: columns, type: type))
      try file.write(bytes)
      try file.commit()
    }
    func write(_ name: String, _ matrix: DoubleMatrix) throws {
      try matrix.elements.withUnsafeBytes {
        try write(name, rows: matrix.rows, columns: matrix.columns, type: "<f8", $0)
      }
    }
    func write(_ name: String, _ candidates: [Candidate]) throws {
      try candidates.map { Int64($0.value) }.withUnsafeBytes {
        try write(name, rows: candidates.count, columns: 1, type: "<i8", $0)
      }
    }
    var influence = DoubleMatrix(zerosOfRows: candidates, columns: result.influence.columns)
    var weights = DoubleMatrix(zerosOfRows: candidates, columns: 1)
    for (sample, candidate) in result.candidates.enumerated() {
      for column in 0..<influence.columns { influence[candidate.value, column] = result.influence[sample, column] }
      if let found = result.weights { weights[candidate.value, 0] = found[sample] }
    }
    if result.weights == nil { for pick in picks { weights[pick.candidate.value, 0] = pick.weight } }
    try write("p", influence)
    try write("weights", weights)
    try write("rows", result.candidates)
    if let propagated = result.propagated {
      try write("landmarks", propagated.landmarks.map(result.candidate))
      try write("held-out", propagated.heldOut.map(result.candidate))
      try write("p_exact", propagated.exact)
      try write(
        "embeddings", rows: propagated.embeddings.rows, columns: propagated.embeddings.columns, type: "<f4",
        UnsafeRawBufferPointer(propagated.embeddings.elements))
    }
    switch result.curvature {
    case .dense(let matrix)?: try write("Q", matrix)
    case .factored(let factor, let core)?:
      try write("Q_landmarks", core)
      try write("C", factor)
    case nil: break
    }
  }
}
