/// A set function over candidates 0..<candidates, seen one candidate at a time.
package protocol SetObjective: Sendable {
  /// What the function remembers of a set.
  associatedtype State
  var candidates: Int { get }
  /// The state of the empty set.
  func initialState() -> State
  /// How much the value rises when `candidate` joins the set of `state`.
  func marginalGain(of candidate: Int, in state: State) -> Double
  /// Puts `candidate` into the set of `state`.
  func add(_ candidate: Int, to state: inout State)
  /// The value of a set.
  func value(of set: [Int]) -> Double
}
