import Foundation
import JSONBytes
import Numerics

/// What is wrong with a directory in which a checkpoint's file is missing, and what to do about it.
enum Diagnosis {
  static func missing(_ name: String, in directory: String) -> CheckpointError {
    let names = Set(Presence.names(in: directory))
    if names.contains("adapter_config.json"), name != "tokenizer.json" || !names.contains("config.json") {
      return adapter(directory)
    }
    switch name {
    case "config.json":
      let inside = names.sorted().filter {
        FileManager.default.fileExists(atPath: directory + "/\($0)/config.json")
      }
      if !inside.isEmpty {
        return .unusable(
          "no config.json", at: directory,
          remedy: "Name the checkpoint in it: \(inside.prefix(6).joined(separator: ", ")).")
      }
      if names.contains("params.json") {
        return .unusable(
          "a checkpoint in its authors' own form (params.json)", at: directory,
          remedy: "Use the one in Hugging Face's form, with config.json and model.safetensors.")
      }
    case "tokenizer.json":
      for file in ["tokenizer.model", "tekken.json", "spiece.model", "vocab.txt"] where names.contains(file) {
        return .unusable(
          "no tokenizer.json, only \(file)", at: directory,
          remedy: "Make one: python -c \"from transformers import AutoTokenizer as T; "
            + "T.from_pretrained('\(directory)').save_pretrained('\(directory)')\".")
      }
    default:
      if let file = names.sorted().first(where: { PickledWeights.kind(of: $0) != nil }),
        let (kind, remedy) = PickledWeights.kind(of: directory + "/" + file)
      {
        return .unusable("no \(name), only \(file): \(kind), which is not read", at: directory, remedy: remedy)
      }
    }
    return .missingFile(name, directory: directory)
  }

  /// A PEFT folder where a model was asked for.
  private static func adapter(_ directory: String) -> CheckpointError {
    let json = try? JSON.parse(MappedFile(checkpoint: directory + "/adapter_config.json"))
    let base = json?["base_model_name_or_path"]?.text
    return .unusable(
      "an adapter in PEFT's form, not a model" + (base.map { "; it belongs to \($0)" } ?? ""), at: directory,
      remedy:
        "Name the model and the adapter (winnow evaluate --model \(base ?? "DIR") --adapter \(directory)); elsewhere "
        + "merge the two first: winnow finetune --merge writes a checkpoint, and so does PEFT's merge_and_unload.")
  }
}

/// Weights in forms that hold a program as well as numbers, or belong to other frameworks.
enum PickledWeights {
  /// What a file is by its name, and what to do; nil for one that is none of them.
  static func kind(of path: String) -> (kind: String, remedy: String)? {
    let name = (path as NSString).lastPathComponent
    let directory = (path as NSString).deletingLastPathComponent
    let kind: String
    switch (name as NSString).pathExtension {
    case "bin" where name.hasPrefix("pytorch_model") || name.hasPrefix("model") || name.hasPrefix("adapter_model"),
      "pt",
      "pth", "ckpt":
      kind = "PyTorch's pickled weights (loading them runs what is in them)"
    case "h5", "msgpack", "onnx", "ot", "npz": kind = "weights of another framework"
    default: return nil
    }
    return (
      kind,
      "Write them as safetensors: python -c \"from transformers import AutoModelForCausalLM as M; "
        + "M.from_pretrained('\(directory)').save_pretrained('\(directory)')\", or use a repository that has them."
    )
  }
}
