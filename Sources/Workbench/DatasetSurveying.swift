import Datasets
import Domain
import Numerics
import Synchronization
import Tokenizers

/// Reads every row of a file once for what it is made of.
package enum DatasetSurveying {
  /// Rows that one worker reads at a time.
  private static let piece = 4096
  /// Characters up to which every row is put into tokens; beyond, a sample of rows gives the ratio.
  private static let mostTokenised = 4_000_000
  private static let sampledRows = 1000

  /// - Parameter tokenizer: counts lengths in tokens; nil counts characters.
  /// - Throws: `CancellationError`. A row that cannot be read has no label and length 0.
  package static func survey(
    _ file: DatasetFile, tokenizer: Tokenizer?, workers: Workers, cancellation: Cancellation
  ) throws -> DatasetSurvey {
    let count = file.count
    let pieces = (count + piece - 1) / piece
    let parts = Mutex<[Part?]>(Array(repeating: nil, count: pieces))
    workers.forEach(pieces) { number, _ in
      if cancellation.isCancelled { return }
      let part = Part(file, number * piece..<min(count, (number + 1) * piece))
      parts.withLock { $0[number] = part }
    }
    try cancellation.check()
    let all = parts.withLock { $0.compactMap { $0 } }
    let survey = merged(all)
    guard let tokenizer, count > 0 else { return survey }
    let characters = survey.total
    if characters <= mostTokenised {
      let lengths = Mutex<[UInt32]>(survey.lengths)
      workers.forEach(pieces) { number, _ in
        if cancellation.isCancelled { return }
        let range = number * piece..<min(count, (number + 1) * piece)
        let counted = range.map { position in tokens(of: position, in: file, tokenizer) }
        lengths.withLock { $0.replaceSubrange(range, with: counted) }
      }
      try cancellation.check()
      return survey.with(tokens: lengths.withLock { $0 }, isEstimate: false)
    } else {
      let step = max(1, count / sampledRows)
      var (tokenSum, characterSum) = (0, 0)
      for position in stride(from: 0, to: count, by: step) {
        try cancellation.check()
        tokenSum += Int(tokens(of: position, in: file, tokenizer))
        characterSum += Int(survey.lengths[position])
      }
      let ratio = characterSum > 0 ? Double(tokenSum) / Double(characterSum) : 1
      return survey.with(
        tokens: survey.lengths.map { UInt32(min(4e9, (Double($0) * ratio).rounded())) }, isEstimate: true)
    }
  }

  private static func tokens(of position: Int, in file: DatasetFile, _ tokenizer: Tokenizer) -> UInt32 {
    guard let sample = try? file.sample(at: position) else { return 0 }
    let parts = sample.query.instructionAndInput
    let count = [parts.instruction, parts.input, sample.response].reduce(0) { $0 + tokenizer.encode($1).count }
    return UInt32(clamping: count)
  }

  /// What a piece of the file is made of.
  private struct Part {
    var labels: [String] = []
    var labelOfRow: [Int32] = []
    var lengths: [UInt32] = []

    init(_ file: DatasetFile, _ range: Range<Int>) {
      var known: [String: Int32] = [:]
      labelOfRow.reserveCapacity(range.count)
      lengths.reserveCapacity(range.count)
      if let samples = try? file.samples(at: range) {
        for sample in samples { add(sample, &known) }
      } else {
        for position in range { add(try? file.sample(at: position), &known) }
      }
    }

    private mutating func add(_ sample: Sample?, _ known: inout [String: Int32]) {
      guard let sample else {
        labelOfRow.append(-1)
        lengths.append(0)
        return
      }
      let parts = sample.query.instructionAndInput
      lengths.append(
        UInt32(
          clamping: parts.instruction.unicodeScalars.count + parts.input.unicodeScalars.count
            + sample.response.unicodeScalars.count))
      guard let label = sample.label else {
        labelOfRow.append(-1)
        return
      }
      if let index = known[label] {
        labelOfRow.append(index)
      } else if labels.count < DatasetSurvey.mostLabels {
        known[label] = Int32(labels.count)
        labelOfRow.append(Int32(labels.count))
        labels.append(label)
      } else {
        labelOfRow.append(-1)
      }
    }
  }

  /// The parts in order; labels are ordered by how frequent they are.
  private static func merged(_ parts: [Part]) -> DatasetSurvey {
    var labels: [String] = []
    var known: [String: Int] = [:]
    var counts: [Int] = []
    var ofRow: [Int32] = []
    var lengths: [UInt32] = []
    ofRow.reserveCapacity(parts.count * piece)
    lengths.reserveCapacity(parts.count * piece)
    for part in parts {
      let indices = part.labels.map { label -> Int in
        if let index = known[label] { return index }
        guard labels.count < DatasetSurvey.mostLabels else { return -1 }
        known[label] = labels.count
        labels.append(label)
        counts.append(0)
        return labels.count - 1
      }
      for own in part.labelOfRow {
        let index = own < 0 ? -1 : indices[Int(own)]
        if index >= 0 { counts[index] += 1 }
        ofRow.append(Int32(index))
      }
      lengths += part.lengths
    }
    let order = labels.indices.sorted { counts[$0] != counts[$1] ? counts[$0] > counts[$1] : $0 < $1 }
    var rank = [Int32](repeating: 0, count: labels.count)
    for (index, label) in order.enumerated() { rank[label] = Int32(index) }
    return DatasetSurvey(
      labels: order.map { labels[$0] }, labelOfRow: ofRow.map { $0 < 0 ? -1 : rank[Int($0)] }, lengths: lengths,
      unit: .characters, isEstimate: false)
  }
}
