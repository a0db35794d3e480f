/// A family of models that is computed here: what its `config.json` leaves out, and what its tensors are called.
package final class ModelFamily: Sendable {
  /// All of them. A new family is a file beside this one and a line here.
  static let all: [ModelFamily] = [
    .llama,
    .mistral,
    .qwen2,
    .qwen3,
    .gpt2,
  ]

  /// Which products have a bias.
  enum Biases: Sendable {
    /// As `attention_bias` and `mlp_bias` say.
    case configured
    /// Query, key and value have; the feed-forward part as `mlp_bias` says.
    case queryKeyValue
    case all
  }

  /// Which layers see the latest positions alone.
  enum SlidingWindow: Sendable {
    case none
    /// All, where `sliding_window` is a number.
    case allLayers
    /// Where `use_sliding_window` is true, those from `max_window_layers` up, or those that `layer_types` names.
    case upperLayers
  }

  struct Refusal: Sendable {
    var key: String
    var value: Bool
    var name: String
  }

  /// `model_type` in `config.json`.
  package let name: String
  package let tensors: TensorNames
  /// Other names of keys in `config.json`, by their usual ones.
  let otherKeys: [String: String]
  let biases: Biases
  let slidingWindow: SlidingWindow
  /// Names of the activation that is computed: SiLU where there is a gate, GELU by its tangent where there is none.
  let activations: [String]
  /// Settings of this family that are not computed here; refused in a file of any family.
  let refusals: [Refusal]

  // Where `config.json` does not say.
  let normEpsilon: Double
  let tiesEmbeddings: Bool
  /// The feed-forward part's size by the hidden size; nil where it must be given.
  let intermediateFactor: Int?

  /// The products that an adapter changes where no others are named, by the last part of their names.
  package let adapterTargets: [String]

  init(
    _ name: String, tensors: TensorNames, otherKeys: [String: String] = [:], biases: Biases = .configured,
    slidingWindow: SlidingWindow = .none, activations: [String] = ["silu", "swish"], refusals: [Refusal] = [],
    normEpsilon: Double = 1e-6, tiesEmbeddings: Bool = false, intermediateFactor: Int? = nil,
    adapterTargets: [String] = ["q_proj", "v_proj"]
  ) {
    self.name = name
    self.tensors = tensors
    self.otherKeys = otherKeys
    self.biases = biases
    self.slidingWindow = slidingWindow
    self.activations = activations
    self.refusals = refusals
    self.normEpsilon = normEpsilon
    self.tiesEmbeddings = tiesEmbeddings
    self.intermediateFactor = intermediateFactor
    self.adapterTargets = adapterTargets
  }

  /// Positions are rotations of queries and keys, not vectors of their own.
  package var rotates: Bool { tensors.positions == nil }
  /// The feed-forward part has a gate.
  package var isGated: Bool { tensors.up.count == 2 }
  /// Query and key heads have norms.
  package var hasHeadNorms: Bool { tensors.queryNorm != nil }
}

extension ModelFamily: Hashable {
  package static func == (one: ModelFamily, other: ModelFamily) -> Bool { one === other }

  package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
