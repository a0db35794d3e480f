import Domain
import Foundation
import LanguageModel
import TestSupport
import Testing

/// A copy of a fixture's checkpoint that a test may spoil; removed with the object.
private final class SpoiledCheckpoint {
  let folder: URL

  init(of name: String = "llama-tied") throws {
    folder = try Places.makeTemporaryFolder()
    let source = Places.fixtures.appendingPathComponent("LanguageModel/models/\(name)")
    for file in try FileManager.default.contentsOfDirectory(atPath: source.path) where !file.hasPrefix("oracle") {
      try FileManager.default.copyItem(
        at: source.appendingPathComponent(file), to: folder.appendingPathComponent(file))
    }
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func edit(_ file: String, _ change: (inout String) -> Void) throws {
    let url = folder.appendingPathComponent(file)
    var text = try String(contentsOf: url, encoding: .utf8)
    let before = text
    change(&text)
    #expect(text != before, "the change must change something")
    try text.write(to: url, atomically: true, encoding: .utf8)
  }

  /// Writes a `.safetensors` file of a header and as many zero bytes.
  func write(header: String, data: Int = 0, declared: UInt64? = nil) throws {
    var bytes = Data()
    withUnsafeBytes(of: (declared ?? UInt64(header.utf8.count)).littleEndian) { bytes.append(contentsOf: $0) }
    bytes.append(Data(header.utf8))
    bytes.append(Data(count: data))
    try bytes.write(to: folder.appendingPathComponent("model.safetensors"))
  }

  /// The report of opening it; a checkpoint that opens fails the test.
  func report() throws -> ErrorReport? {
    do {
      _ = try Model(directory: folder.path)
      return nil
    } catch let error as any ReportableError {
      return error.report
    }
  }
}

@Suite struct BadCheckpointTests {
  @Test func aDirectoryThatIsNotThereIsNoSuchFile() throws {
    do {
      _ = try Model(directory: "/nowhere/at/all")
      Issue.record("opened")
    } catch let error as any ReportableError {
      #expect(error.report.status == .noSuchFile)
      #expect(error.report.description.contains("/nowhere/at/all"))
    }
  }

  @Test(arguments: ["config.json", "tokenizer.json", "model.safetensors"])
  func aMissingFileIsNamed(file: String) throws {
    let checkpoint = try SpoiledCheckpoint()
    try FileManager.default.removeItem(at: checkpoint.folder.appendingPathComponent(file))
    let report = try checkpoint.report()
    #expect(report?.status == .badData)
    #expect(report?.problem.contains(file) == true)
  }

  @Test func anUnknownArchitectureIsNamed() throws {
    let checkpoint = try SpoiledCheckpoint()
    try checkpoint.edit("config.json") {
      $0.replace("\"model_type\": \"llama\"", with: "\"model_type\": \"mamba\"")
      $0.replace("LlamaForCausalLM", with: "MambaForCausalLM")
    }
    #expect(try checkpoint.report()?.problem.contains("MambaForCausalLM") == true)
  }

  @Test func anArchitectureWithoutAnOutputHeadIsRefused() throws {
    let checkpoint = try SpoiledCheckpoint()
    try checkpoint.edit("config.json") { $0.replace("LlamaForCausalLM", with: "LlamaForSequenceClassification") }
    #expect(try checkpoint.report()?.problem.contains("LlamaForSequenceClassification") == true)
  }

  @Test func aQuantisedCheckpointIsRefused() throws {
    let checkpoint = try SpoiledCheckpoint()
    try checkpoint.edit("config.json") {
      $0.replace("\"hidden_act\"", with: "\"quantization_config\": {\"quant_method\": \"gptq\"}, \"hidden_act\"")
    }
    #expect(try checkpoint.report()?.problem.contains("gptq") == true)
  }

  @Test(arguments: ["dynamic", "yarn", "longrope"]) func aRopeScalingThatIsNotComputedIsNamed(kind: String) throws {
    let checkpoint = try SpoiledCheckpoint()
    try checkpoint.edit("config.json") {
      $0.replace("\"rope_scaling\": null", with: "\"rope_scaling\": {\"type\": \"\(kind)\", \"factor\": 2.0}")
    }
    #expect(try checkpoint.report()?.problem.contains(kind) == true)
  }

  @Test(arguments: [
    ("\"hidden_size\": 64", "\"hidden_size\": -64"), ("\"hidden_size\": 64", "\"hidden_size\": 1e300"),
    ("\"hidden_size\": 64,", ""), ("\"num_attention_heads\": 4", "\"num_attention_heads\": 0"),
    ("\"num_key_value_heads\": 2", "\"num_key_value_heads\": 3"), ("\"head_dim\": 16", "\"head_dim\": 15"),
    ("\"vocab_size\": 512", "\"vocab_size\": 4294967295"),
    ("\"num_hidden_layers\": 4", "\"num_hidden_layers\": 4000000"),
    ("\"rope_theta\": 10000.0", "\"rope_theta\": 0"), ("{", "["), ("\"vocab_size\": 512", "\"vocab_size\": 100"),
  ])
  func aConfigurationThatCannotBeIsRefused(found: String, replacement: String) throws {
    let checkpoint = try SpoiledCheckpoint()
    try checkpoint.edit("config.json") { $0.replace(found, with: replacement, maxReplacements: 1) }
    #expect(try checkpoint.report()?.status == .badData)
  }

  @Test(arguments: [0, 4, 8, 1000, 700_000]) func aTruncatedFileSaysSo(bytes: Int) throws {
    let checkpoint = try SpoiledCheckpoint()
    let url = checkpoint.folder.appendingPathComponent("model.safetensors")
    try Data(contentsOf: url).prefix(bytes).write(to: url)
    let report = try checkpoint.report()
    #expect(report?.status == .badData)
    #expect(report?.problem.contains("truncated") == true)
    #expect(report?.location?.hasSuffix("model.safetensors") == true)
  }

  @Test func aMissingTensorIsNamed() throws {
    let checkpoint = try SpoiledCheckpoint()
    try checkpoint.edit("config.json") {
      $0.replace("\"num_hidden_layers\": 4", with: "\"num_hidden_layers\": 5")
    }
    #expect(try checkpoint.report()?.problem.contains("model.layers.4.input_layernorm.weight") == true)
  }

  @Test func aMisshapenTensorIsNamedWithBothShapes() throws {
    let checkpoint = try SpoiledCheckpoint()
    try checkpoint.edit("config.json") {
      $0.replace("\"intermediate_size\": 128", with: "\"intermediate_size\": 96")
    }
    let problem = try checkpoint.report()?.problem ?? ""
    #expect(problem.contains("gate_proj") && problem.contains("[128, 64]") && problem.contains("[96, 64]"))
  }

  @Test func aMissingShardIsNamed() throws {
    let checkpoint = try SpoiledCheckpoint(of: "llama-untied-bf16-sharded")
    try FileManager.default.removeItem(at: checkpoint.folder.appendingPathComponent("model-00002-of-00003.safetensors"))
    #expect(try checkpoint.report()?.problem.contains("model-00002-of-00003.safetensors") == true)
  }

  @Test func anIndexThatLeavesItsDirectoryIsRefused() throws {
    let checkpoint = try SpoiledCheckpoint(of: "llama-untied-bf16-sharded")
    try checkpoint.edit("model.safetensors.index.json") {
      $0.replace("\"model-00002-of-00003.safetensors\"", with: "\"../elsewhere.safetensors\"")
    }
    #expect(try checkpoint.report()?.status == .badData)
  }

  @Test(arguments: [
    #"{"model.embed_tokens.weight":{"dtype":"F32","shape":[512,64],"data_offsets":[0,100]}}"#,
    #"{"model.embed_tokens.weight":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#,
    #"{"model.embed_tokens.weight":{"dtype":"F32","shape":[-1,64],"data_offsets":[0,0]}}"#,
    #"{"model.embed_tokens.weight":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#,
    #"{"model.embed_tokens.weight":{"dtype":"F32","shape":[1],"data_offsets":[9e18,9.1e18]}}"#,
    #"{"model.embed_tokens.weight":{"dtype":"F32","shape":[1]}}"#,
    #"{"model.embed_tokens.weight":{"dtype":"Q4_0","shape":[512,64],"data_offsets":[0,0]}}"#,
    "[]", "{", "",
  ])
  func aHeaderThatContradictsItselfIsRefused(header: String) throws {
    let checkpoint = try SpoiledCheckpoint()
    try checkpoint.write(header: header, data: 1000)
    #expect(try checkpoint.report()?.status == .badData)
    try checkpoint.write(header: header, declared: .max)
    #expect(try checkpoint.report()?.status == .badData)
  }

  @Test func aTokenizerPartThatIsNotComputedIsNamed() throws {
    let checkpoint = try SpoiledCheckpoint()
    try checkpoint.edit("tokenizer.json") { $0.replace("\\\\p{N}{1,3}", with: "\\\\p{N}{1,4}") }
    #expect(try checkpoint.report()?.problem.contains("{1,4}") == true)
  }

  @Test func anIdFarAboveTheVocabularyIsRefusedBeforeATableIsMadeForIt() throws {
    let checkpoint = try SpoiledCheckpoint()
    try checkpoint.edit("tokenizer.json") { text in
      let entry = text.firstRange(of: /"id": ?[0-9]+/).map { String(text[$0]) } ?? ""
      text = text.replacingOccurrences(of: entry, with: "\"id\": 16777215")
    }
    #expect(try checkpoint.report()?.problem.contains("id of") == true)
  }

  /// Bytes of header and tokenizer flipped, dropped and doubled at random: an error or a model, never a trap.
  @Test func spoiledFilesNeverTrap() throws {
    var chance = SeededGenerator(seed: 7)
    for file in ["tokenizer.json", "config.json", "model.safetensors"] {
      let checkpoint = try SpoiledCheckpoint()
      let url = checkpoint.folder.appendingPathComponent(file)
      let whole = try Data(contentsOf: url)
      var refused = 0
      for _ in 0..<60 {
        var data = whole
        let reach = file == "model.safetensors" ? 3000 : data.count
        for _ in 0...chance.below(3) {
          let place = chance.below(reach)
          switch chance.below(4) {
          case 0: data[place] = UInt8(chance.below(256))
          case 1: data.remove(at: place)
          case 2: data.insert(UInt8(ascii: "0") + UInt8(chance.below(10)), at: place)
          default: data[place] ^= 1 << UInt8(chance.below(8))
          }
        }
        try data.write(to: url)
        if let report = try checkpoint.report() {
          refused += 1
          #expect(report.status == .badData)
        } else if let model = try? Model(directory: checkpoint.folder.path) {
          // What opens must also run.
          _ = model.tokenizer.decode(model.tokenizer.encode("It's <|eot_id|> 12345 naïve\r\n\n text  "))
        }
      }
      #expect(refused > 5, "\(file)")
    }
  }
}
