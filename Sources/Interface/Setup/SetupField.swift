import Domain

/// A parameter of a run, as the form on the Setup screen shows it.
package enum SetupField: String, Sendable, Hashable, CaseIterable {
  case method, pool, target, existing, budget
  case source, model, endpoint, servedModel, tokenizer, utilities, targetUtilities, existingUtilities, embeddings,
    neighbours
  case gradients, targetGradients
  case influenceOrder, influenceStep, stepSize, optimizerState, warmUp, pooling, groupShares
  case landmarks, landmarkChoice, propagation, embedding, blocks, tangents, heldOut, parameters, projection, lambda
  case objective, eta, nu, template, kernel, rescaling, maximizer, epsilon, seed, limit

  package var title: String {
    switch self {
    case .method: "Method"
    case .pool: "Pool"
    case .target: "Target"
    case .existing: "Existing"
    case .budget: "Budget"
    case .source: "Utilities"
    case .model: "Model"
    case .endpoint: "Server"
    case .servedModel: "Served"
    case .tokenizer: "Tokenizer"
    case .utilities: "Matrix"
    case .targetUtilities: "Of target"
    case .existingUtilities: "Of exist."
    case .embeddings: "Vectors"
    case .neighbours: "Neighbours"
    case .influenceOrder: "Order"
    case .influenceStep: "Step"
    case .landmarks: "Landmarks"
    case .propagation: "Spread"
    case .embedding: "Embedding"
    case .blocks: "Blocks"
    case .tangents: "Tangents"
    case .parameters: "Params"
    case .lambda: "Lambda"
    case .stepSize: "Step size"
    case .optimizerState: "Optimiser"
    case .warmUp: "Warm-up"
    case .pooling: "Pooling"
    case .groupShares: "Shares"
    case .landmarkChoice: "Chosen"
    case .heldOut: "Held out"
    case .projection: "Projection"
    case .gradients: "Gradients"
    case .targetGradients: "Of target"
    case .objective: "Objective"
    case .eta: "Eta"
    case .nu: "Nu"
    case .template: "Template"
    case .kernel: "Kernel"
    case .rescaling: "Rescaling"
    case .maximizer: "Maximizer"
    case .epsilon: "Epsilon"
    case .seed: "Seed"
    case .limit: "Rows"
    }
  }

  /// The values to choose among; nil where text is typed.
  package var choices: [String]? {
    switch self {
    case .method: Method.allCases.map(\.rawValue)
    case .source: SetupSource.allCases.map(\.rawValue)
    case .influenceOrder: InfluenceSettings.Order.allCases.map(\.rawValue)
    case .influenceStep: InfluenceSettings.Step.allCases.map(\.rawValue)
    case .propagation: InfluenceSettings.Propagation.allCases.map(\.rawValue)
    case .embedding: InfluenceSettings.Embedding.allCases.map(\.rawValue)
    case .pooling: InfluenceSettings.Pooling.allCases.map(\.rawValue)
    case .landmarkChoice: LandmarkChoice.allCases.map(\.rawValue)
    case .objective: TaskObjective.allCases.map(\.rawValue)
    case .template: ["delift", "chat", "plain"]
    case .kernel: UtilityKernel.allCases.map(\.rawValue)
    case .rescaling: Rescaling.allCases.map(\.rawValue)
    case .maximizer: Maximizer.allCases.map(\.rawValue)
    default: nil
    }
  }

  /// The role whose file it names; nil for a parameter.
  package var role: DatasetRole? {
    switch self {
    case .pool: .pool
    case .target: .target
    case .existing: .existing
    default: nil
    }
  }

  /// Whether what is typed is a path, so that it can be completed.
  var isPath: Bool {
    switch self {
    case .pool, .target, .existing, .model, .tokenizer, .utilities, .targetUtilities, .existingUtilities, .embeddings,
      .optimizerState, .gradients, .targetGradients:
      true
    default: false
    }
  }

  package var initialText: String {
    switch self {
    case .method: Method.deliftInstruction.rawValue
    case .pool, .target, .existing: ""
    case .budget: "10%"
    case .source: SetupSource.model.rawValue
    case .model, .limit, .utilities, .targetUtilities, .existingUtilities, .embeddings, .endpoint, .servedModel,
      .tokenizer:
      ""
    case .neighbours: "100"
    case .influenceOrder: InfluenceSettings().order.rawValue
    case .influenceStep: InfluenceSettings().step.rawValue
    case .propagation: InfluenceSettings().propagation.rawValue
    case .embedding: InfluenceSettings().embedding.rawValue
    case .blocks: "4"
    case .tangents: "\(InfluenceSettings().tangents)"
    case .pooling: InfluenceSettings().pooling.rawValue
    case .landmarkChoice: InfluenceSettings().landmarkChoice.rawValue
    case .warmUp: "\(InfluenceSettings().warmUpSteps)"
    case .landmarks, .parameters, .lambda, .heldOut, .projection, .groupShares, .optimizerState, .gradients,
      .targetGradients:
      ""
    case .stepSize: "0.001"
    case .objective: TaskObjective.flmi.rawValue
    case .eta, .nu: "1"
    case .template: "delift"
    case .kernel: UtilityKernel.euclidean.rawValue
    case .rescaling: Rescaling.minMax.rawValue
    case .maximizer: Maximizer.lazy.rawValue
    case .epsilon: "0.01"
    case .seed: "0"
    }
  }

  /// Whether it has a say in such a run.
  func applies(to setup: SetupState) -> Bool {
    let method = setup.method
    switch self {
    case .method, .pool, .budget, .seed, .limit: return true
    case .target: return method.needs.contains(.target)
    case .existing: return method.needs.contains(.existing)
    case .source, .rescaling, .maximizer: return method.needsUtilities
    case .model:
      return method == .influence && !setup.importsGradients || method.needsUtilities && setup.source == .model
    case .endpoint, .servedModel, .tokenizer: return method.needsUtilities && setup.source == .endpoint
    case .template: return method == .influence && !setup.importsGradients || setup.scores
    case .kernel: return setup.scores
    case .utilities: return method.needsUtilities && setup.source == .matrices && !setup.servesTarget
    case .targetUtilities: return method == .deliftTask && setup.source == .matrices
    case .existingUtilities: return method == .deliftContinual && setup.source == .matrices
    case .embeddings, .neighbours: return method.needsUtilities && setup.source == .embeddings
    case .objective, .eta: return method == .deliftTask
    case .nu: return method == .deliftContinual
    case .pooling: return method == .influence && setup[.influenceOrder] == "first"
    case .groupShares, .gradients: return method == .influence
    case .targetGradients: return method == .influence && setup.importsGradients
    case .influenceOrder, .influenceStep, .landmarks, .parameters, .stepSize:
      return method == .influence && !setup.importsGradients
    case .optimizerState: return applies(Self.influenceStep, setup, "adamw")
    case .warmUp: return applies(Self.influenceStep, setup, "adamw") && setup[.optimizerState].isEmpty
    case .propagation, .embedding, .landmarkChoice, .heldOut: return setup.usesLandmarks
    case .blocks:
      return setup.usesLandmarks && InfluenceSettings.Embedding(rawValue: setup[.embedding])?.hasBlocks == true
    case .tangents: return setup.usesLandmarks && setup[.embedding] == "jvp"
    case .projection: return applies(Self.influenceOrder, setup, "first")
    case .lambda: return method == .influence && setup.isPooled
    case .epsilon: return method.needsUtilities && ["stochastic", "lazier"].contains(setup[.maximizer])
    }
  }

  /// Whether another field has a say and stands on a choice.
  private func applies(_ field: SetupField, _ setup: SetupState, _ choice: String) -> Bool {
    field.applies(to: setup) && setup[field] == choice
  }

  /// What is wrong with a value of this field, said so that it can be mended; nil if nothing is.
  func problem(with text: String, poolRows: Int?) -> String? {
    switch self {
    case .pool, .target, .existing: return nil
    case .budget:
      do {
        let budget = try Budget(parsing: text)
        if let poolRows { _ = try budget.picks(of: poolRows) }
        return nil
      } catch {
        return text.isEmpty ? "Give a count (120) or a share (10%)." : error.problem
      }
    case .model: return text.isEmpty ? "Name a model folder." : nil
    case .endpoint:
      let isAddress = ["http://", "https://"].contains { text.hasPrefix($0) && text.count > $0.count }
      return isAddress ? nil : "An address such as http://localhost:8000/v1."
    case .utilities, .targetUtilities, .existingUtilities, .embeddings:
      if text.isEmpty { return "Name a .npy file." }
      return text.hasSuffix(".npy") ? nil : "The name of a .npy file ends in .npy."
    case .eta, .nu:
      guard let value = Double(text), value.isFinite, value >= 0 else { return "\(title) is a number from 0 up." }
      return nil
    case .epsilon:
      guard let value = Double(text), value > 0, value < 1 else { return "Epsilon is between 0 and 1." }
      return nil
    case .landmarks:
      if text.isEmpty || text == "all" { return nil }
      return (try? Budget(parsing: text)) == nil ? "A count (200), a share (5%), all, or nothing." : nil
    case .lambda, .stepSize:
      if text.isEmpty, self == .lambda { return nil }
      guard let value = Double(text), value.isFinite, value > 0 else { return "\(title) is a number above 0." }
      return nil
    case .parameters, .optimizerState, .gradients, .servedModel, .tokenizer: return nil
    case .targetGradients: return text.isEmpty ? "Name the file of the target's gradients." : nil
    case .projection:
      if text.isEmpty || (try? ProjectionSetting(parsing: text)) != nil { return nil }
      return "hadamard or rademacher, a colon and a size, as in hadamard:8192; or nothing."
    case .groupShares:
      return SetupState.groupShares(text) == nil ? "Labels with numbers above 0: sort-words=2, add-numbers=1." : nil
    case .heldOut:
      if text.isEmpty { return nil }
      guard let value = Int(text), value >= 0 else { return "A whole number from 0 up, or nothing." }
      return nil
    case .neighbours, .blocks, .tangents, .warmUp:
      guard let value = Int(text), value >= 1 else { return "A whole number from 1 up." }
      return nil
    case .seed: return UInt64(text) == nil ? "The seed is a whole number from 0 up." : nil
    case .limit:
      if text.isEmpty { return nil }
      guard let value = Int(text), value >= 1 else { return "A count of rows from 1 up, or nothing for all." }
      return nil
    case .method, .source, .objective, .template, .kernel, .rescaling, .maximizer, .influenceOrder, .influenceStep,
      .propagation, .embedding, .pooling, .landmarkChoice:
      return choices?.contains(text) == true ? nil : "Not one of \(choices?.joined(separator: ", ") ?? "")."
    }
  }
}

/// Where the form takes utilities from.
package enum SetupSource: String, Sendable, Hashable, CaseIterable {
  case model, endpoint, matrices, embeddings
}
