/// A number that counts things of one kind, from 0. Each kind is a type of its own, so that one is never taken for another;
/// what leads from one to another has a name (`CandidateMap` in Workbench, `DatasetFile` in Datasets).
///
/// Written as the bare number.
package protocol Ordinal: Strideable, Hashable, Codable, Sendable, CustomStringConvertible, ExpressibleByIntegerLiteral
where Stride == Int {
  var value: Int { get }
  init(_ value: Int)
}

extension Ordinal {
  package init(integerLiteral value: Int) { self.init(value) }
  package init(from decoder: any Decoder) throws { self.init(try decoder.singleValueContainer().decode(Int.self)) }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value)
  }

  package static func < (left: Self, right: Self) -> Bool { left.value < right.value }
  package func distance(to other: Self) -> Int { other.value - value }
  package func advanced(by count: Int) -> Self { Self(value + count) }
  package var description: String { "\(value)" }
}

/// A row's number in its file, or among all rows of the files that make one dataset. Rows that are left out keep theirs.
package struct RowIndex: Ordinal {
  package let value: Int
  package init(_ value: Int) { self.value = value }
}

/// A column of the kernel: a row of the pool that can be chosen, numbered without gaps.
package struct Candidate: Ordinal {
  package let value: Int
  package init(_ value: Int) { self.value = value }
}

/// A sample among those that have a gradient (and an embedding), numbered without gaps.
package struct SampleNumber: Ordinal {
  package let value: Int
  package init(_ value: Int) { self.value = value }
}

/// A pick's number in the order of choosing.
package struct Rank: Ordinal {
  package let value: Int
  package init(_ value: Int) { self.value = value }
}
