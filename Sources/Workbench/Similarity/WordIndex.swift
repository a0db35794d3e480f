import Domain
import Foundation

/// Texts to be found by their words: BM25 (Robertson and Zaragoza 2009) with k1 = 1.5 and b = 0.75. A word is a run of letters
/// and digits, case ignored, or a run of other signs.
package struct WordIndex: Sendable {
  private struct Posting: Sendable {
    var document: Int32
    /// What an occurrence of the word in a query is worth in this document.
    var weight: Float
  }

  let count: Int
  private let terms: [String: Int]
  private var postings: [[Posting]] = []

  /// Words in more documents than these tell nothing apart, and would cost most of the time.
  private static let mostDocuments = 20_000

  package init(_ texts: [String]) {
    count = texts.count
    var terms: [String: Int] = [:]
    var counts: [[(document: Int32, count: Float)]] = []
    var lengths: [Float] = []
    for (document, text) in texts.enumerated() {
      let words = Self.words(text)
      lengths.append(Float(words.values.reduce(0, +)))
      // In one order, so that sums come out the same each time.
      for (word, times) in words.sorted(by: { $0.key < $1.key }) {
        let term = terms[word] ?? counts.count
        if term == counts.count {
          terms[word] = term
          counts.append([])
        }
        counts[term].append((Int32(document), Float(times)))
      }
    }
    self.terms = terms
    let mean = max(1, lengths.reduce(0, +) / Float(max(1, texts.count)))
    postings = counts.map { found in
      guard found.count <= Self.mostDocuments else { return [] }
      let total = Double(texts.count)
      let rarity = Float(log(1 + (total - Double(found.count) + 0.5) / (Double(found.count) + 0.5)))
      return found.map { document, times in
        let length = 1 - 0.75 + 0.75 * lengths[Int(document)] / mean
        return Posting(document: document, weight: rarity * times * 2.5 / (times + 1.5 * length))
      }
    }
  }

  /// The documents that are most alike a text, at most so many, the most alike first; equal ones by their numbers. Those without a
  /// word in common are left out.
  ///
  /// - Parameters:
  ///   - scores: room for a number a document, all zero; left so.
  ///   - left: a document that is left out, if any.
  package func nearest(to text: String, count wanted: Int, leavingOut left: Int?, scores: inout [Float]) -> [Int] {
    var met: [Int32] = []
    for (word, times) in Self.words(text).sorted(by: { $0.key < $1.key }) {
      guard let term = terms[word] else { continue }
      for posting in postings[term] {
        if scores[Int(posting.document)] == 0 { met.append(posting.document) }
        scores[Int(posting.document)] += posting.weight * Float(times)
      }
    }
    func isBefore(_ a: Int32, _ b: Int32) -> Bool {
      scores[Int(a)] != scores[Int(b)] ? scores[Int(a)] > scores[Int(b)] : a < b
    }
    // The best so far, in order: most documents stop at the last of them.
    var best: [Int32] = []
    for document in met where Int(document) != left {
      if best.count == wanted, let last = best.last, !isBefore(document, last) { continue }
      var (low, high) = (0, best.count)
      while low < high {
        let middle = (low + high) / 2
        if isBefore(best[middle], document) { low = middle + 1 } else { high = middle }
      }
      best.insert(document, at: low)
      if best.count > wanted { best.removeLast() }
    }
    for document in met { scores[Int(document)] = 0 }
    return best.map { Int($0) }
  }

  /// The words of a text, with how often each is there.
  package static func words(_ text: String) -> [String: Int] {
    var words: [String: Int] = [:]
    var word = ""
    var isOfSigns = false
    func end() {
      if !word.isEmpty { words[word, default: 0] += 1 }
      word = ""
    }
    for scalar in text.unicodeScalars {
      if scalar.properties.isWhitespace {
        end()
        continue
      }
      let isSign = !(scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
      if isSign != isOfSigns { end() }
      isOfSigns = isSign
      word += scalar.properties.lowercaseMapping
    }
    end()
    return words
  }
}
