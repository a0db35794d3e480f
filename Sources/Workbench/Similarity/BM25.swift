import Domain
import Foundation

/// How well documents answer queries by their words: BM25 (Robertson and Zaragoza, 2009) as Lucene has it (Kamphuis et al., 2020),
///
///     sum over words w of the query of  ln(1 + (N - n_w + 1/2) / (n_w + 1/2)) · f_w / (f_w + k1 (1 - b + b · length / mean length))
///
/// with k1 = 1.2 and b = 0.75, a word of the query counted as often as it is there. In double.
struct BM25: Sendable {
  private static let k1 = 1.2
  private static let b = 0.75

  private struct Posting: Sendable {
    var document: Int32
    var weight: Double
  }

  private let count: Int
  private let terms: [String: Int]
  /// For each term its documents, ascending, with what an occurrence in a query is worth there.
  private let postings: [[Posting]]

  init(_ texts: [String]) {
    var terms: [String: Int] = [:]
    var counts: [[(document: Int, times: Int)]] = []
    var lengths: [Int] = []
    for (document, text) in texts.enumerated() {
      let words = Self.words(text)
      lengths.append(words.reduce(0) { $0 + $1.times })
      for (word, times) in words {
        let term = terms[word] ?? counts.count
        if term == counts.count {
          terms[word] = term
          counts.append([])
        }
        counts[term].append((document, times))
      }
    }
    count = texts.count
    self.terms = terms
    let mean = max(1, Double(lengths.reduce(0, +)) / Double(max(1, texts.count)))
    let total = Double(texts.count)
    postings = counts.map { found in
      let with = Double(found.count)
      let rarity = log(1 + (total - with + 0.5) / (with + 0.5))
      return found.map { document, times in
        let saturation = Self.k1 * (1 - Self.b + Self.b * Double(lengths[document]) / mean)
        return Posting(document: Int32(document), weight: rarity * Double(times) / (Double(times) + saturation))
      }
    }
  }

  /// The words of a text, lower-cased, with how often each is there, in their order. A word is a run of letters, digits and underscores.
  static func words(_ text: String) -> [(word: String, times: Int)] {
    var times: [String: Int] = [:]
    var word = ""
    func end() {
      if !word.isEmpty { times[word, default: 0] += 1 }
      word = ""
    }
    for scalar in text.unicodeScalars {
      let category = scalar.properties.generalCategory
      let isMark = [.nonspacingMark, .spacingMark, .enclosingMark].contains(category)
      if scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "_"
        || isMark && !word.isEmpty
      {
        word += scalar.properties.lowercaseMapping
      } else {
        end()
      }
    }
    end()
    return times.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// Of each document, for a query's words.
  func scores(of query: [(word: String, times: Int)]) -> [Double] {
    var scores = [Double](repeating: 0, count: count)
    for (word, times) in query {
      guard let term = terms[word] else { continue }
      for posting in postings[term] { scores[Int(posting.document)] += posting.weight * Double(times) }
    }
    return scores
  }

  /// Of one document.
  func score(of query: [(word: String, times: Int)], in document: Int) -> Double {
    query.reduce(0) { sum, word in
      guard let list = terms[word.word].map({ postings[$0] }) else { return sum }
      var (low, high) = (0, list.count)
      while low < high {
        let middle = (low + high) / 2
        if list[middle].document < Int32(document) { low = middle + 1 } else { high = middle }
      }
      guard low < list.count, list[low].document == Int32(document) else { return sum }
      return sum + list[low].weight * Double(word.times)
    }
  }
}
