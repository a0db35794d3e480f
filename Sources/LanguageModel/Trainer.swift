import Domain
import Foundation
import Numerics

/// What AdamW is set to, but for the learning rate; PyTorch's defaults.
public struct AdamWSettings: Sendable, Hashable, Codable {
  public var beta1: Float
  public var beta2: Float
  public var epsilon: Float
  public var weightDecay: Float

  public init(beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0.01) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }
}

/// Trains all parameters of a model with AdamW (Loshchilov and Hutter, 2019) on mean response losses.
///
/// Used by one thread at a time; a step spreads over workers. Samples are summed in a fixed number of lanes, so a step gives
/// the same bits on any number of workers.
public final class Trainer {
  private static let lanes = 4
  private static let piece = 1 << 16  // elements of a flat vector that one worker takes at a time

  public let settings: AdamWSettings
  public let differentiator: Differentiator
  /// Steps taken.
  public private(set) var steps = 0
  /// Values and the two moments as flat vectors (``Differentiator/parameters``), products' weights row-major.
  public let values: Matrix
  public let firstMoments: Matrix
  public let secondMoments: Matrix
  private let gradients: Matrix  // [lanes, count]
  private let workspaces: [GradientWorkspace]

  /// Begins at the model's weights; the model itself stays as it is.
  public init(_ model: Model, settings: AdamWSettings = AdamWSettings()) {
    self.settings = settings
    let layout = model.weights.layout
    values = Matrix(uninitializedRows: 1, columns: layout.count)
    firstMoments = Matrix(zerosOfRows: 1, columns: layout.count)
    secondMoments = Matrix(zerosOfRows: 1, columns: layout.count)
    gradients = Matrix(uninitializedRows: Self.lanes, columns: layout.count)
    model.weights.copyRowMajor(into: values.base)
    differentiator = Differentiator(
      model.configuration, weights: Weights(layout, rowMajor: values.base),
      transposed: TransposedWeights(layout, rowMajor: values.base))
    workspaces = (0..<Self.lanes).map { [differentiator] _ in differentiator.makeWorkspace() }
  }

  /// One step on Σ weight · loss / n over the batch; returns that sum as it was before the step. Weights default to 1.
  public func step(
    on batch: [LossSample], weights: [Float]? = nil, rate: Float, workers: Workers = Workers()
  ) -> Double {
    precondition(!batch.isEmpty && weights.map { $0.count == batch.count } ?? true)
    let loss = sumGradients(of: batch, weights: weights, workers: workers)
    steps += 1
    let correction1 = 1 - powf(settings.beta1, Float(steps))
    let correction2 = 1 - powf(settings.beta2, Float(steps))
    let count = differentiator.count
    // Sound: pieces are disjoint ranges of the vectors.
    nonisolated(unsafe) let (values, first, second, sums) = (
      values.base, firstMoments.base, secondMoments.base, gradients.base
    )
    let settings = settings
    workers.forEach((count + Self.piece - 1) / Self.piece) { piece, _ in
      let start = piece * Self.piece
      let size = min(Self.piece, count - start)
      for lane in 1..<Self.lanes {
        TransformerKernel.addBias(sums + start, bias: sums + lane * count + start, rows: 1, columns: size)
      }
      OptimizerKernel.adamW(
        values + start, gradient: sums + start, first: first + start, second: second + start, count: size, rate: rate,
        beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon, decay: settings.weightDecay,
        correction1: correction1, correction2: correction2)
    }
    differentiator.refresh(fromRowMajor: values)
    return loss
  }

  /// Fills each lane with the gradients of every fourth sample.
  private func sumGradients(of batch: [LossSample], weights: [Float]?, workers: Workers) -> Double {
    let losses = Matrix(zerosOfRows: 1, columns: batch.count)
    // Sound: a lane has its own gradient and workspace, a sample its own place for the loss.
    nonisolated(unsafe) let workspaces = workspaces
    nonisolated(unsafe) let (gradients, lossBase) = (gradients.base, losses.base)
    let differentiator = differentiator
    let count = differentiator.count
    workers.forEach(Self.lanes) { lane, _ in
      let sum = gradients + lane * count
      sum.update(repeating: 0, count: count)
      for number in stride(from: lane, to: batch.count, by: Self.lanes) {
        let weight = weights?[number] ?? 1
        lossBase[number] = Float(
          differentiator.gradient(
            of: batch[number], factor: weight / Float(batch.count), to: .adding(to: sum), in: workspaces[lane]))
      }
    }
    return (0..<batch.count).reduce(0.0) {
      $0 + Double(weights?[$1] ?? 1) * Double(losses.base[$1]) / Double(batch.count)
    }
  }

  // MARK: Files

  /// Writes the weights as `model.safetensors`, and beside it the other files of the checkpoint at `source` that a loader
  /// needs. `config.json` is taken as it is but for the type of the weights, which are float32 now.
  public func saveCheckpoint(to directory: String, from source: String) throws(LanguageModelError) {
    let manager = FileManager.default
    do {
      try manager.createDirectory(atPath: directory, withIntermediateDirectories: true)
      for name in ["tokenizer.json", "tokenizer_config.json", "generation_config.json", "special_tokens_map.json"]
      where manager.fileExists(atPath: source + "/" + name) {
        let target = URL(fileURLWithPath: directory + "/" + name)
        try Data(contentsOf: URL(fileURLWithPath: source + "/" + name)).write(to: target, options: .atomic)
      }
      var configuration = try String(contentsOfFile: source + "/config.json", encoding: .utf8)
      for type in ["bfloat16", "float16"] {
        configuration = configuration.replacingOccurrences(of: "dtype\": \"\(type)\"", with: "dtype\": \"float32\"")
      }
      try configuration.write(toFile: directory + "/config.json", atomically: true, encoding: .utf8)
    } catch {
      throw .unwritable(directory, reason: error.localizedDescription)
    }
    try SafeTensorsWriter.write(tensors(values.base, prefix: ""), to: directory + "/model.safetensors")
  }

  /// Writes the values, both moments and the number of steps, for a run to go on from or for Influence Distillation.
  public func saveState(to path: String) throws(LanguageModelError) {
    try SafeTensorsWriter.write(
      tensors(values.base, prefix: "param.") + tensors(firstMoments.base, prefix: "exp_avg.")
        + tensors(secondMoments.base, prefix: "exp_avg_sq.")
        + [SafeTensorsWriter.Tensor(name: "steps", shape: [1], elements: { [steps] in [Float(steps)] })], to: path)
  }

  /// Goes on from a state that `saveState` wrote for the same model.
  public func loadState(from path: String) throws(LanguageModelError) {
    guard FileManager.default.fileExists(atPath: path) else { throw .noSuchFile(path) }
    let file = try SafeTensors(path: path)
    // Everything is checked before anything is taken.
    for parameter in differentiator.parameters {
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
    for parameter in differentiator.parameters {
      parameter.store(try file.floats("param." + parameter.name), in: values.base)
      parameter.store(try file.floats("exp_avg." + parameter.name), in: firstMoments.base)
      parameter.store(try file.floats("exp_avg_sq." + parameter.name), in: secondMoments.base)
    }
    self.steps = steps
    differentiator.refresh(fromRowMajor: values.base)
  }

  private func tensors(_ vector: UnsafePointer<Float>, prefix: String) -> [SafeTensorsWriter.Tensor] {
    differentiator.parameters.map { parameter in
      SafeTensorsWriter.Tensor(
        name: prefix + parameter.name, shape: parameter.shape, elements: { parameter.elements(of: vector) })
    }
  }
}

extension ModelParameter {
  /// The tensor's elements in the checkpoint's order, out of a flat vector of all parameters.
  public func elements(of vector: UnsafePointer<Float>) -> [Float] {
    guard isTransposed else { return Array(UnsafeBufferPointer(start: vector + range.lowerBound, count: range.count)) }
    let (inputs, outputs) = (shape[0], shape[1])
    return (0..<range.count).map { vector[range.lowerBound + $0 % outputs * inputs + $0 / outputs] }
  }

  /// Puts the tensor's elements, in the checkpoint's order, into a flat vector of all parameters.
  public func store(_ elements: [Float], in vector: UnsafeMutablePointer<Float>) {
    precondition(elements.count == range.count)
    let outputs = isTransposed ? shape[1] : 1
    let inputs = isTransposed ? shape[0] : range.count
    for (place, element) in elements.enumerated() {
      vector[range.lowerBound + (isTransposed ? place % outputs * inputs + place / outputs : place)] = element
    }
  }
}
