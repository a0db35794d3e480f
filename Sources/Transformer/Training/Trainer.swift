import Checkpoints
import Domain
import Foundation
import Numerics

/// What AdamW is set to, but for the learning rate; PyTorch's defaults.
package struct AdamWSettings: Sendable, Hashable, Codable {
  package var beta1: Float
  package var beta2: Float
  package var epsilon: Float
  package var weightDecay: Float

  package init(beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0.01) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }
}

/// Trains all parameters of a model, or an adapter on some of its products, with AdamW (Loshchilov and Hutter, 2019) on mean
/// response losses.
///
/// Used by one thread at a time; a step spreads over workers. Samples are summed in a fixed number of lanes, so a step gives
/// the same bits on any number of workers.
package final class Trainer {
  private static let lanes = 4
  private static let piece = 1 << 16  // elements of a flat vector that one worker takes at a time

  package let settings: AdamWSettings
  package let differentiator: Differentiator
  /// The model as it is trained so far. A step changes it: nothing may be running through it meanwhile.
  package let network: Network
  /// Steps taken.
  package private(set) var steps = 0
  /// What is trained: all parameters if nil.
  package let adapter: Adapter?
  /// Values and the two moments of what is trained, as flat vectors: of the model (``Differentiator/parameters``), products'
  /// weights row-major, or of the adapter.
  package let values: Matrix
  package let firstMoments: Matrix
  package let secondMoments: Matrix
  private let gradients: Matrix  // [lanes, count]
  /// With an adapter: the model's values with the changes put in, and the weights that are changed as they were.
  private let merged: Matrix
  private let frozen: Matrix
  private let workspaces: [Workspace]

  /// Begins at the model's weights; the model itself stays as it is.
  package init(_ model: Network, settings: AdamWSettings = AdamWSettings(), adapter: Adapter? = nil) {
    self.settings = settings
    self.adapter = adapter
    let layout = model.weights.layout
    let count = adapter?.count ?? layout.count
    values = Matrix(uninitializedRows: 1, columns: count)
    firstMoments = Matrix(zerosOfRows: 1, columns: count)
    secondMoments = Matrix(zerosOfRows: 1, columns: count)
    gradients = Matrix(uninitializedRows: Self.lanes, columns: count)
    merged = Matrix(uninitializedRows: 1, columns: adapter == nil ? 0 : layout.count)
    let whole = adapter == nil ? values.base : merged.base
    model.weights.copyRowMajor(into: whole)
    frozen = adapter?.frozenWeights(of: whole) ?? Matrix(uninitializedRows: 0, columns: 0)
    adapter?.fillFirstValues(values.base)
    differentiator = Differentiator(
      model.configuration, weights: Weights(layout, rowMajor: whole),
      transposed: TransposedWeights(layout, rowMajor: whole))
    network = Network(model, weights: differentiator.weights)
    workspaces = (0..<Self.lanes).map { [differentiator] _ in differentiator.makeWorkspace() }
  }

  /// One step on Σ weight · loss / n over the batch; returns that sum as it was before the step. Weights default to 1.
  package func step(
    on batch: [LossSample], weights: [Float]? = nil, rate: Float, workers: Workers = Workers()
  ) -> Double {
    precondition(!batch.isEmpty && weights.map { $0.count == batch.count } ?? true)
    let loss = sumGradients(of: batch, weights: weights, workers: workers)
    steps += 1
    let correction1 = 1 - powf(settings.beta1, Float(steps))
    let correction2 = 1 - powf(settings.beta2, Float(steps))
    let count = values.count
    // Sound: pieces are disjoint ranges of the vectors.
    nonisolated(unsafe) let (values, first, second, sums) = (
      values.base, firstMoments.base, secondMoments.base, gradients.base
    )
    let settings = settings
    workers.forEach((count + Self.piece - 1) / Self.piece) { piece, _ in
      let start = piece * Self.piece
      let size = min(Self.piece, count - start)
      for lane in 1..<Self.lanes {
        Vector.add(sums + lane * count + start, count: size, to: sums + start)
      }
      OptimizerKernel.adamW(
        values + start, gradient: sums + start, first: first + start, second: second + start, count: size, rate: rate,
        beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon, decay: settings.weightDecay,
        correction1: correction1, correction2: correction2)
    }
    refresh()
    return loss
  }

  /// Brings the model that passes are run through up to the values.
  private func refresh() {
    guard let adapter else { return differentiator.refresh(fromRowMajor: values.base) }
    adapter.merge(values.base, onto: frozen.base, into: merged.base)
    differentiator.refresh(fromRowMajor: merged.base)
  }

  /// What is trained, by name.
  private var parameters: [ModelParameter] { adapter?.parameters ?? differentiator.parameters }

  /// Fills each lane with the gradients of every fourth sample.
  private func sumGradients(of batch: [LossSample], weights: [Float]?, workers: Workers) -> Double {
    let losses = Matrix(zerosOfRows: 1, columns: batch.count)
    // Sound: a lane has its own gradient and workspace, a sample its own place for the loss.
    nonisolated(unsafe) let workspaces = workspaces
    nonisolated(unsafe) let (gradients, lossBase) = (gradients.base, losses.base)
    nonisolated(unsafe) let values = UnsafePointer(values.base)
    let differentiator = differentiator
    let adapter = adapter
    let ranges = adapter?.modules.map(\.range).sorted { $0.lowerBound < $1.lowerBound }
    let count = self.values.count
    workers.forEach(Self.lanes) { lane, _ in
      let sum = gradients + lane * count
      sum.update(repeating: 0, count: count)
      var target = GradientTarget.adding(to: sum)
      if let adapter {
        target = .blocks(of: ranges) { adapter.addDerivatives($0, $1, at: values, into: sum) }
      }
      for number in stride(from: lane, to: batch.count, by: Self.lanes) {
        let weight = weights?[number] ?? 1
        lossBase[number] = Float(
          differentiator.gradient(
            of: batch[number], factor: weight / Float(batch.count), to: target, in: workspaces[lane]))
      }
    }
    return (0..<batch.count).reduce(0.0) {
      $0 + Double(weights?[$1] ?? 1) * Double(losses.base[$1]) / Double(batch.count)
    }
  }

  // MARK: Files

  /// Writes the weights as `model.safetensors`, and beside it the other files of the model that `source` names (those of a GGUF file
  /// are made from its metadata) that a loader needs. `config.json` is taken as it is but for the type of the weights, which are float32 now.
  package func saveCheckpoint(to directory: String, from source: String) throws(CheckpointError) {
    let files = try ModelFiles(source)
    let configuration = try files.required("config.json").text
    var documents: [(name: String, document: ModelFiles.Document)] = []
    for name in [
      "tokenizer.json", "tokenizer_config.json", "generation_config.json", "special_tokens_map.json",
      "added_tokens.json",
      "chat_template.jinja",
    ] {
      if let document = try files.document(name) { documents.append((name, document)) }
    }
    do {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      for (name, document) in documents {
        try document.withBytes { Data($0) }.write(to: URL(fileURLWithPath: directory + "/" + name), options: .atomic)
      }
      // A quote inside of a JSON string has a backslash before it, so this finds members and never a part of a text.
      try configuration
        .replacing(/("(?:torch_)?dtype"\s*:\s*)"(?:bfloat16|float16|half)"/) { "\($0.1)\"float32\"" }
        .write(toFile: directory + "/config.json", atomically: true, encoding: .utf8)
    } catch {
      throw .unwritable(directory, reason: error.localizedDescription)
    }
    let whole = adapter == nil ? values.base : merged.base
    try SafeTensorsWriter.write(
      tensors(whole, of: differentiator.parameters), to: directory + "/model.safetensors")
  }

  /// Writes the adapter alone, in PEFT's file form; `base` is where its configuration says the model is.
  package func saveAdapter(to directory: String, base: String) throws(CheckpointError) {
    try adapter?.save(values.base, to: directory, base: base)
  }

  /// Writes the values, both moments and the number of steps, for a run to go on from or for Influence Distillation.
  package func saveState(to path: String) throws(CheckpointError) {
    try SafeTensorsWriter.write(
      tensors(values.base, of: parameters, prefix: "param.")
        + tensors(firstMoments.base, of: parameters, prefix: "exp_avg.")
        + tensors(secondMoments.base, of: parameters, prefix: "exp_avg_sq.")
        + [SafeTensorsWriter.Tensor(name: "steps", shape: [1], elements: { [steps] in [Float(steps)] })], to: path)
  }

  /// Goes on from a state that `saveState` wrote for the same model.
  package func loadState(from path: String) throws(CheckpointError) {
    guard FileManager.default.fileExists(atPath: path) else { throw .noSuchFile(path) }
    let file = try SafeTensors(path: path)
    // Everything is checked before anything is taken.
    for parameter in parameters {
      for prefix in ["param.", "exp_avg.", "exp_avg_sq."] {
        guard let shape = file.shape(of: prefix + parameter.name) else {
          throw .missingTensor(prefix + parameter.name, directory: path)
        }
        guard shape == parameter.shape else {
          throw .misshapenTensor(prefix + parameter.name, expected: parameter.shape, found: shape, file: path)
        }
      }
    }
    guard let count = try file.floats("steps").first, let steps = Int(exactly: count), steps >= 0 else {
      throw .malformed(path, reason: "steps is not a whole number")
    }
    for parameter in parameters {
      parameter.store(try file.floats("param." + parameter.name), in: values.base)
      parameter.store(try file.floats("exp_avg." + parameter.name), in: firstMoments.base)
      parameter.store(try file.floats("exp_avg_sq." + parameter.name), in: secondMoments.base)
    }
    self.steps = steps
    refresh()
  }

  private func tensors(
    _ vector: UnsafePointer<Float>, of parameters: [ModelParameter], prefix: String = ""
  ) -> [SafeTensorsWriter.Tensor] {
    parameters.map { parameter in
      SafeTensorsWriter.Tensor(
        name: prefix + parameter.name, shape: parameter.shape, elements: { parameter.elements(of: vector) })
    }
  }
}
