import Datasets
import Domain

/// What is written beside an export: everything that is needed to make it again, and to know that it is the same.
package struct Manifest: Codable, Sendable, Hashable {
  /// A file that the run read.
  package struct Input: Codable, Sendable, Hashable {
    package var role: String
    package var file: String
    package var format: String
    package var schema: String
    package var rows: Int
    /// XXH3, 128 bits, of what was read (of what is in it, where it is compressed).
    package var contentHash: ContentHash
  }

  /// A file or folder of numbers that were computed elsewhere.
  package struct Computed: Codable, Sendable, Hashable {
    /// The option that names it.
    package var option: String
    package var file: String
    package var contentHash: ContentHash
  }

  /// What was left out or cut.
  package struct Counts: Codable, Sendable, Hashable {
    package var skippedRows: Int
    /// Passes in which a response was cut at its end to fit the model's context, and pairs that left no room for one. Nil where
    /// the run's scores are not at hand any more.
    package var shortenedResponses: Int?
    package var unmeasuredPairs: Int?
  }

  /// Version of Winnow that wrote it.
  package var winnow: String
  package var specification: RunSpecification
  /// Digests of the datasets by role: of several files, of all of them.
  package var contents: [String: ContentHash]
  package var inputs: [Input]
  /// Matrices, gradients and optimiser state that the run was given; nil where there are none.
  package var computed: [Computed]?
  /// What else is to be known of how files were read: questions without an answer that were left out, say.
  package var notes: [String]?
  /// Digest of configuration, tokenizer and weights; nil where no model took part.
  package var model: ContentHash?
  /// Digest of the prompt template; nil where no model took part.
  package var template: ContentHash?
  package var candidates: Int
  package var counts: Counts
  package var export: ExportOptions
  /// Digest of the exported file.
  package var exported: ContentHash?
  package var picks: [LocatedPick]
  package var objective: Double
  package var isPartial: Bool
  /// What scoring a part of the pairs cost; nil where all were scored.
  package var sparse: SparseReport?
  package var seconds: PhaseSeconds
}

extension Manifest {
  /// Everything but what the export itself adds.
  init(
    _ specification: RunSpecification, inputs: RunInputs, candidates: Int, selection: Selection, seconds: PhaseSeconds,
    version: String
  ) {
    winnow = version
    self.specification = specification.withAbsolutePaths
    contents = inputs.contents
    self.inputs = DatasetRole.allCases.flatMap { role in
      (inputs[role]?.summary.parts ?? []).map { part in
        Input(
          role: role.rawValue, file: RunSpecification.absolute(part.path), format: part.format.rawValue,
          schema: part.schema.rawValue, rows: part.rows, contentHash: part.contentHash)
      }
    }
    let computed = self.specification.computedFiles.compactMap { option, path in
      (try? ContentHash.ofFileOrFolder(path)).map { Computed(option: option, file: path, contentHash: $0) }
    }
    self.computed = computed.isEmpty ? nil : computed
    let notes = DatasetRole.allCases.flatMap { role in
      (inputs[role]?.summary.notes ?? []).map { "\(role.rawValue): \($0)" }
    }
    self.notes = notes.isEmpty ? nil : notes
    self.candidates = candidates
    counts = Counts(
      skippedRows: DatasetRole.allCases.reduce(0) { $0 + (inputs[$1]?.summary.badRows.count ?? 0) })
    export = ExportOptions()
    picks = inputs.located(selection.picks)
    objective = selection.objective
    isPartial = selection.isPartial
    sparse = selection.sparse
    self.seconds = seconds
  }
}
