import Foundation
import JSONBytes
import Numerics

/// A byte-level tokenizer as older checkpoints keep it: `vocab.json` and `merges.txt`, without a `tokenizer.json`.
enum VocabularyFiles {
  /// The `tokenizer.json` that they stand for, as transformers makes it from the class that `tokenizer_config.json` names; nil where
  /// they are not there.
  static func tokenizer(in directory: String) throws(CheckpointError) -> ModelFiles.Document? {
    let (vocabularyPath, mergesPath) = (directory + "/vocab.json", directory + "/merges.txt")
    guard try Presence.check(vocabularyPath), try Presence.check(mergesPath) else { return nil }
    var files = [try MappedFile(checkpoint: vocabularyPath), try MappedFile(checkpoint: mergesPath)]
    guard let vocabulary = try JSON.parse(files[0]).members else {
      throw .malformed(vocabularyPath, reason: "not an object of tokens and their ids")
    }
    var configuration = JSON.null
    if try Presence.check(directory + "/tokenizer_config.json") {
      files.append(try MappedFile(checkpoint: directory + "/tokenizer_config.json"))
      configuration = try JSON.parse(files[2])
    }
    var added = try addedTokens(directory, &files)
    let ids = Dictionary(vocabulary.map { ($0.key, $0.value.int ?? -1) }) { $1 }
    // The tokens with a role are found in the text whether or not another file lists them.
    for role in ["bos_token", "eos_token", "unk_token", "pad_token"] {
      let value = configuration[role]
      if let content = value?.bytes ?? value?["content"]?.bytes
        ?? (role == "eos_token" ? Array("<|endoftext|>".utf8) : nil),
        let id = ids[content], !added.contains(where: { $0.content == content })
      {
        added.append((id, content))
      }
    }
    let name = configuration["tokenizer_class"]?.text ?? "GPT2Tokenizer"
    let pattern = try pattern(name, configuration, directory)
    var text = JSONText()
    text.object { text in
      text.array("added_tokens") { list in
        for token in added.sorted(by: { $0.id < $1.id }) {
          list.object { text in
            text.member("id", token.id)
            text.member("content", token.content)
            text.member("normalized", false)
            text.member("special", true)
          }
        }
      }
      text.member("normalizer", json: name.hasPrefix("Qwen2") ? #"{"type": "NFC"}"# : "null")
      text.member("pre_tokenizer", json: pattern)
      text.member("decoder", json: #"{"type": "ByteLevel"}"#)
      text.object("model") { text in
        text.member("type", "BPE")
        text.object("vocab") { object in
          for (spelling, id) in vocabulary { object.member(spelling, id.int ?? -1) }
        }
        text.array("merges") { list in
          let lines = files[1].bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D })
          for line in lines.map({ Array($0) }) where !line.starts(with: "#version".utf8) { list.element(line) }
        }
      }
    }
    return ModelFiles.Document(text.bytes, path: vocabularyPath, source: .files(files))
  }

  private static func addedTokens(
    _ directory: String, _ files: inout [MappedFile]
  ) throws(CheckpointError) -> [(id: Int, content: [UInt8])] {
    guard try Presence.check(directory + "/added_tokens.json") else { return [] }
    let file = try MappedFile(checkpoint: directory + "/added_tokens.json")
    files.append(file)
    return (try JSON.parse(file).members ?? []).compactMap { key, value in value.int.map { ($0, key) } }
  }

  /// How a class splits text.
  private static func pattern(
    _ name: String, _ configuration: JSON, _ directory: String
  ) throws(CheckpointError) -> String {
    switch name {
    case "GPT2Tokenizer", "GPT2TokenizerFast", "PreTrainedTokenizerFast":
      let prefix = configuration["add_prefix_space"]?.bool ?? false
      return #"{"type": "ByteLevel", "add_prefix_space": \#(prefix), "trim_offsets": true, "use_regex": true}"#
    case "Qwen2Tokenizer", "Qwen2TokenizerFast":
      return #"""
        {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}, "behavior": "Isolated", "invert": false}, {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]}
        """#
    default:
      throw .unusable(
        "vocab.json and merges.txt of a \(name), without a tokenizer.json", at: directory,
        remedy: "Make one: python -c \"from transformers import AutoTokenizer as T; "
          + "T.from_pretrained('\(directory)').save_pretrained('\(directory)')\".")
    }
  }
}
