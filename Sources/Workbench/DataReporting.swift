import Checkpoints
import Datasets
import Domain
import Foundation
import JSONBytes
import LanguageModel
import Numerics
import SampleEncoding
import Synchronization
import Tokenizers

/// Makes a ``DataReport``.
package enum DataReporting {
  /// Rows that are put into tokens, evenly spread.
  private static let mostTokenised = 20_000
  private static let shownLines = 10
  private static let shownGroups = 10

  /// How a model would read the rows.
  package struct Reader: Sendable {
    let template: PromptTemplate
    let templateName: String
    let tokenizer: Tokenizer
    let endOfSequence: Int32
    let context: Int?

    /// Reads the tokenizer and what `config.json` says, no weights. Errors: those of reading them.
    package init(model directory: String, template name: String) throws {
      tokenizer = try Tokenizer(directory: directory)
      template = try .named(name, model: directory)
      templateName = name
      let path = directory + "/config.json"
      let configuration = try? ModelConfiguration(
        JSON.parse(String(contentsOfFile: path, encoding: .utf8)), file: path)
      context = configuration?.contextLength
      endOfSequence = tokenizer.endOfSequence ?? configuration?.endOfSequence ?? 0
    }

    func encoded(_ sample: Sample) throws -> EncodedSample {
      try template.alone(sample, tokenizer: tokenizer, endOfSequence: endOfSequence)
    }
  }

  /// - Parameters:
  ///   - file: opened, not validated.
  ///   - others: sets whose rows should not stand in the pool, by role.
  /// - Throws: errors of reading; `CancellationError`.
  package static func report(
    on file: DatasetFile, beside others: [(role: String, file: DatasetFile)] = [], reader: Reader? = nil,
    workers: Workers, cancellation: Cancellation
  ) throws -> DataReport {
    let good = try file.validated(skippingBadRows: true, cancellation: cancellation)
    let others = try others.map {
      (role: $0.role, file: try $0.file.validated(skippingBadRows: true, cancellation: cancellation))
    }
    let fields = try file.fields(cancellation: cancellation)
    let looked = file.summary.parts.reduce(0) { $0 + min($1.rows, DatasetFile.rowsForFields) }
    let copies = try NearCopies([good] + others.map(\.file), workers: workers, cancellation: cancellation)
    return DataReport(
      files: files(of: file), rows: file.rowCount, usable: good.count, badRows: badRows(good.summary),
      leftOut: good.summary.leftOut, notes: good.summary.notes,
      fields: fields.map {
        DataReport.Field(
          name: $0.name, kinds: $0.kinds, fill: looked > 0 ? Double($0.filled) / Double(looked) : 0,
          examples: $0.examples, role: $0.role)
      },
      leftovers: fields.filter { field in
        field.role == nil && !field.name.contains(".")
      }.map(\.name),
      lengths: try lengths(of: good, reader, workers, cancellation),
      labels: try labels(of: good, workers, cancellation),
      duplicates: duplicates(copies, in: good), overlaps: overlaps(copies, of: others, with: good),
      first: try first(of: good, reader))
  }

  private static func files(of file: DatasetFile) -> [DataReport.File] {
    file.summary.parts.enumerated().map { number, part in
      let roles = file.roles(ofFile: number)
      let named = roles.map { "\"\($0.field)\" as \($0.role)" }.joined(separator: ", ")
      return DataReport.File(
        path: part.path, format: part.format.rawValue, schema: part.schema.rawValue,
        reason: Schema.named(part.schema)?.reason ?? "Fields are read as they were named: \(named).",
        roles: roles.map { DataReport.Role(field: $0.field, role: $0.role) }, rows: part.rows,
        hash: "\(part.contentHash)")
    }
  }

  private static func badRows(_ summary: DatasetSummary) -> [DataReport.BadRows] {
    var found: [DataReport.BadRows] = []
    for row in summary.badRows {
      let line = "\(row.file ?? summary.path):\(row.line)"
      if let place = found.firstIndex(where: { $0.reason == row.reason }) {
        found[place].rows += 1
        if found[place].lines.count < shownLines { found[place].lines.append(line) }
      } else {
        found.append(DataReport.BadRows(reason: row.reason, rows: 1, lines: [line]))
      }
    }
    return found.sorted { $0.rows > $1.rows }
  }

  // MARK: Lengths and labels

  private static func lengths(
    of file: DatasetFile, _ reader: Reader?, _ workers: Workers, _ cancellation: Cancellation
  ) throws -> DataReport.Lengths {
    let step = reader == nil ? 1 : max(1, (file.count + mostTokenised - 1) / mostTokenised)
    let positions = Array(stride(from: 0, to: file.count, by: step))
    let piece = 512
    let found = Mutex<[[(prompt: Int, response: Int, isBeyond: Bool)]]>(
      Array(repeating: [], count: (positions.count + piece - 1) / piece))
    try workers.forEach((positions.count + piece - 1) / piece, cancellation: cancellation) { number, _ in
      let own = positions[number * piece..<min(positions.count, (number + 1) * piece)]
      let samples: [Sample] =
        step == 1
        ? try file.samples(at: own.startIndex..<own.endIndex) : try own.map { try file.sample(at: $0) }
      let lengths = samples.map { sample in
        guard let reader else {
          let response = words(sample.response)
          return (prompt: sample.wordCount - response, response: response, isBeyond: false)
        }
        let parts = sample.prompts.filter { !$0.isEmpty }
        let prompt = parts.reduce(0) { $0 + reader.tokenizer.encode($1, addingSpecialTokens: false).count }
        let response = reader.tokenizer.encode(sample.response, addingSpecialTokens: false).count
        var isBeyond = false
        if let context = reader.context, 2 * (prompt + response) + 512 > context {
          isBeyond = ((try? reader.encoded(sample))?.tokens.count ?? 0) > context
        }
        return (prompt: prompt, response: response, isBeyond: isBeyond)
      }
      found.withLock { $0[number] = lengths }
    }
    let all = Array(found.withLock { $0 }.joined())
    return DataReport.Lengths(
      unit: reader == nil ? "words" : "tokens", rows: all.count, prompt: .init(all.map(\.prompt)),
      response: .init(all.map(\.response)), total: .init(all.map { $0.prompt + $0.response }),
      context: reader?.context, beyondContext: reader?.context.map { _ in all.count { $0.isBeyond } })
  }

  private static func words(_ text: String) -> Int { text.split(whereSeparator: \.isWhitespace).count }

  private static func labels(
    of file: DatasetFile, _ workers: Workers, _ cancellation: Cancellation
  ) throws -> DataReport.Labels? {
    guard let field = file.summary.labelField else { return nil }
    let survey = try DatasetSurveying.survey(file, tokenizer: nil, workers: workers, cancellation: cancellation)
    var counts = [Int](repeating: 0, count: survey.labels.count)
    var without = 0
    for label in survey.labelOfRow { if label < 0 { without += 1 } else { counts[Int(label)] += 1 } }
    return DataReport.Labels(
      field: field, without: without, labels: zip(survey.labels, counts).map { DataReport.Label(label: $0, rows: $1) })
  }

  // MARK: Copies

  private static func place(_ position: Int, in file: DatasetFile) -> DataReport.Place {
    let index = file.index(at: position)
    let location = file.location(of: index)
    return DataReport.Place(file: location.file, line: location.line, index: index)
  }

  private static func duplicates(_ copies: NearCopies, in file: DatasetFile) -> DataReport.Duplicates {
    func own(_ groups: [[NearCopies.Place]]) -> [[Int]] {
      groups.map { $0.filter { $0.set == 0 }.map(\.position) }.filter { $0.count > 1 }
    }
    func summary(_ groups: [[Int]]) -> DataReport.Copies {
      DataReport.Copies(
        rows: groups.reduce(0) { $0 + $1.count - 1 }, groups: groups.count,
        examples: groups.prefix(shownGroups).map { $0.prefix(5).map { place($0, in: file) } })
    }
    let (exact, near) = (own(copies.exact), own(copies.near))
    return DataReport.Duplicates(
      exact: summary(exact), near: summary(near), samePrompt: summary(own(copies.prompts)),
      across: across(exact, near, in: file))
  }

  private static func across(_ exact: [[Int]], _ near: [[Int]], in file: DatasetFile) -> [DataReport.Shared] {
    let parts = file.summary.parts
    guard parts.count > 1 else { return [] }
    // The file of a row, from where each file ends.
    var ends: [Int] = []
    for part in parts { ends.append((ends.last ?? 0) + part.rows) }
    func part(_ position: Int) -> Int {
      let index = file.index(at: position).value
      return ends.firstIndex { index < $0 } ?? ends.count - 1
    }
    var counts: [[Int]: (exact: Int, near: Int)] = [:]
    for (groups, isExact) in [(exact, true), (near, false)] {
      for group in groups {
        for position in group {
          let own = part(position)
          for other in Set(group.map(part)) where other < own {
            if isExact {
              counts[[other, own], default: (0, 0)].exact += 1
            } else {
              counts[[other, own], default: (0, 0)].near += 1
            }
          }
        }
      }
    }
    return counts.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { pair, count in
      DataReport.Shared(files: pair.map { parts[$0].path }, exact: count.exact, near: count.near)
    }
  }

  private static func overlaps(
    _ copies: NearCopies, of others: [(role: String, file: DatasetFile)], with pool: DatasetFile
  ) -> [DataReport.Overlap] {
    others.enumerated().map { number, other in
      /// Rows of the set with one of the pool in their group.
      func found(_ groups: [[NearCopies.Place]]) -> [Int: Int] {
        var rows: [Int: Int] = [:]
        for group in groups {
          guard let first = group.first(where: { $0.set == 0 }) else { continue }
          for place in group where place.set == number + 1 { rows[place.position] = first.position }
        }
        return rows
      }
      let exact = found(copies.exact)
      var near = found(copies.near)
      // A row that stands for its copies stands for theirs in other sets too.
      for group in copies.exact {
        guard let first = group.first, let pool = near[first.position], first.set == number + 1 else { continue }
        for place in group where place.set == number + 1 { near[place.position] = pool }
      }
      near = near.filter { exact[$0.key] == nil }
      let all = exact.merging(near) { first, _ in first }
      return DataReport.Overlap(
        role: other.role, path: other.file.summary.path, rows: other.file.count, exact: exact.count,
        prompt: found(copies.prompts).count, near: near.count,
        examples: all.sorted { $0.key < $1.key }.prefix(shownGroups).map {
          DataReport.Pair(row: place($0.key, in: other.file), pool: place($0.value, in: pool))
        })
    }
  }

  // MARK: The first row

  private static func first(of file: DatasetFile, _ reader: Reader?) throws -> DataReport.FirstRow? {
    guard file.count > 0 else { return nil }
    let sample = try file.sample(at: 0)
    let asked = sample.instructionAndInput
    var row = DataReport.FirstRow(
      index: sample.index, prompt: [asked.instruction, asked.input].filter { !$0.isEmpty }.joined(separator: "\n\n"),
      response: sample.response, template: reader?.templateName)
    guard let reader else { return row }
    do {
      let encoded = try reader.encoded(sample)
      row.tokens = encoded.tokens
      row.loss = encoded.losses
      let losses = Set(encoded.losses)
      var pieces: [(tokens: [Int32], loss: Bool)] = []
      for (place, token) in encoded.tokens.enumerated() {
        let loss = losses.contains(place)
        if pieces.last?.loss != loss { pieces.append(([], loss)) }
        pieces[pieces.count - 1].tokens.append(token)
      }
      row.pieces = pieces.map { DataReport.Piece(text: reader.tokenizer.decode($0.tokens), loss: $0.loss) }
    } catch {
      row.problem = ErrorReport(describing: error).problem
    }
    return row
  }
}
