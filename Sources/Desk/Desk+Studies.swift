import Datasets
import Domain
import Foundation
import Interface
import Numerics
import Tokenizers
import Workbench

/// What is worked out beside a run: what files are made of, what a run would take, maps, and what runs have to do with each
/// other.
extension Desk {
  /// Cores for work that the user does not wait for alone: a run keeps the rest.
  private var helpers: Workers { Workers(count: max(1, engine.workers.count / 2)) }

  func survey(_ key: DatasetKey, _ model: String?) {
    let cancellation = Cancellation()
    state.withLock { state in
      state.surveying[key]?.cancel()
      state.surveying[key] = cancellation
    }
    queues.studies.async { [self] in
      guard let file = state.withLock({ $0.files[key] }), !cancellation.isCancelled else { return }
      // Without a tokenizer, lengths are counted in characters; that the model is no good is said where it is used.
      let tokenizer = model.flatMap { try? Tokenizer(directory: PathCompletion.expanded($0)) }
      guard
        let survey = try? DatasetSurveying.survey(
          file, tokenizer: tokenizer, workers: helpers, cancellation: cancellation)
      else { return }
      state.withLock { $0.surveys[key] = survey }
      post(.surveyed(key, survey))
    }
  }

  func estimate(_ specification: RunSpecification) {
    let cancellation = Cancellation()
    let files = state.withLock { state in
      state.estimating?.cancel()
      state.estimating = cancellation
      return state.files.values
    }
    func file(_ role: DatasetRole, _ path: String?) -> DatasetFile? {
      path.flatMap { path in files.first { $0.summary.role == role && $0.summary.path == path } }
    }
    let pool = file(.pool, specification.pool)
    let (target, existing) = (file(.target, specification.target), file(.existing, specification.existing))
    queues.studies.async { [self] in
      guard let pool, !cancellation.isCancelled else { return }
      do {
        let found = try engine.estimate(
          specification.withExpandedPaths, pool: pool, target: target, existing: existing, cancellation: cancellation)
        post(.estimated(specification, found))
      } catch is CancellationError {
        // Another one took its place, and will be answered.
      } catch {
        post(.estimateFailed(specification, ErrorReport(describing: error)))
      }
    }
  }

  func makeMap(_ request: MapRequest) {
    let cancellation = Cancellation()
    state.withLock { state in
      state.mapping?.cancel()
      state.mapping = cancellation
    }
    queues.studies.async { [self] in
      do {
        try cancellation.check()
        let map: PoolMap
        let observe: @Sendable (Domain.Progress) -> Void = { self.post(.mapping(request, $0)) }
        switch request.source {
        case .utilities:
          guard let run = request.run else { return }
          map = try engine.map(of: outcome(of: run), workers: helpers, cancellation: cancellation)
        case .embeddings, .gradients:
          if let model = request.model {
            guard let file = state.withLock({ $0.files[request.file] }) else { return }
            let directory = PathCompletion.expanded(model)
            let make = request.source == .gradients ? PoolMapping.byGradients : PoolMapping.byEmbeddings
            map = try make(file, directory, request.template ?? "delift", helpers, cancellation, observe)
            break
          }
          map = try PoolMapping.byEmbeddings(
            PathCompletion.expanded(request.path ?? ""), workers: helpers, cancellation: cancellation)
        case .words:
          guard let file = state.withLock({ $0.files[request.file] }) else { return }
          map = try PoolMapping.byWords(file, workers: helpers, cancellation: cancellation)
        }
        post(.mapped(request, map))
      } catch is CancellationError {
        // Another one took its place, or none is wanted.
      } catch {
        post(.mapFailed(request, ErrorReport(describing: error)))
      }
    }
  }

  func makeHeatMap(_ request: HeatRequest) {
    queues.studies.async { [self] in
      do {
        let survey = state.withLock { $0.surveys[request.file] }
        let map = try engine.heatMap(
          of: outcome(of: request.run), order: request.order,
          label: { row in
            guard let survey, survey.labelOfRow.indices.contains(row), survey.labelOfRow[row] >= 0 else { return nil }
            return survey.labels[Int(survey.labelOfRow[row])]
          }, workers: helpers, cancellation: Cancellation())
        post(.heated(request, map))
      } catch {
        post(.heatFailed(request, ErrorReport(describing: error)))
      }
    }
  }

  func cross(_ ids: [RunID]) {
    queues.studies.async { [self] in
      // A run that cannot be brought back has no values; the others still have theirs.
      let outcomes = ids.map { try? outcome(of: $0) }
      let values = outcomes.map { objective in
        outcomes.map { choice -> Double? in
          guard let objective, let choice else { return nil }
          return (try? engine.value(of: engine.ending(of: choice).selection.picks.map(\.index), to: objective)) ?? nil
        }
      }
      post(.crossed(ids, values))
    }
  }

  /// A run with all that is needed to ask it: one of this session, or one of the library brought back.
  func outcome(of run: RunID) throws -> Runs.Outcome {
    let (known, number) = state.withLock { ($0.outcomes[run], $0.stored[run]) }
    if let known { return known }
    guard let number else { throw ErrorReport("the run is not at hand any more", status: .failed) }
    // One at a time: several questions about one run bring it back once.
    return try reopening.withLock { _ in
      if let known = state.withLock({ $0.outcomes[run] }) { return known }
      let outcome = try engine.reopen(number)
      state.withLock { $0.outcomes[run] = outcome }
      return outcome
    }
  }

  /// The latest runs of the library on a pool, the oldest first.
  func loadRuns(_ pool: ContentHash) {
    do {
      let records = try engine.runs(on: pool, most: 20)
      let runs = records.compactMap { record -> StoredRun? in
        guard let selection = record.selection else { return nil }
        let id = state.withLock { state in
          if let known = state.stored.first(where: { $0.value == record.id })?.key { return known }
          defer { state.nextRun += 1 }
          state.stored[state.nextRun] = record.id
          return state.nextRun
        }
        return StoredRun(
          id: id, number: record.id, specification: record.specification, contents: record.contents,
          candidates: record.rows, selection: selection, seconds: record.seconds)
      }
      post(.storedRuns(pool: pool, runs))
    } catch {
      post(.notice("earlier runs can't be read: \(ErrorReport(describing: error).problem)"))
    }
  }

  func write(_ text: String, to path: String, _ overwrite: Bool) {
    let path = PathCompletion.expanded(path)
    do {
      var file = try AtomicFile(at: path, overwrite: overwrite)
      try file.write(text)
      try file.commit()
      post(.wrote(path: path))
    } catch DatasetError.exists {
      post(.textExists(path: path, text: text))
    } catch {
      post(.failed(ErrorReport(describing: error)))
    }
  }
}

extension RunSpecification {
  /// The same with `~` in the paths of models and matrices written out, as `open` does for files.
  var withExpandedPaths: RunSpecification { mappingPaths(PathCompletion.expanded) }
}
