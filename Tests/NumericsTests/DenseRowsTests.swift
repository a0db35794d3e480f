import Domain
import Foundation
import Numerics
import TestSupport
import Testing

@Suite struct DenseRowsTests {
  @Test func everyWayOfReadingAFileGivesTheSameRows() throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    var generator = SeededGenerator(seed: 2)
    // Larger than the tiles that files in Fortran order are transposed by, and not a multiple of them.
    let rows = (0..<601).map { _ in (0..<150).map { _ in Float(generator.unit() * 5 - 2) } }
    for range in [nil, DenseRows.Range(least: -2, greatest: 3)] {
      for fortran in [false, true] {
        let path = folder.appendingPathComponent("\(fortran).npy")
        try NumpyBytes.file(rows, fortran: fortran).write(to: path)
        let dense = try DenseRows(NumpyMatrix(path: path.path), rescaling: range)
        let scratch = dense.makeScratch(rows: 1)
        for (row, elements) in rows.enumerated() {
          let read = dense.row(row, scratch: scratch[0])
          for (column, value) in elements.enumerated() {
            let expected = range == nil ? value : (value + 2) / 5
            #expect(read[column] == expected && dense[row, column] == expected)
          }
        }
      }
    }
  }

  @Test func memoryOnDiskHoldsWhatIsWrittenToIt() throws {
    let memory = try LargeMemory(bytes: 1 << 16, onDiskAbove: 0)
    let floats = memory.base.bindMemory(to: Float.self, capacity: 1 << 14)
    for place in 0..<(1 << 14) { floats[place] = Float(place) }
    for place in 0..<(1 << 14) { #expect(floats[place] == Float(place)) }
  }

  @Test func theSurveySeesEveryElement() {
    var generator = SeededGenerator(seed: 3)
    for count in [1, 2, 7, 64, 1001] {
      var row = (0..<count).map { _ in Float(generator.unit() * 4 - 2) }
      let survey = row.withUnsafeBufferPointer { RowScan.survey($0.baseAddress!, count: count) }
      #expect(survey.least == row.min() && survey.greatest == row.max() && survey.isFinite)
      for bad in [Float.nan, -.nan, .infinity, -.infinity] {
        let place = generator.below(count)
        let kept = row[place]
        row[place] = bad
        #expect(!row.withUnsafeBufferPointer { RowScan.survey($0.baseAddress!, count: count) }.isFinite)
        row[place] = kept
      }
    }
  }

  @Test func entriesAboveAThresholdAreCountedAndGathered() {
    var generator = SeededGenerator(seed: 5)
    for count in [1, 15, 16, 17, 63, 64, 65, 1000] {
      for threshold in [-1, 0.1, 0.5, 0.9, 2] as [Float] {
        let row = (0..<count).map { _ in Float(generator.below(64)) / 64 }
        let expected = row.enumerated().filter { $1 > threshold }
        var entries = [SparseEntry](
          repeating: SparseEntry(column: 0, value: 0), count: expected.count + RowScan.gatherSlack)
        row.withUnsafeBufferPointer { row in
          #expect(RowScan.countAbove(threshold, in: row.baseAddress!, count: count) == expected.count)
          let found = RowScan.gatherAbove(threshold, in: row.baseAddress!, count: count, to: &entries)
          #expect(found == expected.count)
        }
        #expect(entries.prefix(expected.count).map { Int($0.column) } == expected.map(\.offset))
        #expect(entries.prefix(expected.count).map(\.value) == expected.map(\.element))
      }
    }
  }
}
