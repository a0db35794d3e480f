import Domain

/// Why a file of numbers cannot be read.
package enum NumericsError: ReportableError, Hashable {
  case noSuchFile(path: String)
  case unreadable(path: String, reason: String)
  /// The file does not begin as a `.npy` file does.
  case notNumpy(path: String)
  /// The header is there, but does not say what it must.
  case header(path: String, reason: String)
  /// An element type that is not float16, float32 or float64 in little-endian order.
  case elementType(path: String, found: String)
  /// Not a matrix.
  case shape(path: String, found: [Int])
  /// The file has fewer or more bytes than its header says.
  case length(path: String, bytes: Int, expected: Int)
  /// The shape asks for more memory than can be counted.
  case tooLarge(path: String, rows: Int, columns: Int)
  /// Memory or disk for a copy could not be had.
  case outOfSpace(bytes: Int, reason: String)

  package var report: ErrorReport {
    switch self {
    case .noSuchFile(let path):
      ErrorReport("no such file", at: path, status: .noSuchFile)
    case .unreadable(let path, let reason):
      ErrorReport("cannot be read: \(reason)", at: path, status: .noSuchFile)
    case .notNumpy(let path):
      ErrorReport("not a .npy file", at: path, remedy: "Write it with numpy.save.", status: .badData)
    case .header(let path, let reason):
      ErrorReport(
        "the .npy header \(reason)", at: path, remedy: "Write the file again with numpy.save.", status: .badData)
    case .elementType(let path, let found):
      ErrorReport(
        "elements of type \(found)", at: path,
        remedy: "Save it as float32, float64 or float16 in little-endian order: a.astype('<f4').", status: .badData)
    case .shape(let path, let found):
      ErrorReport(
        "an array of \(found.count) dimension\(found.count == 1 ? "" : "s") (\(Self.product(found))), not a matrix",
        at: path, remedy: "Save an array of two dimensions.", status: .badData)
    case .length(let path, let bytes, let expected):
      ErrorReport(
        bytes < expected
          ? "truncated: \(bytes) bytes, its header says \(expected)" : "\(bytes) bytes, its header says \(expected)",
        at: path, remedy: "Write or copy the file again.", status: .badData)
    case .tooLarge(let path, let rows, let columns):
      ErrorReport("a shape of \(rows) × \(columns) is beyond what can be addressed", at: path, status: .badData)
    case .outOfSpace(let bytes, let reason):
      ErrorReport(
        "no room for \(bytes) bytes: \(reason)", remedy: "Free memory or disk space, or use a sparse kernel.",
        status: .failed)
    }
  }

  private static func product(_ shape: [Int]) -> String {
    shape.isEmpty ? "a single number" : shape.map(String.init).joined(separator: " × ")
  }
}
