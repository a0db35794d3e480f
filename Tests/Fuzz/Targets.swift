import Checkpoints
import Datasets
import Domain
import Foundation
import Interface
import LanguageModel
import Numerics
import Screen
import Tokenizers
import Transformer

enum Outcome: CustomStringConvertible {
  case read
  case refused(ErrorReport)

  var description: String {
    switch self {
    case .read: "read"
    case .refused(let report): "refused: \(report)"
    }
  }
}

/// What is read, and with what.
enum Target: String, CaseIterable {
  case jsonl, csv, safetensors, gguf, tokenizer, npy, jinja, keymap, theme

  /// The committed inputs that others are made from.
  func seeds() throws -> [[UInt8]] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Seeds/\(rawValue)")
    return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map {
      Array(try Data(contentsOf: folder.appendingPathComponent($0)))
    }
  }

  /// Words of the format.
  var words: [String] {
    switch self {
    case .jsonl:
      [
        "\"", "\\", "{", "}", "[", "]", ",", ":", "null", "\\ud800", "\\u0000", "[[[[[[[[", "{\"a\":", "\"output\"",
        "\"messages\"", "\r\n",
      ]
    case .csv: ["\"", "\"\"", ",", "\t", "\r\n", "\n", "prompt", "response", ",,,,,,,,"]
    case .safetensors:
      [
        "\"dtype\"", "\"F32\"", "\"BF16\"", "\"F64\"", "\"I64\"", "\"shape\"", "\"data_offsets\"", "[0,0]", "[", "]",
        "{", "}", ",", "__metadata__", "[[[[",
      ]
    case .gguf:
      [
        "GGUF", "general.architecture", "llama", "gpt2", "tokenizer.ggml.tokens", "tokenizer.ggml.model", "blk.0.",
        "\u{8}\0\0\0", "\u{9}\0\0\0", "\0\0\0\0\0\0\0\0", "\u{1}\0\0\0\0\0\0\0", "\u{20}\0\0\0\0\0\0\0",
        "\u{c}\0\0\0", "\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}",
      ]
    case .tokenizer:
      [
        "\"type\"", "\"BPE\"", "\"Sequence\"", "\"ByteLevel\"", "\"Metaspace\"", "\"Replace\"", "\"Prepend\"",
        "\"NFC\"", "\"Split\"", "null", "true", "{}", "[]", "\"\"", "\"id\":", "\\u2581", "[[[[",
      ]
    case .npy:
      [
        "'descr'", "'<f4'", "'<f8'", "'<f2'", "'>f4'", "'fortran_order'", "True", "False", "'shape'", "(", ")", ",",
        " ", "\n",
      ]
    case .jinja:
      [
        "{%", "%}", "{{", "}}", "{%-", "-%}", "{#", "#}", " for ", " in ", " if ", " elif ", " else ", " endif ",
        " endfor ", " set ", "macro", "messages", "loop.index0", "namespace(", "|", "trim", "tojson", ".", "[", "]",
        "(", ")", "[::-1]", "~", "not ", " and ", " or ", "is defined", "range(999999999)", "'", "\"", "+", "*", "-",
        "//", "%", "raise_exception('x')",
      ]
    case .keymap:
      ["[keys]", "=", "\"", "[", "]", ",", "#", "\n", "ctrl-", "pin", "quit", "f12", "space", "\\", "\"\"\""]
    case .theme:
      [
        "[palette]", "[styles]", "[chart]", "=", "\"", "#", "#ffffff", " on ", "bold", "\n", "base", "title", "default",
        "\\u", "gradient",
      ]
    }
  }

  /// A safetensors file begins with its header's size; mostly it is put right again, so that what stands behind is reached.
  func finish(_ input: [UInt8], mutator: inout Mutator) -> [UInt8] {
    guard self == .safetensors, input.count > 8, mutator.below(4) > 0 else { return input }
    let header = (input[8...].lastIndex(of: UInt8(ascii: "}")) ?? input.count - 1) - 7
    return withUnsafeBytes(of: UInt64(header).littleEndian) { Array($0) } + input[8...]
  }

  /// Reads the input as the program does, to the last number. Throws what is no error of a room.
  func run(_ input: [UInt8], in folder: URL) throws -> Outcome {
    do {
      try read(input, in: folder)
      return .read
    } catch let error as any ReportableError {
      return .refused(error.report)
    } catch let error as ErrorReport {
      return .refused(error)
    } catch let error as ThemeError {
      return .refused(ErrorReport("\(error)", status: .badData))
    }
  }

  private func read(_ input: [UInt8], in folder: URL) throws {
    let text = String(decoding: input, as: UTF8.self)
    switch self {
    case .jsonl, .csv:
      let path = folder.appendingPathComponent("rows." + rawValue).path
      try Data(input).write(to: URL(fileURLWithPath: path))
      let file = try DatasetFile.open(path: path, role: .pool).validated(skippingBadRows: true)
      _ = try file.samples(at: 0..<file.count)
      for position in 0..<min(file.count, 8) { _ = try file.bytes(of: file.index(at: position)) }
    case .safetensors:
      let path = folder.appendingPathComponent("model.safetensors").path
      try Data(input).write(to: URL(fileURLWithPath: path))
      let file = try SafeTensors(path: path)
      for name in file.names {
        // A type that is not computed with is an error of that tensor.
        _ = try? file.floats(name)
        _ = try? file.integers(name)
      }
    case .gguf:
      let path = folder.appendingPathComponent("model.gguf").path
      try Data(input).write(to: URL(fileURLWithPath: path))
      let file = try GGUFFile(path: path)
      for name in file.names { _ = try? file.floats(name) }
      let files = try ModelFiles(path)
      let configuration = try? files.configuration()
      if let checkpoint = try? Checkpoint(files, for: configuration), let configuration {
        _ = try? Network(configuration, from: checkpoint, precision: .stored)
      }
      let tokenizer = try Tokenizer(files)
      _ = tokenizer.decode(tokenizer.encode("It's  12 naïve <s> x", addingSpecialTokens: true))
    case .tokenizer:
      try Data(input).write(to: folder.appendingPathComponent("tokenizer.json"))
      let tokenizer = try Tokenizer(directory: folder.path)
      let ids = tokenizer.encode(
        "It's  12 naïve \u{1F469}\u{200D}\u{1F680}\r\n\n <|im_end|> x", addingSpecialTokens: true)
      _ = tokenizer.decode(ids)
      _ = tokenizer.decode(Array(0..<Int32(min(tokenizer.idBound, 64))))
    case .npy:
      let path = folder.appendingPathComponent("matrix.npy").path
      try Data(input).write(to: URL(fileURLWithPath: path))
      let matrix = try NumpyMatrix(path: path)
      var line = [Float](repeating: 0, count: matrix.lineLength)
      for number in 0..<(matrix.lineLength == 0 ? 0 : matrix.lines) {
        matrix.read(line: number, from: 0, count: matrix.lineLength, to: &line)
      }
    case .jinja:
      let template = try ChatTemplate(text, file: "template", specialTokens: ["bos_token": "<s>", "eos_token": "</s>"])
      _ = try template.render(
        [
          Turn(role: "system", content: "be brief"), Turn(role: "user", content: "a {{ b }} \u{1F469}"),
          Turn(role: "assistant", content: " c "), Turn(role: "user", content: ""),
        ], addingGenerationPrompt: true)
    case .keymap: _ = try KeyMap(parsing: text, file: "keys.toml")
    case .theme: _ = try Theme(parsing: text, id: "seed", file: "seed.toml")
    }
  }
}
