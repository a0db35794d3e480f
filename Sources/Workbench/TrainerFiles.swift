import Datasets
import Domain
import Foundation

/// Chosen rows as a trainer reads them: a file of rows and the few lines of configuration that name it.
///
/// Instructions and chats stay what they are where the trainer knows both; in a mixture all rows are chats. Of a chat only the
/// last answer is trained, unless the run read all turns; a turn that the data says is not to be trained is not. Calls of tools, reasoning
/// and the tools themselves go to TRL and axolotl as the data has them, to LLaMA-Factory in plain words. None of the three takes a weight a row: see ``note``.
struct TrainerFiles {
  var trainer: TrainingTool
  var dataPath: String
  var lines: [String]
  var configurationPath: String
  var configuration: String
  private let isChat: Bool
  private let allTurns: Bool
  private let callsTools: Bool

  static let note = "trl, axolotl and llama-factory take no weight a row; winnow finetune --weight-field does"

  init(_ trainer: TrainingTool, samples: [Sample], added: [AddedField], path: String, allTurns: Bool) throws {
    let isChat = samples.contains { if case .conversation = $0.query { true } else { false } }
    self.isChat = isChat
    self.allTurns = allTurns
    callsTools = samples.contains { $0.tools != nil || $0.message?.contains("\"tool_calls\"") == true }
    let stem = (path as NSString).deletingPathExtension
    let file = (path as NSString).lastPathComponent
    self.trainer = trainer
    dataPath = path
    lines = samples.enumerated().map { number, sample in
      var members = isChat ? Self.chat(sample, trainer, allTurns: allTurns) : Self.instruction(sample, trainer)
      for field in added { members.append((field.name, field.values[number])) }
      return "{" + members.map { "\(JSONText.quoted($0.0)): \($0.1)" }.joined(separator: ", ") + "}"
    }
    switch trainer {
    case .trl:
      configurationPath = Self.configurationPath(of: trainer, data: path)
      configuration = """
        # trl sft --config \((configurationPath as NSString).lastPathComponent) --model_name_or_path MODEL
        datasets:
          - path: json
            data_files: \(JSONText.quoted(file))
            split: train
        \(isChat && allTurns ? "assistant_only_loss: true" : "completion_only_loss: true")

        """
    case .axolotl:
      configurationPath = Self.configurationPath(of: trainer, data: path)
      let shape =
        isChat
        ? """
            type: chat_template
            field_messages: messages
            message_property_mappings:
              role: role
              content: content
            roles_to_train: [assistant]
            train_on_eos: turn
            message_field_training: train
        """
        : """
            type: alpaca
        """
      configuration = """
        datasets:
          - path: \(JSONText.quoted(file))
            ds_type: json
        \(shape)
        train_on_inputs: false

        """
    case .llamaFactory:
      configurationPath = Self.configurationPath(of: trainer, data: path)
      let name = JSONText.quoted(((stem as NSString).lastPathComponent))
      let shape =
        isChat
        ? """
        "formatting": "sharegpt",
            "columns": {"messages": "messages"},
            "tags": {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant", "system_tag": "system"}
        """
        : """
        "columns": {"prompt": "instruction", "query": "input", "response": "output"}
        """
      configuration = """
        {
          \(name): {
            "file_name": \(JSONText.quoted(file)),
            \(shape)
          }
        }

        """
    }
  }

  /// Where the configuration for a data file goes.
  static func configurationPath(of trainer: TrainingTool, data path: String) -> String {
    let stem = (path as NSString).deletingPathExtension
    guard trainer == .llamaFactory else { return "\(stem).\(trainer.rawValue).yaml" }
    let folder = (stem as NSString).deletingLastPathComponent
    return folder.isEmpty ? "dataset_info.json" : folder + "/dataset_info.json"
  }

  /// The configuration to write where there may be one: LLaMA-Factory has all data sets of a folder in one file, and the others' entries
  /// stay. Errors: `exists` where an entry, or a file, would have to be replaced unasked.
  func configuration(replacing: Bool) throws -> String {
    guard let present = FileManager.default.contents(atPath: configurationPath) else { return configuration }
    if trainer == .llamaFactory, var entries = Self.object(present), let own = Self.object(Data(configuration.utf8)) {
      if !replacing, entries.keys.contains(where: { own[$0] != nil }) {
        throw DatasetError.exists(path: configurationPath)
      }
      entries.merge(own) { $1 }
      let merged = try JSONSerialization.data(
        withJSONObject: entries, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
      return String(decoding: merged, as: UTF8.self) + "\n"
    }
    if !replacing { throw DatasetError.exists(path: configurationPath) }
    return configuration
  }

  private static func object(_ data: Data) -> [String: Any]? {
    (try? JSONSerialization.jsonObject(with: data)) as? [String: Any]
  }

  /// What the trainer has to be told beside.
  var notes: [String] {
    guard trainer == .llamaFactory, isChat else { return [] }
    let calls = callsTools ? ["calls of tools, and tools, are written for llama-factory in plain words"] : []
    guard !allTurns else { return calls }
    return calls + ["llama-factory trains on every assistant turn unless it is told mask_history: true"]
  }

  private static func instruction(_ sample: Sample, _ trainer: TrainingTool) -> [(String, String)] {
    let (instruction, input) = sample.instructionAndInput
    if trainer == .trl {
      let prompt = [instruction, input].filter { !$0.isEmpty }.joined(separator: "\n\n")
      return [("prompt", JSONText.quoted(prompt)), ("completion", JSONText.quoted(sample.response))]
    }
    return [
      ("instruction", JSONText.quoted(instruction)), ("input", JSONText.quoted(input)),
      ("output", JSONText.quoted(sample.response)),
    ]
  }

  private static func chat(_ sample: Sample, _ trainer: TrainingTool, allTurns: Bool) -> [(String, String)] {
    var turns: [Turn]
    switch sample.query {
    case .conversation(let earlier): turns = earlier
    case .instruction(let instruction, let input):
      turns = [Turn(role: "user", content: [instruction, input].filter { !$0.isEmpty }.joined(separator: "\n\n"))]
    }
    let isPlain = trainer == .llamaFactory
    if isPlain, let tools = sample.tools {
      turns.insert(Turn(role: "system", content: Sample.plain(tools: tools)), at: 0)
    }
    func message(_ turn: Turn, trains: Bool) -> String {
      if !isPlain, let whole = turn.message, whole.hasPrefix("{"), whole.count > 2 {
        let mark = trainer == .axolotl && !whole.contains("\"train\"") ? "\"train\": \(trains), " : ""
        return "{" + mark + whole.dropFirst()
      }
      var members = ["\"role\": \(JSONText.quoted(turn.role))", "\"content\": \(JSONText.quoted(turn.content))"]
      if trainer == .axolotl { members.append("\"train\": \(trains)") }
      return "{" + members.joined(separator: ", ") + "}"
    }
    let answer = Turn(role: "assistant", content: sample.response, message: sample.message)
    // A list of objects of many shapes is a text in a column.
    let tools = isPlain ? [] : sample.tools.map { [("tools", JSONText.quoted($0))] } ?? []
    // TRL's form for one answer is a prompt and a completion, each a list of messages.
    if trainer == .trl, !allTurns {
      return [
        ("prompt", "[" + turns.map { message($0, trains: false) }.joined(separator: ", ") + "]"),
        ("completion", "[" + message(answer, trains: true) + "]"),
      ] + tools
    }
    turns.append(answer)
    let last = turns.count - 1
    let messages = turns.enumerated().map { number, turn in
      message(turn, trains: turn.role == "assistant" && turn.isTrained && (allTurns || number == last))
    }
    return [("messages", "[" + messages.joined(separator: ", ") + "]")] + tools
  }
}
