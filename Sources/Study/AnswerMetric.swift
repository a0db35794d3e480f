import Domain
import Foundation

/// How a generated answer is held against the row's response: 0 to 1.
package enum AnswerMetric: String, Sendable, Hashable, Codable, CaseIterable {
  /// The same text, but for white space at its ends.
  case exact
  /// The response stands in the answer.
  case contains
  /// The same last number; of a response with `####` (GSM8K) the number behind it.
  case numeric
  /// F-measure of words in common, and of the longest common subsequence of words (Lin, 2004), words as rouge-score has them without
  /// stemming: runs of a to z and 0 to 9 of the lower-cased text.
  case rouge1
  case rougeL

  package func callAsFunction(_ answer: String, _ response: String) -> Double {
    switch self {
    case .exact: return answer.trimmingSpaces() == response.trimmingSpaces() ? 1 : 0
    case .contains:
      let wanted = response.trimmingSpaces()
      return !wanted.isEmpty && answer.contains(wanted) ? 1 : 0
    case .numeric:
      guard let wanted = Self.number(response) else { return 0 }
      return Self.number(answer) == wanted ? 1 : 0
    case .rouge1:
      let (a, b) = (Self.words(answer), Self.words(response))
      var left = b.reduce(into: [:]) { $0[$1, default: 0] += 1 }
      let common = a.count { word in
        guard let times = left[word], times > 0 else { return false }
        left[word] = times - 1
        return true
      }
      return Self.measure(common, a.count, b.count)
    case .rougeL:
      let (a, b) = (Self.words(answer), Self.words(response))
      var above = [Int](repeating: 0, count: b.count + 1)
      for word in a {
        var row = above
        for (place, other) in b.enumerated() {
          row[place + 1] = word == other ? above[place] + 1 : max(above[place + 1], row[place])
        }
        above = row
      }
      return Self.measure(above.last ?? 0, a.count, b.count)
    }
  }

  private static func measure(_ common: Int, _ a: Int, _ b: Int) -> Double {
    common == 0 ? 0 : 2 * Double(common) / Double(a + b)
  }

  private static func words(_ text: String) -> [String] {
    text.lowercased().unicodeScalars.split { !("a"..."z").contains($0) && !("0"..."9").contains($0) }.map { String($0) }
  }

  /// The last number of a text, signs, points and thousands' commas read.
  static func number(_ text: String) -> Double? {
    let number = /-?\d[\d,]*(?:\.\d+)?/
    let marked = text.range(of: "####", options: .backwards).flatMap { text[$0.upperBound...].firstMatch(of: number) }
    let found = marked ?? text.matches(of: number).last
    return found.flatMap { Double($0.0.replacing(",", with: "")) }
  }
}
