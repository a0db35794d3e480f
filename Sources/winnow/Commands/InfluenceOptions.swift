import ArgumentParser
import Domain
import Workbench

extension InfluenceSettings.Order: ExpressibleByArgument {}
extension InfluenceSettings.Step: ExpressibleByArgument {}
extension InfluenceSettings.Pooling: ExpressibleByArgument {}
extension InfluenceSettings.Propagation: ExpressibleByArgument {}
extension InfluenceSettings.Embedding: ExpressibleByArgument {}
extension LandmarkChoice: ExpressibleByArgument {}

/// What Influence Distillation is set to.
struct InfluenceOptions: ParsableArguments {
  @Option(help: "How far the target loss is expanded.")
  var influenceOrder: InfluenceSettings.Order = .first

  @Option(help: "The step of training that is looked ahead.")
  var step: InfluenceSettings.Step = .gradientDescent

  @Option(
    help: ArgumentHelp(
      "Folder with the state that winnow finetune --keep-state left (for --step adamw).", valueName: "dir"))
  var optimizerState: String?

  @Option(help: "Steps of AdamW on a random part of the pool, at a low rate, where there is no --optimizer-state.")
  var warmupSteps = 20

  @Option(
    help: """
      Targets in turn by their own cosines, groups of targets with one label in turn by the mean of theirs, or one \
      loss for all (default: groups; pooled for the second order).
      """)
  var pooling: InfluenceSettings.Pooling?

  @Option(help: ArgumentHelp("Samples whose gradients are taken: a count, a share, or all.", valueName: "n"))
  var landmarks: String?

  @Option(help: "How landmarks are chosen.")
  var landmarkChoice: LandmarkChoice = InfluenceSettings().landmarkChoice

  @Option(
    help:
      "How influence spreads from landmarks to all samples (default: corrected; krr for jvp embeddings).")
  var propagation: InfluenceSettings.Propagation?

  @Option(
    help:
      """
      What embeddings are made of (default: \(InfluenceSettings().embedding.rawValue); jvp where --blocks or --tangents \
      is given).
      """
  )
  var embedding: InfluenceSettings.Embedding?

  @Option(help: "First blocks of the model that embeddings are made with (default: 4).")
  var blocks: Int?

  @Option(help: "Random directions of jvp embeddings (default: 2).")
  var tangents: Int?

  @Option(
    help: ArgumentHelp(
      "Parts of parameter names that gradients are taken by, say down_proj,o_proj; or all.", valueName: "names"))
  var params: String?

  @Option(
    help: ArgumentHelp("rademacher or hadamard, with a size and elements to keep: hadamard:8192.", valueName: "kind"))
  var projection: String?

  @Option(help: "Strength of the penalty on uneven weights (default: found from the number of picks).")
  var lambda: Double?

  @Option(help: "eta of gradient descent, or AdamW's rate.")
  var stepSize = 1e-3

  @Option(
    help: ArgumentHelp("Shares of target groups in the picks, by label: sort-words=2,add-numbers=1.", valueName: "list")
  )
  var targetShares: String?

  @Option(help: "Samples beside the landmarks whose exact influence checks the spread.")
  var heldOut: Int?

  @Option(
    help: ArgumentHelp(
      "The pool's gradients, computed elsewhere: .npy, .safetensors or a Bergson index.", valueName: "file"))
  var gradients: String?

  @Option(help: ArgumentHelp("The target's gradients, computed elsewhere.", valueName: "file"))
  var targetGradients: String?

  /// - Parameter embeddings: the pool's, from a file.
  func settings(embeddings: String?) throws -> InfluenceSettings {
    let standard: InfluenceSettings.Embedding =
      tangents == nil && blocks == nil ? InfluenceSettings().embedding : .tangents
    let embedding = embedding ?? standard
    return InfluenceSettings(
      order: influenceOrder, step: step, optimizerState: optimizerState, warmUpSteps: warmupSteps, pooling: pooling,
      landmarks: try landmarks.map { try $0 == "all" ? .fraction(1) : Self.landmarks($0) },
      landmarkChoice: landmarkChoice, propagation: propagation ?? .standard(for: embedding), embedding: embedding,
      blocks: blocks,
      tangents: tangents ?? InfluenceSettings().tangents, parameters: params == "all" ? nil : params,
      projection: try projection.map { try ProjectionSetting(parsing: $0) }, lambda: lambda, stepSize: stepSize,
      groupShares: try shares(), heldOut: heldOut, gradients: gradients, targetGradients: targetGradients,
      embeddings: embeddings)
  }

  private static func landmarks(_ text: String) throws -> Budget {
    do {
      return try Budget(parsing: text)
    } catch {
      throw WorkbenchError.outsideRange(
        option: "--landmarks", value: "\"\(text)\"", bounds: "a count of 1 and above, a share up to 1, or all")
    }
  }

  private func shares() throws -> [String: Double] {
    var shares: [String: Double] = [:]
    for part in (targetShares ?? "").split(separator: ",") {
      guard let sign = part.lastIndex(of: "="), let share = Double(part[part.index(after: sign)...]) else {
        throw WorkbenchError.outsideRange(
          option: "--target-shares", value: "\"\(part)\"", bounds: "a label, =, and a number")
      }
      shares[String(part[..<sign])] = share
    }
    return shares
  }
}
