import Domain

extension SetupField {
  /// What it means, for someone who has not read the paper.
  package func meaning(with method: Method) -> String {
    switch self {
    case .method: method.summary
    case .pool: "The file of rows to choose from: JSON lines, JSON, CSV, TSV or Parquet."
    case .target: "A file with rows of the task that the choice should help: a few dozen that show what matters."
    case .existing: "A file with rows that the model was trained on already: what they cover counts no more."
    case .budget: "How many rows to choose: a count (120), or a share of the pool (10% or 0.1)."
    case .source:
      "Where utilities come from. model: computed on this machine. endpoint: computed by an inference server. matrices: "
        + ".npy files that were computed elsewhere. embeddings: vectors of the rows, whose cosines stand for utilities."
    case .model where method == .influence:
      "Folder of a Hugging Face checkpoint: the model that is to be trained. Gradients are taken on this machine."
    case .model:
      "Folder of a Hugging Face checkpoint. It is run on this machine to score how much one row, shown as an example, "
        + "improves its answer to another."
    case .endpoint:
      "Address of an inference server with OpenAI's completions API, as vLLM has it. A key is taken from WINNOW_API_KEY."
    case .servedModel: "The name that the server gives the model. Empty takes the only one it serves."
    case .tokenizer:
      "Folder of the served model's tokenizer: rows are sent as tokens, as a model here would read them. Empty sends text."
    case .utilities: "A .npy matrix, pool × pool: row i, column j is how much row j helps with row i."
    case .targetUtilities:
      "A .npy matrix for the target set: pool × target, or target × pool where the objective is flqmi."
    case .existingUtilities: "A .npy matrix, pool × existing: how much existing row k helps with row i of the pool."
    case .embeddings: "A .npy matrix with a vector for each row of the pool."
    case .neighbours:
      "How many nearest rows, by cosine, a row can stand for. More is nearer to the full matrix, and slower."
    case .influenceOrder:
      "first: what a step of training on a row alone does to the loss on the target. second: what rows do together too; far dearer."
    case .influenceStep:
      "gd: a plain step of gradient descent. adamw: a step of AdamW, after a short warm-up on the pool."
    case .landmarks:
      "Rows whose gradients are taken; influence spreads from them to the others. A count, a share, or all, which is exact."
    case .propagation:
      "krr: as published, for jvp. linear: least squares. tuned: the best kernel. corrected: embeddings' own word, set right."
    case .embedding:
      "By what rows resemble each other. jvp: as published. cut-gradient: gradients of the first blocks. output: of the last layer. tables: of the token tables, truer and dearer."
    case .blocks: "How many of the model's first blocks make an embedding. Fewer is faster."
    case .tangents: "Random directions of a jvp embedding. More is nearer to the gradient, and slower."
    case .parameters:
      "Parts of the names of the parameters that gradients are taken by, such as down_proj. Empty takes all."
    case .optimizerState:
      "What winnow finetune --keep-state left: the optimiser's state at which the step is looked ahead. Empty makes one by a warm-up."
    case .warmUp: "Steps of AdamW on random rows of the pool, at a low rate, after which its state is taken."
    case .pooling:
      "groups: those that the target's labels name take rows of the pool in turn. round-robin: each target row does. pooled: all have one loss."
    case .groupShares:
      "How picks are shared out among the target's labels, or their loss weighed: sort-words=2, add-numbers=1. Empty treats all target rows alike."
    case .landmarkChoice:
      "uniform: drawn at random. k-means: far from one another. leverage: those that say most of the others."
    case .heldOut: "Rows beside the landmarks whose influence is computed too, to say how true the spread is."
    case .projection:
      "Gradients are brought to so many numbers, which saves memory and keeps angles nearly. Empty keeps them whole, where there is room."
    case .gradients:
      "A file of the pool's gradients that were computed elsewhere, such as winnow gradients writes. Empty computes them here."
    case .targetGradients: "The same of the target set, with as many columns."
    case .lambda: "How strongly uneven weights are held back. Empty finds it from the number of picks."
    case .stepSize: "How large the step of training is that is looked ahead: the learning rate."
    case .objective:
      "flmi: cover the pool where it resembles the target. flqmi: cover the target itself; needs fewer scores."
    case .eta: "How much resemblance to the target counts. 0 ignores it; 1 is the paper's choice."
    case .nu: "How strongly what the existing data covers is taken away. 0 ignores it; 1 is the paper's choice."
    case .template:
      "The words around a query and an example. delift: the paper's. chat: the model's own chat template. plain: "
        + "no words but the rows'."
    case .kernel:
      "euclidean: the gain in probability of the right tokens. exponential: its exponential, which favours large gains."
    case .rescaling:
      "min-max: utilities are brought to 0 to 1 before selection. none: taken as they are; they must not be negative."
    case .maximizer:
      "lazy and naive give the exact greedy choice, lazy faster. stochastic and lazier look at a random part each step."
    case .epsilon: "Accuracy of the random part that is looked at: smaller is nearer to exact greedy, and slower."
    case .seed: "Start of every random draw. The same seed gives the same choice."
    case .limit: "Only the first so many rows of the pool: a quick look before a long run. Empty takes all."
    }
  }

  /// What it can be, in a few words.
  package var bounds: String {
    switch self {
    case .method, .source, .objective, .template, .kernel, .rescaling, .maximizer, .influenceOrder, .influenceStep,
      .propagation, .embedding, .pooling, .landmarkChoice:
      choices?.joined(separator: ", ") ?? ""
    case .landmarks: "a count, a share, all, or nothing"
    case .blocks, .tangents: "a whole number from 1 up"
    case .parameters: "parts of names, or nothing"
    case .lambda: "above 0, or nothing"
    case .stepSize: "above 0"
    case .optimizerState: "a folder, or nothing"
    case .gradients: "a .npy or .safetensors file, or nothing"
    case .targetGradients: "a .npy or .safetensors file"
    case .projection: "hadamard:8192, rademacher:4096, or nothing"
    case .groupShares: "label=number, label=number, or nothing"
    case .heldOut: "a whole number from 0 up, or nothing"
    case .warmUp: "a whole number from 1 up"
    case .pool, .target, .existing: "a file"
    case .budget: "1 row to the whole pool"
    case .model: "a folder"
    case .endpoint: "http://… or https://…"
    case .servedModel: "a name, or nothing"
    case .tokenizer: "a folder, or nothing"
    case .utilities, .targetUtilities, .existingUtilities, .embeddings: "a .npy file"
    case .neighbours: "a whole number from 1 up"
    case .eta, .nu: "0 and above"
    case .epsilon: "between 0 and 1"
    case .seed: "a whole number from 0 up"
    case .limit: "a whole number from 1 up, or nothing"
    }
  }

  /// What an empty field stands for, in a few words; nil where it is never empty or has no meaning.
  func emptyText(in setup: SetupState, rows: Int?) -> String? {
    switch self {
    case .landmarks: rows.map { "standard, \(Format.count(InfluenceSettings().landmarkCount(of: $0)))" } ?? "standard"
    case .heldOut:
      rows.flatMap { rows in setup.influence.map { "standard, \($0.heldOutCount(of: rows))" } } ?? "standard"
    case .parameters, .limit: "all"
    case .lambda: "found from the picks"
    case .projection: "none"
    case .groupShares: "all targets alike"
    case .optimizerState: "by a warm-up"
    case .gradients: "computed here"
    case .servedModel: "the only one"
    case .tokenizer: "rows are sent as text"
    default: nil
    }
  }
}
