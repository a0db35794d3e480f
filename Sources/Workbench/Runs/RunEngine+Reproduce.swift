import Datasets
import Domain
import Foundation
import LanguageModel
import Scoring

extension Manifest {
  /// The same with the files that are not there any more looked for in a folder, by name.
  package func lookingForFiles(in folder: String) -> Manifest {
    var copy = self
    copy.specification = specification.lookingForFiles(in: folder)
    return copy
  }

  /// Files that the run reads and that are not there.
  package var missingFiles: [String] {
    let specification = specification
    var files = specification.inputFiles
    if let directory = specification.source?.templateDirectory { files.append(directory) }
    return files.filter { !FileManager.default.fileExists(atPath: $0) }
  }
}

/// What came of running a manifest again.
package struct Reproduction: Sendable, Hashable, Codable {
  package var isSame: Bool
  /// What differs, a sentence each: inputs that are no longer what they were, the first pick that is another.
  package var differences: [String]

  package init(isSame: Bool, differences: [String]) {
    self.isSame = isSame
    self.differences = differences
  }
}

extension Manifest {
  /// Errors: `DatasetError` for a file that is not there, `WorkbenchError.badManifest` for one that is no manifest.
  package init(path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else { throw DatasetError.noSuchFile(path: path) }
    do {
      self = try JSONDecoder().decode(Manifest.self, from: data)
    } catch {
      throw WorkbenchError.badManifest(path: path)
    }
  }
}

extension RunEngine {
  /// Runs a manifest's specification again and says whether the result is the same: the same rows in the same order, gains and
  /// weights equal to the last bit.
  package func reproduce(
    _ manifest: Manifest, cancellation: Cancellation, observe: @escaping @Sendable (RunEvent) -> Void
  ) throws -> Reproduction {
    var differences: [String] = []
    if case .model(let directory)? = manifest.specification.source, let wanted = manifest.model,
      try Model.contentHash(directory: directory) != wanted
    {
      differences.append("The model in \(directory) is not the one that was used.")
    }
    if let wanted = manifest.template,
      try manifest.specification.source?.template(manifest.specification.template)?.contentHash != wanted
    {
      differences.append("The prompt template \"\(manifest.specification.template)\" is not what it was.")
    }
    for (computed, now) in zip(manifest.computed ?? [], manifest.specification.computedFiles)
    where try ContentHash.ofFileOrFolder(now.path) != computed.contentHash {
      differences.append("The file of --\(computed.option) is not what it was: \(now.path)")
    }
    // A prefilter is asked again.
    var specification = manifest.specification
    specification.leftOut = nil
    specification.prefilter?.kept = nil
    let outcome = try execute(specification, cancellation: cancellation, observe: observe)
    for role in DatasetRole.allCases.map(\.rawValue)
    where outcome.inputs.contents[role] != manifest.contents[role] {
      let before = manifest.inputs.filter { $0.role == role }
      let now = DatasetRole(rawValue: role).flatMap { outcome.inputs[$0]?.summary.parts } ?? []
      let changed = zip(before, now).filter { $0.contentHash != $1.contentHash }.map { before, now in
        now.path + (now.rows == before.rows ? "" : " (\(now.rows) rows, and \(before.rows) before)")
      }
      differences.append("The \(role) is not what it was: \(changed.joined(separator: ", "))")
    }
    if outcome.selection.isPartial != manifest.isPartial {
      differences.append(manifest.isPartial ? "The run had been stopped early." : "The run was stopped early.")
    }
    let found = outcome.inputs.located(outcome.selection.picks)
    if found.count != manifest.picks.count {
      differences.append("\(found.count) rows were chosen, and \(manifest.picks.count) before.")
    }
    if let rank = zip(found, manifest.picks).enumerated().first(where: { _, pair in
      (pair.0.row, pair.0.gain, pair.0.weight) != (pair.1.row, pair.1.gain, pair.1.weight)
    })?.offset {
      let (now, before) = (found[rank], manifest.picks[rank])
      differences.append(
        "Pick \(rank) is row \(now.row) with gain \(now.gain), and was row \(before.row) with gain \(before.gain)."
      )
    }
    if outcome.selection.objective != manifest.objective {
      differences.append("The objective is \(outcome.selection.objective), and was \(manifest.objective).")
    }
    return Reproduction(isSame: differences.isEmpty, differences: differences)
  }
}
