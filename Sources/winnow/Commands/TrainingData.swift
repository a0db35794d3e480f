import ArgumentParser
import Datasets
import Domain
import Foundation
import LanguageModel
import Numerics
import SampleEncoding
import Scoring
import Workbench

/// The samples of a file as a model is trained or measured on them.
struct TrainingDataOptions: ParsableArguments {
  @Option(help: ArgumentHelp("File of samples.", valueName: "file"))
  var data: String

  @Option(help: ArgumentHelp("Hugging Face checkpoint directory.", valueName: "dir"))
  var model: String

  @Option(help: ArgumentHelp("Prompt template: delift, chat (the model's own) or plain.", valueName: "name"))
  var template = "delift"

  @Flag(help: "Leave out rows that can't be read instead of stopping at the first.")
  var skipBadRows = false

  @OptionGroup var reading: ReadingOptions
  @OptionGroup var precision: PrecisionOptions

  func load(adapter: String? = nil, _ cancellation: Cancellation) throws -> (Model, TrainingSamples) {
    let file = try open(DataFiles.named([data]), cancellation)
    let model = try Model(directory: self.model, adapter: adapter, precision: precision.precision)
    let samples = try file.samples(at: 0..<file.count)
    return (model, TrainingSamples(samples, template: try .named(template, model: self.model), model: model))
  }

  private func open(_ paths: [String], _ cancellation: Cancellation) throws -> DatasetFile {
    try DatasetFile.open(paths: paths, role: .pool, reading: reading.reading, cancellation: cancellation)
      .validated(skippingBadRows: skipBadRows, cancellation: cancellation)
  }

  /// The number that each row's `field` holds, by the row's index.
  func weights(_ field: String, of samples: [Sample], _ cancellation: Cancellation) throws -> [RowIndex: Float] {
    let file = try open(FolderOfSamples.files(of: [data]), cancellation)
    var weights: [RowIndex: Float] = [:]
    for sample in samples {
      let row = try JSONSerialization.jsonObject(with: Data(file.bytes(of: sample.index))) as? [String: Any]
      guard let weight = (row?[field] as? NSNumber)?.floatValue, weight.isFinite, weight >= 0 else {
        throw ErrorReport(
          "row \(sample.index) has no \"\(field)\" that is a number of 0 or more", at: data,
          remedy: "Name the field that holds the rows' weights; export --weighted writes one.", status: .badData)
      }
      weights[sample.index] = weight
    }
    return weights
  }
}
