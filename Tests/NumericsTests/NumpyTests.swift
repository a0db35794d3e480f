import Domain
import Foundation
import Numerics
import TestSupport
import Testing

@Suite final class NumpyTests {
  let folder: URL

  init() throws { folder = try Places.makeTemporaryFolder() }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func open(_ data: Data) throws -> NumpyMatrix {
    let path = folder.appendingPathComponent("matrix.npy")
    try data.write(to: path)
    return try NumpyMatrix(path: path.path)
  }

  /// What the error says of a file that is refused.
  func refusal(_ data: Data) -> ErrorReport? {
    do {
      _ = try open(data)
      return nil
    } catch {
      return ErrorReport(describing: error)
    }
  }

  static let rows: [[Float]] = [[1, -2, 0.5], [65504, 6e-8, 3]]

  @Test func filesThatNumPyWroteAreRead() throws {
    let file = try NumpyMatrix(path: Places.fixtures.appendingPathComponent("Submodular/pos_VQ.npy").path)
    #expect(file.rows == 60 && file.columns == 12)
    #expect(file.header.elementType == .single && !file.header.isFortranOrder)
    for row in 0..<60 { for column in 0..<12 { #expect((0...1).contains(file[row, column])) } }
  }

  @Test(arguments: [1, 2, 3] as [UInt8])
  func bothOrdersAndAllVersionsAreRead(version: UInt8) throws {
    for fortran in [false, true] {
      let body = fortran ? (0..<3).flatMap { column in Self.rows.map { $0[column] } } : Self.rows.flatMap { $0 }
      let file = try open(
        NumpyBytes.header(fortran: fortran, shape: "(2, 3)", version: version)
          + body.withUnsafeBufferPointer { Data(buffer: $0) })
      for (row, elements) in Self.rows.enumerated() {
        for (column, value) in elements.enumerated() { #expect(file[row, column] == value) }
      }
    }
  }

  @Test func doublesAreRoundedToNearest() throws {
    let doubles: [Double] = [1.0 / 3, -1e-50, 1e300, 0.1, .nan, 2]
    let file = try open(
      NumpyBytes.header(descriptor: "'<f8'", shape: "(3, 2)") + doubles.withUnsafeBufferPointer { Data(buffer: $0) })
    for (place, value) in doubles.enumerated() {
      let read = file[place / 2, place % 2]
      #expect(value.isNaN ? read.isNaN : read == Float(value))
    }
  }

  @Test func everyHalfIsReadExactly() throws {
    let halves = (0...UInt16.max).map { $0 }
    let file = try open(
      NumpyBytes.header(descriptor: "'<f2'", shape: "(256, 256)") + halves.withUnsafeBufferPointer { Data(buffer: $0) })
    var row = [Float](repeating: 0, count: 256)
    for line in 0..<256 {
      row.withUnsafeMutableBufferPointer { buffer in
        if let base = buffer.baseAddress { file.read(line: line, from: 0, count: 256, to: base) }
      }
      for (column, value) in row.enumerated() {
        let expected = Float(Float16(bitPattern: UInt16(line * 256 + column)))
        #expect(value.isNaN ? expected.isNaN : value.bitPattern == expected.bitPattern)
      }
    }
  }

  @Test(arguments: ["'>f4'", "'<i8'", "'|u1'", "'<c8'", "'|O'", "'<f16'"])
  func otherTypesAreRefusedByName(descriptor: String) {
    let report = refusal(NumpyBytes.header(descriptor: descriptor, shape: "(0, 0)"))
    #expect(report?.problem == "elements of type \(descriptor.dropFirst().dropLast())")
    #expect(report?.status == .badData)
  }

  @Test(arguments: ["()", "(4,)", "(2, 2, 2)"])
  func otherShapesAreRefused(shape: String) {
    let report = refusal(NumpyBytes.header(shape: shape) + Data(count: 64))
    #expect(report?.problem.contains("not a matrix") == true)
    #expect(report?.status == .badData)
  }

  @Test func filesOfTheWrongLengthAreRefused() {
    let whole = NumpyBytes.file(Self.rows)
    #expect(refusal(whole) == nil)
    #expect(refusal(whole.dropLast())?.problem.hasPrefix("truncated") == true)
    #expect(refusal(whole + Data([0]))?.problem.contains("its header says") == true)
  }

  @Test func everyTruncationIsRefused() {
    let whole = NumpyBytes.file(Self.rows)
    for length in 0..<whole.count {
      let report = refusal(whole.prefix(length))
      #expect(report?.status == .badData, "\(length) bytes")
    }
  }

  @Test func damagedHeadersAreRefusedAndNeverTrap() {
    let whole = NumpyBytes.file(Self.rows)
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<4000 {
      var damaged = whole
      for _ in 0...generator.below(3) {
        damaged[generator.below(damaged.count)] = UInt8(generator.below(256))
      }
      if let report = refusal(damaged) { #expect(report.status == .badData) }
    }
    for text in ["(9223372036854775807, 9223372036854775807)", "(4611686018427387904, 2)", "(-1, 3)", "(1e9, 1)"] {
      #expect(refusal(NumpyBytes.header(shape: text))?.status == .badData)
    }
    #expect(refusal(NumpyBytes.header(descriptor: "[('a', '<f4')]", shape: "(1, 1)"))?.status == .badData)
    #expect(refusal(Data("hello".utf8))?.problem == "not a .npy file")
  }

  @Test func missingFilesAndFoldersAreSaidToBeSo() {
    #expect(throws: NumericsError.noSuchFile(path: "/nowhere/U.npy")) { try NumpyMatrix(path: "/nowhere/U.npy") }
    #expect(throws: NumericsError.self) { try NumpyMatrix(path: self.folder.path) }
  }

  @Test func aHeaderThatWasWrittenIsRead() throws {
    for (rows, columns) in [(0, 5), (2, 3), (123_456, 7)] {
      let bytes = NumpyHeader.bytes(rows: rows, columns: columns)
      #expect(bytes.count % 64 == 0)
      let header = try bytes.withUnsafeBytes { try NumpyHeader($0, path: "x") }
      #expect(header.rows == rows && header.columns == columns && header.dataOffset == bytes.count)
      #expect(header.elementType == .single && !header.isFortranOrder)
    }
  }
}
