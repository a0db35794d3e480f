import Domain

/// Why an adapter could not be made for a model.
package enum AdapterError: ReportableError, Hashable {
  /// It is asked for on a product that the model does not have.
  case unknownTarget(String, known: [String])

  package var report: ErrorReport {
    switch self {
    case .unknownTarget(let name, let known):
      ErrorReport(
        "no product of the model is called \"\(name)\"", at: "adapter targets",
        remedy: "The model has \(known.joined(separator: ", ")).", status: .unusableArguments)
    }
  }
}
