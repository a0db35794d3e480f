import Domain
import Foundation

/// A study's findings as tables. Nothing in them but ``costs`` depends on the machine's speed.
package struct StudyTable {
  private let arms: [ArmFinding]
  private let visible: Double
  private let rate: Float
  private let seeds: Int
  private let loraRank: Int?

  package init(_ arms: [ArmFinding], visible: Double, rate: Float, seeds: Int, loraRank: Int?) {
    self.arms = arms
    self.visible = visible
    self.rate = rate
    self.seeds = seeds
    self.loraRank = loraRank
  }

  private static func number(_ value: Double?) -> String { value.map { String(format: "%.4f", $0) } ?? "" }
  private static func range(_ range: ClosedRange<Double>?) -> String {
    range.map { String(format: "%.4f to %.4f", $0.lowerBound, $0.upperBound) } ?? ""
  }
  private static func cell(_ text: String) -> String {
    text.replacing("\n", with: " ").replacing("|", with: "\\|")
  }

  /// Columns for people, and a sentence an arm.
  package var markdown: String {
    var text = """
      Losses in nats a response token on the test rows; differences to random at the same budget, of `untrained` and `full` to random at \
      the greatest; below 0 is better. Intervals hold for other seeds and other rows, adjusted for all comparisons (Holm); beside them, of each arm \
      alone, the 95 % t interval over seeds and the two-level bootstrap's. \(seeds) seeds, \
      \(loraRank.map { "adapters of rank \($0)" } ?? "all parameters trained"), learning rate \(rate).

      | method | budget | rows | steps | tokens | loss | by token | difference | interval | over seeds | bootstrap | p | labels + = - | verdict |
      | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |

      """
    for arm in arms {
      let cells = [
        arm.method, arm.budget.map { "\($0)" } ?? "", "\(arm.rows)", "\(arm.steps)", "\(arm.trainedTokens)",
        Self.number(arm.loss), Self.number(arm.tokenLoss), arm.isReference ? "" : Self.number(arm.difference),
        arm.isReference ? "" : Self.range(arm.interval), Self.range(arm.overSeeds), Self.range(arm.bootstrap),
        arm.isReference ? "" : arm.adjusted.map { String(format: "%.3g", $0) } ?? "",
        arm.labels.map(String.init).joined(separator: " "),
        arm.isReference ? "reference" : arm.difference == nil ? "failed" : arm.verdict.rawValue,
      ]
      text += "| " + cells.map(Self.cell).joined(separator: " | ") + " |\n"
    }
    text += "\n"
    if visible.isFinite {
      text += String(
        format: "This design sees a difference of %.3g nats in four of five cases, by its pilot.\n\n", visible)
    }
    for arm in arms where !arm.isReference { text += "- \(Self.cell(arm.sentence))\n" }
    let measured = arms.filter { !$0.metrics.isEmpty }
    if let first = measured.first {
      let names = first.metrics.map(\.metric.rawValue)
      text +=
        "\nGenerated answers (greedy), the mean over rows and seeds; above random is better, with each arm's own 95 % interval.\n\n"
      text += "| method | budget | " + names.map { "\($0) | difference | interval" }.joined(separator: " | ") + " |\n"
      text += "| --- | --- |" + String(repeating: " --- | --- | --- |", count: names.count) + "\n"
      for arm in measured {
        let cells = arm.metrics.flatMap { [Self.number($0.mean), Self.number($0.difference), Self.range($0.interval)] }
        text += "| \(arm.method) | \(arm.budget.map { "\($0)" } ?? "") | " + cells.joined(separator: " | ") + " |\n"
      }
    }
    let failures = arms.flatMap { arm in
      arm.errors.map { "- \(arm.method)\(arm.budget.map { " at \($0)" } ?? ""): \(Self.cell($0))\n" }
    }
    if !failures.isEmpty { text += "\nTrainings that failed:\n\n" + failures.joined() }
    return text
  }

  package var csv: String {
    var text =
      "method,budget,seeds,rows,steps,tokens,loss,token_loss,difference,low,high,seeds_low,seeds_high,bootstrap_low,bootstrap_high,adjusted_p,better,alike,worse,verdict\n"
    func bounds(_ range: ClosedRange<Double>?) -> [String] {
      [range.map { "\($0.lowerBound)" } ?? "", range.map { "\($0.upperBound)" } ?? ""]
    }
    for arm in arms {
      var cells = [
        arm.method, arm.budget.map { "\($0)" } ?? "", "\(arm.seeds)", "\(arm.rows)", "\(arm.steps)",
        "\(arm.trainedTokens)",
      ]
      cells += [arm.loss, arm.tokenLoss, arm.difference].map { $0.map { "\($0)" } ?? "" }
      cells += bounds(arm.interval) + bounds(arm.overSeeds) + bounds(arm.bootstrap)
      cells.append(arm.adjusted.map { "\($0)" } ?? "")
      cells += arm.labels.isEmpty ? ["", "", ""] : arm.labels.map(String.init)
      cells.append(arm.difference == nil ? "failed" : arm.verdict.rawValue)
      text += cells.joined(separator: ",") + "\n"
    }
    return text
  }

  /// Seconds of choosing (what was kept already costs nothing) and of training and measuring, the mean of the seeds.
  package var costs: String {
    "method,budget,choosing_seconds,seconds\n"
      + arms.map { arm in
        "\(arm.method),\(arm.budget.map { "\($0)" } ?? ""),\(String(format: "%.3f,%.3f", arm.choosingSeconds, arm.seconds))\n"
      }.joined()
  }
}

/// Differences to random against budgets, as a drawing.
package struct StudyChart {
  private let arms: [ArmFinding]

  package init(_ arms: [ArmFinding]) { self.arms = arms }

  // Okabe and Ito's colours, which most people can tell apart.
  private static let colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999"]

  package var svg: String {
    let shown = arms.filter { $0.budget != nil && !$0.isReference && $0.difference != nil && $0.interval != nil }
    var budgets: [Budget] = []
    for case let budget? in arms.map(\.budget) where !budgets.contains(budget) { budgets.append(budget) }
    var methods: [String] = []
    for arm in shown where !methods.contains(arm.method) { methods.append(arm.method) }
    let (width, height, left, top, right, bottom) = (720.0, 420.0, 70.0, 30.0, 180.0, 50.0)
    let bounds =
      shown.flatMap { [$0.interval?.lowerBound ?? 0, $0.interval?.upperBound ?? 0] }.filter(\.isFinite) + [0]
    var (low, high) = (bounds.min() ?? 0, bounds.max() ?? 0)
    let margin = max((high - low) * 0.08, 1e-6)
    (low, high) = (low - margin, high + margin)
    func y(_ value: Double) -> Double {
      top + (high - min(max(value, low), high)) / (high - low) * (height - top - bottom)
    }
    func x(_ budget: Int, _ method: Int) -> Double {
      let step = (width - left - right) / Double(max(1, budgets.count))
      let spread = step * 0.6 / Double(max(1, methods.count))
      return left + step * (Double(budget) + 0.5) + spread * (Double(method) - Double(methods.count - 1) / 2)
    }
    func f(_ value: Double) -> String { String(format: "%.1f", value) }
    func escaped(_ text: String) -> String {
      text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
    var text = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(width)) \(Int(height))" font-family="sans-serif" font-size="12">
      <rect width="100%" height="100%" fill="white"/>
      <text x="\(f(left))" y="18">Difference to random, nats a response token (below 0 is better)</text>

      """
    for tick in 0...4 {
      let value = low + (high - low) * Double(tick) / 4
      text +=
        "<line x1=\"\(f(left))\" x2=\"\(f(width - right))\" y1=\"\(f(y(value)))\" y2=\"\(f(y(value)))\" stroke=\"#ddd\"/>"
      text +=
        "<text x=\"\(f(left - 6))\" y=\"\(f(y(value) + 4))\" text-anchor=\"end\">\(String(format: "%.3f", value))</text>\n"
    }
    text += "<line x1=\"\(f(left))\" x2=\"\(f(width - right))\" y1=\"\(f(y(0)))\" y2=\"\(f(y(0)))\" stroke=\"#000\"/>\n"
    for (number, budget) in budgets.enumerated() {
      let middle = x(number, 0) / 2 + x(number, max(0, methods.count - 1)) / 2
      text += "<text x=\"\(f(middle))\" y=\"\(f(height - bottom + 20))\" text-anchor=\"middle\">\(budget)</text>\n"
    }
    for (number, method) in methods.enumerated() {
      let colour = Self.colours[number % Self.colours.count]
      for arm in shown where arm.method == method {
        guard let budget = arm.budget.flatMap({ budgets.firstIndex(of: $0) }), let value = arm.difference,
          let interval = arm.interval
        else { continue }
        let place = f(x(budget, number))
        text +=
          "<line x1=\"\(place)\" x2=\"\(place)\" y1=\"\(f(y(interval.lowerBound)))\" y2=\"\(f(y(interval.upperBound)))\" stroke=\"\(colour)\" stroke-width=\"2\"/>"
        text += "<circle cx=\"\(place)\" cy=\"\(f(y(value)))\" r=\"4\" fill=\"\(colour)\"/>\n"
      }
      let line = top + 10 + 18 * Double(number)
      text += "<circle cx=\"\(f(width - right + 20))\" cy=\"\(f(line))\" r=\"4\" fill=\"\(colour)\"/>"
      text += "<text x=\"\(f(width - right + 30))\" y=\"\(f(line + 4))\">\(escaped(method))</text>\n"
    }
    return text + "</svg>\n"
  }
}
