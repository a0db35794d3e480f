import Checkpoints
import Domain
import Foundation
import LanguageModel
import Numerics
import TestSupport
import Testing
import Tokenizers
import Transformer

@Suite struct GGUFTests {
  private static let folder = Places.fixtures.appendingPathComponent("LanguageModel/gguf")
  private static var llama: String { folder.appendingPathComponent("llama.gguf").path }

  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  private func logits(_ model: Model, _ tokens: [Int32]) -> [Float] {
    let logits = model.network.logits(of: tokens, in: model.network.makeWorkspace())
    return Array(logits.elements)
  }

  /// The bits that the `gguf` package makes of blocks with scales of all magnitudes.
  @Test(arguments: [
    "F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K",
  ])
  func everyTypeIsWidenedToTheReferencesBits(type: String) throws {
    let gguf = try GGUFFile(path: Self.folder.appendingPathComponent("blocks.gguf").path)
    let reference = try SafeTensors(path: Self.folder.appendingPathComponent("blocks.safetensors").path)
    let found = try #require(try gguf.floats(type))
    let expected = try reference.floats(type)
    #expect(gguf.entries[type]?.shape == reference.shape(of: type))
    #expect(found.count == expected.count && found.count > 100)
    let different = zip(found, expected).filter { $0.bitPattern != $1.bitPattern }.count
    #expect(different == 0)
  }

  @Test(arguments: [WeightPrecision.float32, .stored])
  func logitsAreThoseOfTransformersOnTheSameFile(precision: WeightPrecision) throws {
    let model = try Model(directory: Self.llama, precision: precision)
    let oracle = try SafeTensors(path: Self.folder.appendingPathComponent("llama.oracle.safetensors").path)
    let tokens = try oracle.integers("input_ids").map { Int32($0) }
    let found = logits(model, tokens)
    let error = relativeError(found, try oracle.floats("logits"))
    #expect(error < 1e-5, "\(error)")
    // The rows that the converter interleaves for rotary embeddings are in the checkpoint's order again.
    let parameters = Differentiator(model.network).parameters
    let trainer = Trainer(model.network)
    for (name, key) in [
      ("model.layers.1.self_attn.q_proj.weight", "q"), ("model.layers.0.self_attn.k_proj.weight", "k"),
    ] {
      let parameter = try #require(parameters.first { $0.name == name })
      let isSame = withExtendedLifetime(trainer) {
        trainer.values.elements[parameter.range].elementsEqual((try? oracle.floats(key)) ?? [])
      }
      #expect(isSame)
    }
  }

  private static let families = [
    ("llama-tied", "llama", "llama-bpe"), ("llama3-rope", "llama", "llama-bpe"), ("qwen2", "qwen2", "qwen2"),
    ("qwen3", "qwen3", "qwen2"), ("gpt2", "gpt2", "gpt-2"), ("mistral", "llama", nil as String?),
  ]

  /// A checkpoint and what the converter makes of it are one model: the same logits and gradients to the last bit.
  @Test(arguments: families) func everyFamilyIsTheSameModelInBothForms(
    name: String, architecture: String, pre: String?
  ) throws {
    try withFolder { folder in
      let oracle = try Oracle(name)
      var made = try MadeGGUF(of: oracle.directory, architecture: architecture)
      if let pre {
        try made.addTokenizer(of: oracle.directory, pre: pre)
      } else {
        try made.addPieces(of: oracle.directory)
      }
      let path = try made.write(to: folder)
      let expected = try Model(directory: oracle.directory)
      for precision in [WeightPrecision.float32, .stored] {
        let found = try Model(directory: path, precision: precision)
        var configuration = found.configuration
        configuration.endOfSequence = expected.configuration.endOfSequence
        #expect(configuration == expected.configuration)
        for tokens in oracle.facts.sequences {
          let error = relativeError(logits(found, tokens), logits(expected, tokens))
          #expect(PanelProduct.pays ? error == 0 : error < 1e-5, "\(error)")
        }
        let sample = LossSample(prompt: oracle.facts.promptIDs, response: oracle.facts.responseIDs)
        let gradients = [found, expected].map { model in
          let differentiator = Differentiator(model.network)
          let sum = Matrix(zerosOfRows: 1, columns: differentiator.count)
          _ = differentiator.gradient(of: sample, to: .adding(to: sum.base), in: differentiator.makeWorkspace())
          return Array(sum.elements)
        }
        let error = relativeError(gradients[0], gradients[1])
        #expect(PanelProduct.pays ? error == 0 : error < 1e-5, "\(error)")
      }
    }
  }

  @Test(arguments: [("gpt2", "gpt-2"), ("llama3", "llama-bpe"), ("qwen2", "qwen2"), ("mistral-sp", nil as String?)])
  func tokensAreThoseOfTheTokenizerItWasMadeFrom(name: String, pre: String?) throws {
    try withFolder { folder in
      let directory = Places.fixtures.appendingPathComponent("LanguageModel/tokenizers/\(name)").path
      let source = try Oracle("llama-tied").directory
      var made = try MadeGGUF(of: source, architecture: "llama")
      if let pre {
        try made.addTokenizer(of: directory, pre: pre)
      } else {
        try made.addPieces(of: directory)
      }
      let path = try made.write(to: folder)
      let found = try Tokenizer(directory: path)
      let expected = try Tokenizer(directory: directory)
      var chance = SeededGenerator(seed: 3)
      let alphabet = Array("aB1 9\n\t'é中🙂▁ -_<>|ñ１٣한 the ing 12 It's<s></s>\u{301}  ")
      for _ in 0..<300 {
        let text = String((0..<chance.below(40)).map { _ in alphabet[chance.below(alphabet.count)] })
        let ids = found.encode(text)
        #expect(ids == expected.encode(text), "\(text.debugDescription)")
        #expect(found.decode(ids) == expected.decode(ids), "\(text.debugDescription)")
      }
    }
  }

  @Test func partsOfASplitModelAreOneWhicheverIsNamed() throws {
    try withFolder { folder in
      let oracle = try Oracle("qwen3")
      var made = try MadeGGUF(of: oracle.directory, architecture: "qwen3")
      try made.addTokenizer(of: oracle.directory, pre: "qwen2")
      let whole = try Model(directory: made.write(to: folder))
      let tensors = made.file.tensors
      made.file.set("split.count", .uint32(2))
      for number in 1...2 {
        var part = GGUFBytes()
        if number == 1 { part.metadata = made.file.metadata }
        part.set("split.no", .uint32(UInt32(number - 1)))
        part.tensors = tensors.enumerated().filter { $0.offset % 2 == number - 1 }.map(\.element)
        try part.data.write(to: folder.appendingPathComponent("split-0000\(number)-of-00002.gguf"))
      }
      let tokens = oracle.facts.sequences[0]
      for name in ["split-00001-of-00002.gguf", "split-00002-of-00002.gguf"] {
        let model = try Model(directory: folder.appendingPathComponent(name).path)
        let isSame = logits(model, tokens) == logits(whole, tokens)
        #expect(isSame)
      }
      try FileManager.default.removeItem(at: folder.appendingPathComponent("split-00002-of-00002.gguf"))
      let first = folder.appendingPathComponent("split-00001-of-00002.gguf").path
      var found = problem { try Model(directory: first) }
      #expect(found.contains("split-00002-of-00002.gguf"))
      try FileManager.default.moveItem(atPath: first, toPath: folder.path + "/renamed.gguf")
      found = problem { try Model(directory: folder.path + "/renamed.gguf") }
      #expect(found.contains("one of 2 parts"))
    }
  }

  @Test func trainingWritesACheckpointDirectory() throws {
    try withFolder { folder in
      let model = try Model(directory: Self.llama)
      let trainer = Trainer(model.network)
      let out = folder.appendingPathComponent("tuned").path
      try trainer.saveCheckpoint(to: out, from: Self.llama)
      let saved = try Model(directory: out)
      let text = "It's <|eot_id|> 12345 naïve\n\n text  "
      #expect(
        saved.tokenizer.encode(text, addingSpecialTokens: true)
          == model.tokenizer.encode(text, addingSpecialTokens: true))
      #expect(saved.configuration == model.configuration)
      let tokens = model.tokenizer.encode(text)
      let isSame = logits(saved, tokens) == logits(model, tokens)
      #expect(isSame)
      let turns = [Turn(role: "user", content: "Hi")]
      for directory in [out, Self.llama] {
        #expect(try ChatTemplate(directory: directory).render(turns) == "<|user|>Hi")
      }
      // A digest of a file's bytes; of the same model in another form it is another.
      #expect(try Model.contentHash(directory: Self.llama) == model.contentHash)
      #expect(saved.contentHash != model.contentHash)
    }
  }

  // MARK: What is refused

  private func problem(_ body: () throws -> some Any) -> String {
    do {
      _ = try body()
      return "opened"
    } catch let error as any ReportableError {
      return error.report.description
    } catch {
      return "\(error)"
    }
  }

  @Test func whatIsNotComputedIsRefusedByName() throws {
    try withFolder { folder in
      let oracle = try Oracle("llama-tied")
      var good = try MadeGGUF(of: oracle.directory, architecture: "llama")
      try good.addTokenizer(of: oracle.directory, pre: "llama-bpe")
      func expect(_ words: String, _ change: (inout GGUFBytes) -> Void) throws {
        var made = good
        change(&made.file)
        let path = try made.write(to: folder)
        let found = problem { try Model(directory: path) }
        #expect(found.contains(words), "\(found)")
      }
      try expect("opened") { _ in }
      try expect("mamba") { $0.set("general.architecture", .string("mamba")) }
      try expect("general.architecture") { $0.remove("general.architecture") }
      try expect("experts") { $0.set("llama.expert_count", .uint32(8)) }
      try expect("dynamic") { $0.set("llama.rope.scaling.type", .string("dynamic")) }
      try expect("logit_scale") { $0.set("llama.logit_scale", .float32(2)) }
      try expect("value size") { $0.set("llama.attention.value_length", .uint32(8)) }
      try expect("llama.block_count") { $0.remove("llama.block_count") }
      try expect("model.layers.4") { $0.set("llama.block_count", .uint32(5)) }
      try expect("differs by layer") { $0.set("llama.feed_forward_length", .integers([128, 96])) }
      try expect("bert") { $0.set("tokenizer.ggml.model", .string("bert")) }
      try expect("chameleon") { $0.set("tokenizer.ggml.pre", .string("chameleon")) }
      try expect("tokenizer.ggml.pre") { $0.remove("tokenizer.ggml.pre") }
      try expect("merges") { $0.remove("tokenizer.ggml.merges") }
      try expect("tokenizer.ggml.tokens") { $0.remove("tokenizer.ggml.tokens") }
      try expect("GGUF version 1") { $0.version = 1 }
      try expect("big-endian") { $0.version = UInt32(3).byteSwapped }
      try expect("attn_sinks") {
        $0.tensors.append(.init("blk.0.attn_sinks.weight", shape: [4], floats: [1, 2, 3, 4]))
      }
      try expect("rope_freqs") {
        $0.tensors.append(.init("rope_freqs.weight", shape: [8], floats: [1, 1, 1, 1, 2, 3, 5, 9]))
      }
      try expect("blk.1.ffn_up.weight is of type Q2_K") { file in
        let place = file.tensors.firstIndex { $0.name == "blk.1.ffn_up.weight" } ?? 0
        file.tensors[place].type = 10
      }
      try expect("model.layers.1.self_attn.q_proj.weight has nan at [8, 0]") { file in
        let place = file.tensors.firstIndex { $0.name == "blk.1.attn_q.weight" } ?? 0
        file.tensors[place].bytes.replaceSubrange(256..<260, with: withUnsafeBytes(of: Float.nan) { Data($0) })
      }
    }
  }

  @Test func aHeaderThatContradictsItsFileIsRefusedBeforeMemoryIsTaken() throws {
    try withFolder { folder in
      func expect(_ words: String, _ change: (inout GGUFBytes) -> Void) throws {
        var file = GGUFBytes()
        file.set("general.architecture", .string("llama"))
        file.set("a", .strings([[65]]))
        file.tensors = [.init("t", shape: [2, 32], floats: [Float](repeating: 1, count: 64))]
        change(&file)
        let path = folder.appendingPathComponent("bad.gguf").path
        try file.data.write(to: URL(fileURLWithPath: path))
        let found = problem { try GGUFFile(path: path) }
        #expect(found.contains(words), "\(found)")
      }
      func count(_ value: UInt64, type: UInt32) -> Data {
        withUnsafeBytes(of: type) { Data($0) } + withUnsafeBytes(of: value) { Data($0) }
      }
      try expect("opened") { _ in }
      try expect("bad.gguf: ") { $0.declaredTensors = .max }
      try expect("bad.gguf: ") { $0.declaredKeys = .max }
      for type in [UInt32(8), 4, 12] {
        for size in [UInt64.max, 1 << 62, 1 << 40] {
          try expect("truncated") { $0.set("a", .raw(type: 9, count(size, type: type))) }
        }
      }
      try expect("array of type 9") { $0.set("a", .raw(type: 9, count(1, type: 9))) }
      try expect("type 77") { $0.set("a", .raw(type: 77, Data())) }
      try expect("truncated") { $0.set("a", .raw(type: 8, count(1 << 50, type: 0))) }
      try expect("stands twice") { $0.metadata.append(("a", .bool(true))) }
      try expect("stands twice") { $0.tensors.append($0.tensors[0]) }
      try expect("alignment") { $0.set("general.alignment", .uint32(48)) }
      try expect("whole blocks") { $0.tensors[0].shape = [1 << 40, 1 << 40] }
      try expect("truncated") { $0.tensors[0].shape = [1 << 40, 32] }
      try expect("5 dimensions") { $0.tensors[0].shape = [1, 1, 1, 1, 64] }
      try expect("whole blocks of Q4_K") { $0.tensors[0].type = 12 }
      try expect("truncated") { $0.tensors[0].bytes.removeLast(8) }
    }
  }
}
