import Domain
import Numerics

/// How the target samples share the say: by groups that their labels name, or all alike.
package struct TargetShares: Sendable, Hashable {
  /// Names of the groups, in the order of their first sample; one group without a name where there are no labels.
  package let groups: [String]
  /// Of each target, its group's number.
  package let groupOfTarget: [Int]
  /// Of each group; they sum to 1.
  package let ofGroups: [Double]
  /// Of each target; they sum to 1.
  package let ofTargets: [Double]
  /// Whether every target has the same right, as in the authors' round robin.
  package let areEqual: Bool

  /// - Parameter shares: by group; empty for shares by the groups' sizes. A group that is not named has none.
  package init(labels: [String?], groups shares: [String: Double]) throws(ErrorReport) {
    var names: [String] = []
    var numbers: [String: Int] = [:]
    var groupOfTarget: [Int] = []
    for label in labels {
      let name = label ?? ""
      let number = numbers[name] ?? names.count
      if number == names.count {
        numbers[name] = number
        names.append(name)
      }
      groupOfTarget.append(number)
    }
    let sizes = names.indices.map { number in groupOfTarget.count { $0 == number } }
    for (name, share) in shares.sorted(by: { $0.key < $1.key }) {
      guard numbers[name] != nil else {
        throw ErrorReport(
          "no target sample is labelled \"\(name)\"", at: "--target-shares",
          remedy: "The labels are: \(names.map { $0.isEmpty ? "(none)" : $0 }.joined(separator: ", ")).",
          status: .unusableArguments)
      }
      guard share.isFinite, share >= 0 else {
        throw ErrorReport(
          "the share of \"\(name)\" is \(share)", at: "--target-shares", remedy: "Give numbers of 0 and above.",
          status: .unusableArguments)
      }
    }
    var weights = names.enumerated().map { number, name in
      shares.isEmpty ? Double(sizes[number]) : shares[name] ?? 0
    }
    let total = weights.reduce(0, +)
    guard total > 0 else {
      throw ErrorReport(
        "all shares are 0", at: "--target-shares", remedy: "Give at least one group a share.",
        status: .unusableArguments)
    }
    weights = weights.map { $0 / total }
    groups = names
    self.groupOfTarget = groupOfTarget
    ofGroups = weights
    ofTargets = groupOfTarget.map { weights[$0] / Double(sizes[$0]) }
    areEqual = shares.isEmpty
  }

  /// The mean of scores over the targets of each group: [samples, targets] to [samples, groups].
  func groupMeans(_ scores: DoubleMatrix) -> DoubleMatrix {
    var means = DoubleMatrix(zerosOfRows: scores.rows, columns: groups.count)
    let sizes = groups.indices.map { group in Double(groupOfTarget.count { $0 == group }) }
    for row in 0..<scores.rows {
      for (target, group) in groupOfTarget.enumerated() { means[row, group] += scores[row, target] / sizes[group] }
    }
    return means
  }

  /// The same shares, with each group as one target.
  var ofGroupsAlone: TargetShares { TargetShares(groupsOf: self) }

  private init(groupsOf shares: TargetShares) {
    groups = shares.groups
    groupOfTarget = Array(shares.groups.indices)
    ofGroups = shares.ofGroups
    ofTargets = shares.ofGroups
    areEqual = false
  }

  /// The targets' turns: rounds in which each comes once in a fresh random order; with shares of groups one turn at a time, for the
  /// group that is furthest behind its share, its targets in a fresh random order each time all of them have had one.
  package func order(seed: UInt64) -> TurnOrder { TurnOrder(self, seed: seed) }
}

/// A seeded order of turns.
package struct TurnOrder {
  private let shares: TargetShares
  private let seed: UInt64
  private var turnsOfGroup: [Int]
  private var members: [[Int]]
  private var queue: [[Int]]

  init(_ shares: TargetShares, seed: UInt64) {
    self.shares = shares
    self.seed = seed
    turnsOfGroup = [Int](repeating: 0, count: shares.groups.count)
    members = [[Int]](repeating: [], count: shares.groups.count)
    for (target, group) in shares.groupOfTarget.enumerated() { members[group].append(target) }
    queue = [[Int]](repeating: [], count: shares.groups.count)
  }

  /// The targets of a round; rounds are asked for in order.
  package mutating func round(_ round: Int) -> [Int] {
    if shares.areEqual { return RoundRobin.order(targets: shares.groupOfTarget.count, round: round, seed: seed) }
    var next = 0
    var furthest = -Double.infinity
    for (group, share) in shares.ofGroups.enumerated() where share > 0 {
      let behind = share * Double(round + 1) - Double(turnsOfGroup[group])
      if behind > furthest { (next, furthest) = (group, behind) }
    }
    if queue[next].isEmpty {
      var chance = SeededGenerator(
        seed: seed &+ UInt64(turnsOfGroup[next]) &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(next) &* 0xD1B5_4A32_D192_ED03)
      queue[next] = chance.sample(members[next].count, of: members[next].count).map { members[next][$0] }
    }
    turnsOfGroup[next] += 1
    return [queue[next].removeFirst()]
  }
}
