import Checkpoints
import Datasets
import Domain
import Foundation

extension RunSpecification {
  static func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }

  /// The same with paths that hold in any working folder, for the record.
  package var withAbsolutePaths: RunSpecification { mappingPaths(Self.absolute, models: Self.absoluteModel) }

  /// Of a model, which may be named by its Hub identifier.
  static func absoluteModel(_ path: String) -> String { absolute(ModelFiles.place(path)) }

  /// The same where each file or folder that is not there any more is the one of its name in `folder`, if that is there.
  package func lookingForFiles(in folder: String) -> RunSpecification {
    mappingPaths { path in
      let other = folder + "/" + (path as NSString).lastPathComponent
      return access(path, F_OK) != 0 && access(other, F_OK) == 0 ? Self.absolute(other) : path
    }
  }

  /// Files with numbers that were computed elsewhere, by the option that names them.
  var computedFiles: [(option: String, path: String)] {
    var files: [(String, String?)] = [
      ("gradients", influence?.gradients), ("target-gradients", influence?.targetGradients),
      ("embeddings", influence?.embeddings), ("optimizer-state", influence?.optimizerState),
    ]
    switch source {
    case .matrices(let pool, let target, let existing)?:
      files += [("utilities", pool), ("target-utilities", target), ("existing-utilities", existing)]
    case .embeddings(let path, _)?: files.append(("embeddings", path))
    case .model?, .endpoint?, nil: break
    }
    return files.compactMap { option, path in path.map { (option, $0) } }
  }

  /// Every file that a run reads, but for those of a model's folder.
  var inputFiles: [String] {
    poolFiles + [target, existing].compactMap(\.self) + computedFiles.map(\.path)
  }

  /// Refuses a file to write that is one of those that are read, by whatever name.
  package func checkOutput(_ path: String) throws(WorkbenchError) {
    for input in inputFiles where Self.isSameFile(path, input) { throw .outputIsInput(path: path) }
  }

  private static func isSameFile(_ one: String, _ other: String) -> Bool {
    var (a, b) = (stat(), stat())
    return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino
  }

  /// The same with each path in it changed.
  package func mappingPaths(_ change: (String) -> String) -> RunSpecification { mappingPaths(change, models: change) }

  /// The same, those of models changed by `models`.
  package func mappingPaths(_ change: (String) -> String, models: (String) -> String) -> RunSpecification {
    var copy = self
    copy.pool = pool.map(change)
    copy.morePools = morePools.map(change)
    copy.target = target.map(change)
    copy.existing = existing.map(change)
    switch source {
    case .model(let directory)?: copy.source = .model(directory: models(directory))
    case .endpoint(var endpoint)?:
      endpoint.tokenizer = endpoint.tokenizer.map(models)
      copy.source = .endpoint(endpoint)
    case .matrices(let pool, let target, let existing)?:
      copy.source = .matrices(pool: change(pool), target: target.map(change), existing: existing.map(change))
    case .embeddings(let path, let neighbours)?: copy.source = .embeddings(change(path), neighbours: neighbours)
    case nil: break
    }
    copy.influence?.gradients = influence?.gradients.map(change)
    copy.influence?.targetGradients = influence?.targetGradients.map(change)
    copy.influence?.embeddings = influence?.embeddings.map(change)
    copy.influence?.optimizerState = influence?.optimizerState.map(change)
    return copy
  }
}

extension ContentHash {
  /// Of a file, or of the files in a folder in the order of their names.
  static func ofFileOrFolder(_ path: String) throws -> ContentHash {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
      return try DatasetFile.contentHash(ofFile: path)
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    return ContentHash(
      combining: try names.flatMap { name in
        [ContentHash(of: name), try DatasetFile.contentHash(ofFile: path + "/" + name)]
      })
  }
}
