import ArgumentParser
import Domain
import Foundation
import Numerics
import Submodular

/// `winnow-bench select`: greedy selection on a made kernel, beside one streaming pass over the same memory.
struct SelectBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "select", abstract: "Greedy selection on a made kernel, against one streaming pass over it.",
    discussion: """
      The kernel is made of cosines of clustered points, those below 0 as 0. A pass is the time to read the whole matrix \
      once on the same threads, the median of nine in the same run; passes is first pass and greedy together, divided by \
      it. With --neighbours the kernel is sparse, made of the points without forming the whole matrix, and a pass is one \
      over its entries.
      """)

  @Option(help: "Rows and columns of the kernel.") var n = 10_000
  @Option(help: "A count, or a share such as 0.3.") var budget = "0.3"
  @Option(help: "delift-instruction, delift-task or delift-continual.") var method: Domain.Method = .deliftInstruction
  @Option(help: "How the greedy step finds the next pick.") var maximizer: Maximizer = .lazy
  @Option(help: "Made targets, or existing samples.") var others = 100
  @Option(help: "A sparse kernel of so many nearest neighbours a row.") var neighbours: Int?
  @Option(help: "Dimensions of the points.") var dimensions = 64
  @Option(help: "Clusters that the points are drawn from.") var clusters = 100
  @Option(help: "Spread of a cluster; its centre's coordinates have spread 1.") var spread = 0.5
  @Option(help: "Seed of the points.") var seed: UInt64 = 0
  @OptionGroup var threads: Threads
  @Option(help: "Selections to time.") var repeats = 3

  func validate() throws {
    guard n > 0, n < 1 << 24, others > 0, dimensions > 0, clusters > 0, repeats > 0, spread >= 0 else {
      throw ValidationError("Counts must be at least 1, and --n below \(1 << 24).")
    }
  }

  func run() throws {
    let workers = threads.workers
    let picks = try Budget(parsing: budget).picks(of: n)
    let points = BenchPoints(dimensions: dimensions, clusters: clusters, spread: spread, seed: seed)

    let kernel: Kernel
    let pass: Double
    var watch = Stopwatch()
    if let neighbours {
      let vectors = DenseRows(points.unitVectors(n))
      watch = Stopwatch()
      kernel = try Kernel(embeddings: vectors, neighbours: neighbours, workers: workers)
      tell("load: \(Self.seconds(watch.lap())) s (nearest neighbours, \(kernel.entries) entries)")
      pass = Self.median { Self.stream(kernel.entries * MemoryLayout<SparseEntry>.stride, workers: workers) }
    } else {
      let vectors = points.unitVectors(n)
      let matrix = BenchPoints.cosines(vectors, vectors, workers: workers)
      pass = Self.median { Self.stream(matrix, workers: workers) }
      watch = Stopwatch()
      kernel = try Kernel(matrix, rescaling: .none, workers: workers)
      tell("load: \(Self.seconds(watch.lap())) s (every element checked)")
    }
    let rate = String(format: "%.1f", Double(kernel.bytes) / pass / 1e9)
    tell("pass: \(Self.seconds(pass)) s (\(kernel.bytes) bytes, \(rate) GB/s)")

    let other = points.unitVectors(others, draw: 1)
    let side = BenchPoints.cosines(points.unitVectors(n), other, workers: workers)
    let sideKernel = try Kernel(side, rescaling: .none, name: "others", workers: workers)
    for _ in 0..<repeats {
      watch = Stopwatch()
      let objective = try objective(kernel, sideKernel, workers: workers)
      let setUp = watch.lap()
      var greedy = try GreedyRun(
        objective, budget: picks, maximizer: maximizer, seed: seed, workers: workers)
      let first = watch.lap()
      while try greedy.next() != nil {}
      let rest = watch.lap()
      tell(
        """
        set-up: \(Self.seconds(setUp)) s, first pass: \(Self.seconds(first)) s, greedy: \(Self.seconds(rest)) s, \
        passes: \(String(format: "%.2f", (setUp + first + rest) / pass)), \
        evaluations: \(greedy.evaluations), bytes: \(greedy.bytesRead), value: \(greedy.objectiveValue)
        """)
    }
    tell("peak memory: \(Self.peakMemory) bytes")
  }

  private func objective(_ kernel: Kernel, _ side: Kernel, workers: Workers) throws -> CoverageObjective {
    switch method {
    case .deliftTask: try .mutualInformation(kernel, target: side, eta: 1, workers: workers)
    case .deliftContinual: try .conditionalGain(kernel, existing: side, nu: 1, workers: workers)
    default: .facilityLocation(kernel)
    }
  }

  /// Seconds to read a matrix once.
  private static func stream(_ matrix: borrowing Matrix, workers: Workers) -> Double {
    let watch = Stopwatch()
    workers.forEach(matrix.rows) { row, _ in _ = RowScan.roughSum(matrix.start(ofRow: row), count: matrix.columns) }
    return watch.elapsed
  }

  /// Seconds to read so many bytes of fresh memory once, after a first reading.
  private static func stream(_ bytes: Int, workers: Workers) -> Double {
    let matrix = Matrix(zerosOfRows: max(1, bytes / 65_536), columns: 16_384)
    return stream(matrix, workers: workers)
  }

  private static func seconds(_ value: Double) -> String { String(format: "%.6f", value) }

  private static func median(_ measure: () -> Double) -> Double {
    (0..<9).map { _ in measure() }.sorted()[4]
  }

  private static var peakMemory: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  }
}
