/// The day that a template writes where it asks for today's: a fixed one, so that a run gives the same answer tomorrow and
/// its scores stay in the cache.
package struct JinjaDay: Sendable, Hashable {
  package var year: Int
  package var month: Int
  package var day: Int

  /// The day that Llama 3's templates fall back on.
  package static let standard = JinjaDay(year: 2024, month: 7, day: 26)

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]
  private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

  /// Sakamoto's rule: 0 for Sunday.
  private var weekday: Int {
    let shifts = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4]
    let year = month < 3 ? year - 1 : year
    return (year + year / 4 - year / 100 + year / 400 + shifts[month - 1] + day) % 7
  }

  /// What Python's `strftime` makes of it, at midnight.
  func text(_ format: String, _ line: Int) throws(JinjaError) -> String {
    func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    var result = ""
    var scalars = format.unicodeScalars.makeIterator()
    while let scalar = scalars.next() {
      guard scalar == "%" else {
        result.unicodeScalars.append(scalar)
        continue
      }
      var directive = scalars.next()
      // `%-d`: without the zero before it.
      let isPlain = directive == "-"
      if isPlain { directive = scalars.next() }
      func number(_ value: Int) -> String { isPlain ? "\(value)" : padded(value) }
      switch directive {
      case "d": result += number(day)
      case "m": result += number(month)
      case "y": result += number(year % 100)
      case "Y": result += "\(year)"
      case "B": result += Self.months[month - 1]
      case "b": result += Self.months[month - 1].prefix(3)
      case "A": result += Self.weekdays[weekday]
      case "a": result += Self.weekdays[weekday].prefix(3)
      case "H", "M", "S": result += number(0)
      case "F": result += "\(year)-\(padded(month))-\(padded(day))"
      case "%": result += "%"
      default:
        throw JinjaError(
          line: line, problem: "the directive \"%\(directive.map(String.init) ?? "")\" of strftime_now is not supported"
        )
      }
    }
    return result
  }
}
