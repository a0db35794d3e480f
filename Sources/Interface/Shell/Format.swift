import Domain
import Foundation

/// Numbers as people read them: thousands apart, units named, no more digits than mean something.
enum Format {
  /// `1 234 567`, with a thin gap that is a plain blank so that every font has it.
  static func count(_ value: Int) -> String {
    let digits = String(value.magnitude)
    var text = ""
    for (number, digit) in digits.enumerated() {
      if number > 0, (digits.count - number).isMultiple(of: 3) { text += " " }
      text.append(digit)
    }
    return value < 0 ? "-" + text : text
  }

  /// `1 row`, `24 rows`.
  static func count(_ number: some Ordinal) -> String { count(number.value) }

  static func count(_ value: Int, _ noun: String) -> String { "\(count(value)) \(noun)\(value == 1 ? "" : "s")" }

  /// A number with so many digits after the point.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    return String(format: "%.*f", digits, value)
  }

  /// Four significant digits, without an exponent while that is readable: `12.35`, `0.0421`, `1234`, `3.2e-7`.
  static func measure(_ value: Double) -> String {
    guard value.isFinite else { return fixed(value, 0) }
    let size = abs(value)
    if size == 0 { return "0" }
    if size >= 1e7 || size < 1e-4 { return String(format: "%.2e", value) }
    return fixed(value, max(0, min(7, 3 - magnitude(value))))
  }

  /// The power of ten that a number's first digit stands for; 0 for zero and what is no number.
  static func magnitude(_ value: Double) -> Int {
    value.isFinite && value != 0 ? Int(log10(abs(value)).rounded(.down)) : 0
  }

  /// `12.4k`, `3.1M`: a rate or a large count in at most five columns.
  static func short(_ value: Double) -> String {
    guard value.isFinite else { return fixed(value, 0) }
    for (unit, name) in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")] where abs(value) >= unit * 0.9995 {
      let scaled = value / unit
      return fixed(scaled, abs(scaled) < 99.95 ? 1 : 0) + name
    }
    return fixed(value, abs(value) < 9.995 && value != value.rounded() ? 1 : 0)
  }

  /// `82 kB`, `1.2 GB`: decimal units, as disks are sold and `ls` with `--si` shows.
  static func bytes(_ value: Int) -> String { bytes(Double(value)) }

  static func bytes(_ value: Double) -> String {
    guard value.isFinite, value < 1e18 else { return "beyond count" }
    if value < 1000 { return "\(Int(value)) B" }
    for (unit, name) in [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")] where value >= unit * 0.9995 {
      let scaled = value / unit
      return fixed(scaled, scaled < 9.95 ? 1 : 0) + " " + name
    }
    return "1.0 kB"
  }

  /// `40 ms`, `0.4 s`, `12 s`, `3:05`, `2:14:09`.
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "–" }
    let seconds = max(0, seconds)
    if seconds < 0.0995 { return "\(Int((seconds * 1000).rounded())) ms" }
    if seconds < 9.95 { return fixed(seconds, 1) + " s" }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    if whole < 3600 { return "\(whole / 60):\(two(whole % 60))" }
    return "\(whole / 3600):\(two(whole / 60 % 60)):\(two(whole % 60))"
  }

  /// A time that is only roughly known: `40 s`, `3 min`, `2.5 h`, `12 days`, `3 years`.
  static func span(_ seconds: Double) -> String {
    guard seconds.isFinite else { return "no end" }
    for (unit, name) in [(31_557_600.0, "years"), (86400, "days"), (3600, "h"), (60, "min")] where seconds >= 1.5 * unit
    {
      let value = seconds / unit
      return "\(value < 1e4 ? fixed(value, value < 9.95 ? 1 : 0) : short(value)) \(name)"
    }
    return "\(Int(max(1, seconds).rounded())) s"
  }

  static func percent(_ share: Double) -> String {
    let value = share * 100
    return fixed(value, value < 9.95 && value > 0 ? 1 : 0) + "%"
  }
}
