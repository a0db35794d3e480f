extension Parameter {
  /// Every parameter of a run, in the order of the form. Form, command line, checks, listings and the page on parameters are made
  /// from it.
  package static let all: [Parameter] = run + source + influence + choice

  private static let run: [Parameter] = [
    Parameter(
      .method, "Method", .choice(Method.all.map(\.rawValue)), standard: { _ in Method.deliftInstruction.rawValue },
      meaning: \.summary),
    Parameter(
      .pool, "Pool", .role(.pool), flag: "",
      "The file of rows to choose from: JSON lines, JSON, CSV, TSV or Parquet."),
    Parameter(
      .target, "Target", .role(.target), flag: "", when: { $0.method.needs.contains(.target) },
      "A file with rows of the task that the choice should help: a few dozen that show what matters."),
    Parameter(
      .existing, "Existing", .role(.existing), flag: "", when: { $0.method.needs.contains(.existing) },
      "A file with rows that the model was trained on already: what they cover counts no more."),
    Parameter(
      .budget, "Budget", .budget, "10%",
      at: .parsed(\.budget, text: { "\($0)" }) { try? Budget(parsing: $0) },
      "How many rows to choose: a count (120), or a share of the pool (10% or 0.1)."),
  ]

  private static let source: [Parameter] = [
    Parameter(
      .source, "Utilities", .choice(of: DraftSource.self),
      standard: \.namedSource.rawValue, flag: "", when: { $0.method.needsUtilities },
      meaning: { _ in
        "Where utilities come from. model: computed on this machine. endpoint: computed by an inference server. matrices: "
          + ".npy files that were computed elsewhere. embeddings: vectors of the rows, whose cosines stand for utilities."
      }),
    Parameter(
      .model, "Model", .folder(isOptional: false),
      when: \.takesModel,
      meaning: { method in
        method.signal == .lengths
          ? "Folder of a Hugging Face checkpoint, whose tokens lengths are counted in. Empty counts words."
          : method.signal == .passes
            ? "Folder of a Hugging Face checkpoint: the model that rows are passed through, on this machine."
            : method.needsGradients
              ? "Folder of a Hugging Face checkpoint: the model that is to be trained. Gradients are taken on this machine."
              : "Folder of a Hugging Face checkpoint. It is run on this machine to score how much one row, shown as an "
                + "example, improves its answer to another."
      }),
    Parameter(
      .endpoint, "Server", .address, when: \.asksServer,
      "Address of an inference server with OpenAI's completions API, as vLLM has it. A key is taken from WINNOW_API_KEY."
    ),
    Parameter(
      .servedModel, "Served", .text, empty: "the only one",
      when: \.asksServer,
      "The name that the server gives the model. Empty takes the only one it serves."),
    Parameter(
      .tokenizer, "Tokenizer", .folder(isOptional: true), empty: "rows are sent as text",
      when: \.asksServer,
      "Folder of the served model's tokenizer: rows are sent as tokens, as a model here would read them. Empty sends text."
    ),
    Parameter(
      .utilities, "Matrix", .matrix,
      when: { $0.method.needsUtilities && $0.source == .matrices && !$0.servesTarget },
      "A .npy matrix, pool × pool: row i, column j is how much row j helps with row i."),
    Parameter(
      .targetUtilities, "Of target", .matrix, when: { $0.method == .deliftTask && $0.source == .matrices },
      "A .npy matrix for the target set: pool × target, or target × pool where the objective is flqmi."),
    Parameter(
      .existingUtilities, "Of exist.", .matrix, when: { $0.method == .deliftContinual && $0.source == .matrices },
      "A .npy matrix, pool × existing: how much existing row k helps with row i of the pool."),
    Parameter(
      .embeddings, "Vectors", .matrix, at: .at(\.influenceSettings.embeddings),
      when: { $0.method.needsUtilities && $0.source == .embeddings },
      "A .npy matrix with a vector for each row of the pool. With influence: what it is propagated by."),
    Parameter(
      .neighbours, "Neighbours", .optionalCount(from: 1), standard: { $0.source == .embeddings ? "100" : "" },
      empty: { draft, _ in draft.scores ? "all pairs" : nil },
      when: { $0.method.needsUtilities && $0.source != .matrices },
      meaning: { _ in
        "With vectors: how many nearest rows, by cosine, a row can stand for. With a model: score only each row's nearest examples, by words, and count the rest as no help; empty scores all pairs."
      }),
    Parameter(
      .explore, "Explore", .count(from: 0), "\(SparsePairs.standardExplore)",
      when: { $0.scores && !$0[.neighbours].isEmpty },
      "How many more examples of each row are scored, drawn at random beside its nearest ones."),
    Parameter(
      .audit, "Audit", .real, "\(SparsePairs.standardAudit)", when: { $0.scores && !$0[.neighbours].isEmpty },
      "Pairs of a random block that are scored besides, as a share of the sparse ones, to tell what scoring a part of the pairs costs. 0 tells nothing."
    ),
    Parameter(
      .prefilter, "Prefilter", .prefilter,
      at: .parsed(\.prefilter, text: { $0?.text ?? "" }) { .some(Prefilter(parsing: $0)) },
      empty: "all rows", when: \.scores,
      "A cheap method that keeps a share of the pool for this one to choose from, such as rds:20%. Empty keeps all rows."
    ),
    Parameter(
      .gradients, "Gradients", .vectors(isOptional: true), at: .at(\.influenceSettings.gradients),
      empty: "computed here", when: { $0.method.needsGradients },
      "A file of the pool's gradients that were computed elsewhere, such as winnow gradients writes. Empty computes them here."
    ),
    Parameter(
      .targetGradients, "Of target", .vectors(isOptional: false), at: .at(\.influenceSettings.targetGradients),
      when: { $0.importsGradients }, "The same of the target set, with as many columns."),
  ]

  private static let influence: [Parameter] = [
    Parameter(
      .influenceOrder, "Order", .choice(of: InfluenceSettings.Order.self), "first",
      at: .parsed(\.influenceSettings, text: { $0.order.rawValue }) {
        InfluenceSettings.Order(rawValue: $0).map { InfluenceSettings(order: $0) }
      }, when: \.takesGradients,
      "first: what a step of training on a row alone does to the loss on the target. second: what rows do together too; far dearer."
    ),
    Parameter(
      .influenceStep, "Step", .choice(of: InfluenceSettings.Step.self), "gd", at: .at(\.influenceSettings.step),
      flag: "step", when: \.takesGradients,
      "gd: a plain step of gradient descent. adamw: a step of AdamW, after a short warm-up on the pool."),
    Parameter(
      .stepSize, "Step size", .positive(isOptional: false), "0.001", at: .at(\.influenceSettings.stepSize),
      when: \.takesGradients,
      "How large the step of training is that is looked ahead: the learning rate."),
    Parameter(
      .optimizerState, "Optimiser", .folder(isOptional: true), at: .at(\.influenceSettings.optimizerState),
      empty: "by a warm-up", when: { $0.takesGradients && $0[.influenceStep] == "adamw" },
      "What winnow finetune --keep-state left: the optimiser's state at which the step is looked ahead. Empty makes one by a warm-up."
    ),
    Parameter(
      .warmUp, "Warm-up", .count(from: 1), "20", at: .at(\.influenceSettings.warmUpSteps), flag: "warmup-steps",
      when: { $0.takesGradients && $0[.influenceStep] == "adamw" && $0[.optimizerState].isEmpty },
      "Steps of AdamW on random rows of the pool, at a low rate, after which its state is taken."),
    Parameter(
      .pooling, "Pooling", .choice(of: InfluenceSettings.Pooling.self), standard: { _ in "groups" },
      at: .at(\.targetPooling),
      when: {
        $0.method.needsGradients && $0[.influenceOrder] == "first" || [.rds, .bm25].contains($0.method)
      },
      meaning: { method in
        "groups: those that the target's labels name take rows of the pool in turn. round-robin: each target row does. pooled: "
          + (method.isRanking ? "the best of all counts." : "all have one loss.")
      }
    ),
    Parameter(
      .groupShares, "Shares", .labelShares,
      at: .parsed(\.influenceSettings.groupShares, text: { LabelShares.text($0) }) { LabelShares.parse($0) },
      flag: "target-shares", empty: "all targets alike", when: \.method.needsGradients,
      "How picks are shared out among the target's labels, or their loss weighed: sort-words=2, add-numbers=1. Empty treats all target rows alike."
    ),
    Parameter(
      .landmarks, "Landmarks", .landmarks,
      at: .parsed(\.influenceSettings.landmarks, text: { $0.map { $0 == .fraction(1) ? "all" : "\($0)" } }) {
        $0 == "all" ? .fraction(1) : try? Budget(parsing: $0)
      },
      empty: { _, rows in
        rows.map { "standard, \(InfluenceSettings().landmarkCount(of: $0))" } ?? "standard"
      }, when: \.takesGradients,
      meaning: { _ in
        "Rows whose gradients are taken; influence is propagated from them to the others. A count, a share, or all, which is exact."
      }),
    Parameter(
      .landmarkChoice, "Landmark by", .choice(of: LandmarkChoice.self), "uniform",
      at: .at(\.influenceSettings.landmarkChoice), when: \.usesLandmarks,
      "uniform: drawn at random. k-means: far from one another. leverage: those that say most of the others."),
    Parameter(
      .propagation, "Propagation", .choice(of: InfluenceSettings.Propagation.self),
      standard: { draft in
        InfluenceSettings.Propagation.standard(for: .init(rawValue: draft[.embedding]) ?? .output).rawValue
      }, at: .at(\.influenceSettings.propagation), when: \.usesLandmarks,
      meaning: { _ in
        "krr: as published, for jvp. linear: least squares. tuned: the best kernel. corrected: embeddings' own word, set right."
      }),
    Parameter(
      .embedding, "Embedding", .choice(of: InfluenceSettings.Embedding.self),
      standard: { $0.isGiven(.blocks) || $0.isGiven(.tangents) ? "jvp" : InfluenceSettings().embedding.rawValue },
      at: .at(\.influenceSettings.embedding), when: \.usesLandmarks,
      meaning: { _ in
        "By what rows resemble each other. jvp: as published. cut-gradient: gradients of the first blocks. output: of the last layer. tables: of the token tables, truer and dearer."
      }),
    Parameter(
      .blocks, "Blocks", .optionalCount(from: 1), at: .at(\.influenceSettings.blocks), empty: "4",
      when: { $0.usesLandmarks && InfluenceSettings.Embedding(rawValue: $0[.embedding])?.hasBlocks == true },
      "How many of the model's first blocks make an embedding. Fewer is faster."),
    Parameter(
      .tangents, "Tangents", .count(from: 1), "2", at: .at(\.influenceSettings.tangents),
      when: { $0.usesLandmarks && $0[.embedding] == "jvp" },
      "Random directions of a jvp embedding. More is nearer to the gradient, and slower."),
    Parameter(
      .heldOut, "Held out", .optionalCount(from: 0), at: .at(\.influenceSettings.heldOut),
      empty: { draft, rows in
        let settings = InfluenceSettings(landmarks: try? Budget(parsing: draft[.landmarks]))
        return rows.map { "standard, \(settings.heldOutCount(of: $0))" } ?? "standard"
      }, when: \.usesLandmarks,
      meaning: { _ in "Rows beside the landmarks whose influence is computed too, to say how true the propagation is." }
    ),
    Parameter(
      .parameters, "Params", .text,
      at: .parsed(\.influenceSettings.parameters, text: { $0 }) { $0.isEmpty || $0 == "all" ? .some(nil) : $0 },
      flag: "params", empty: "all", when: \.takesGradients,
      "Parts of the names of the parameters that gradients are taken by, such as down_proj. Empty takes all."),
    Parameter(
      .projection, "Projection", .projection,
      at: .parsed(\.influenceSettings.projection, text: { $0.map { "\($0)" } }) { try? ProjectionSetting(parsing: $0) },
      empty: "none", when: { $0.takesGradients && $0[.influenceOrder] == "first" },
      "Gradients are brought to so many numbers, which saves memory and keeps angles nearly. Empty keeps them whole, where there is room."
    ),
    Parameter(
      .lambda, "Lambda", .positive(isOptional: true), at: .at(\.influenceSettings.lambda),
      empty: "found from the picks", when: \.isPooled,
      "How strongly uneven weights are held back. Empty finds it from the number of picks."),
  ]

  private static let choice: [Parameter] = [
    Parameter(
      .objective, "Objective", .choice(of: TaskObjective.self), "flmi", at: .at(\.objective),
      when: { $0.method == .deliftTask },
      "flmi: cover the pool where it resembles the target. flqmi: cover the target itself; needs fewer scores."),
    Parameter(
      .eta, "Eta", .real, "1", at: .at(\.eta), when: { $0.method == .deliftTask },
      "How much resemblance to the target counts. 0 ignores it; 1 is the paper's choice."),
    Parameter(
      .nu, "Nu", .real, "1", at: .at(\.nu), when: { $0.method == .deliftContinual },
      "How strongly what the existing data covers is taken away. 0 ignores it; 1 is the paper's choice."),
    Parameter(
      .template, "Template", .choice(["delift", "chat", "plain"]), "delift", at: .at(\.template),
      when: { $0.takesGradients || $0.scores || $0.method.signal == .passes },
      "The words around a query and an example. delift: the paper's. chat: the model's own chat template. plain: no words but the rows'."
    ),
    Parameter(
      .kernel, "Kernel", .choice(of: UtilityKernel.self), "euclidean", at: .at(\.utilityKernel),
      flag: "utility-kernel", when: \.scores,
      "euclidean: the gain in probability of the right tokens. exponential: its exponential, which favours large gains."
    ),
    Parameter(
      .rescaling, "Rescaling", .choice(of: Rescaling.self), "positive", at: .at(\.rescaling), flag: "rescale",
      when: \.method.needsUtilities,
      "positive: what an example gains counts, and what it harms is no help. min-max: all utilities are brought to 0 to 1, as the authors do. none: taken as they are; they must not be negative."
    ),
    Parameter(
      .maximizer, "Maximizer", .choice(of: Maximizer.self), "lazy", at: .at(\.maximizer),
      when: \.method.needsUtilities,
      "lazy and naive give the exact greedy choice, lazy faster. stochastic and lazier look at a random part each step."
    ),
    Parameter(
      .epsilon, "Epsilon", .share, "0.01", at: .at(\.epsilon),
      when: { $0.method.needsUtilities && ["stochastic", "lazier"].contains($0[.maximizer]) },
      "Accuracy of the random part that is looked at: smaller is nearer to exact greedy, and slower."),
    Parameter(
      .draws, "Draws", .count(from: 1), "4", at: .at(\.rankingSettings.draws), when: { $0.method == .inContext },
      "How many draws of target samples a row is put behind: the mean counts, and its spread is shown. Each takes a pass of the pool."
    ),
    Parameter(
      .like, "Like run", .optionalCount(from: 1), at: .at(\.rankingSettings.like), empty: "to be named",
      when: { $0.method == .randomLength },
      "The run, by its number in winnow runs, whose response lengths are drawn: a tenth of the picks from each tenth of its lengths."
    ),
    Parameter(
      .sameness, "Alike", .share, "0.8", at: .at(\.rankingSettings.sameness), flag: "alike",
      when: { $0.method == .dedupRandom },
      "Rows that share at least so much of their shingles (three words in a row) with a row before them are near-duplicates."
    ),
    Parameter(
      .tooLong, "Too long", .choice(of: TooLong.self), "leave-out", at: .at(\.tooLong),
      when: { $0.scores && $0.source == .model || $0.takesGradients || $0.method.signal == .passes },
      "Rows whose prompt alone fills the model's context. leave-out: they are left out and counted. stop: the run does not begin."
    ),
    Parameter(
      .seed, "Seed", .seed, "0", at: .at(\.seed),
      "Start of every random draw. The same seed gives the same choice."),
    Parameter(
      .limit, "Rows", .optionalCount(from: 1), at: .at(\.limit), empty: "all",
      "Only the first so many rows of the pool: a quick look before a long run. Empty takes all."),
  ]
}

/// The parameters that code beside the table speaks of.
extension Parameter.ID {
  package static let method: Self = "method"
  package static let pool: Self = "pool"
  package static let target: Self = "target"
  package static let existing: Self = "existing"
  package static let budget: Self = "budget"
  package static let source: Self = "source"
  package static let model: Self = "model"
  package static let endpoint: Self = "endpoint"
  package static let servedModel: Self = "servedModel"
  package static let tokenizer: Self = "tokenizer"
  package static let utilities: Self = "utilities"
  package static let targetUtilities: Self = "targetUtilities"
  package static let existingUtilities: Self = "existingUtilities"
  package static let embeddings: Self = "embeddings"
  package static let neighbours: Self = "neighbours"
  package static let explore: Self = "explore"
  package static let audit: Self = "audit"
  package static let gradients: Self = "gradients"
  package static let targetGradients: Self = "targetGradients"
  package static let influenceOrder: Self = "influenceOrder"
  package static let influenceStep: Self = "influenceStep"
  package static let stepSize: Self = "stepSize"
  package static let optimizerState: Self = "optimizerState"
  package static let warmUp: Self = "warmUp"
  package static let pooling: Self = "pooling"
  package static let groupShares: Self = "groupShares"
  package static let landmarks: Self = "landmarks"
  package static let landmarkChoice: Self = "landmarkChoice"
  package static let propagation: Self = "propagation"
  package static let embedding: Self = "embedding"
  package static let blocks: Self = "blocks"
  package static let tangents: Self = "tangents"
  package static let heldOut: Self = "heldOut"
  package static let parameters: Self = "parameters"
  package static let projection: Self = "projection"
  package static let lambda: Self = "lambda"
  package static let objective: Self = "objective"
  package static let eta: Self = "eta"
  package static let nu: Self = "nu"
  package static let template: Self = "template"
  package static let kernel: Self = "kernel"
  package static let rescaling: Self = "rescaling"
  package static let maximizer: Self = "maximizer"
  package static let like: Self = "like"
  package static let tooLong: Self = "tooLong"
  package static let prefilter: Self = "prefilter"
  package static let draws: Self = "draws"
  package static let sameness: Self = "sameness"
  package static let epsilon: Self = "epsilon"
  package static let seed: Self = "seed"
  package static let limit: Self = "limit"
}
