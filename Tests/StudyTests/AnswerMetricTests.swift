import Study
import Testing

@Suite struct AnswerMetricTests {
  /// F-measures of rouge-score 0.1.2 without stemming.
  @Test(arguments: [
    ("the cat sat on the mat", "the cat is on the mat", 0.833333, 0.833333), ("a b c d", "d c b a", 1.0, 0.25),
    ("Hello, World! 42", "hello world 42", 1, 1), ("x", "y", 0, 0), ("the the the", "the cat", 0.4, 0.4),
    ("na\u{EF}ve caf\u{E9} test", "naive cafe test", 0.285714, 0.285714),
    ("Output: y ~ e ~ s -- cleo", "Output: y ~ e ~ s ~ t -- cleo", 0.909091, 0.909091),
    ("one two three four five", "one three five seven two", 0.8, 0.6), ("", "x", 0, 0), ("", "", 0, 0),
  ])
  func wordsInCommonAreCountedAsRougeScoreDoes(answer: String, response: String, one: Double, longest: Double) {
    #expect(abs(AnswerMetric.rouge1(answer, response) - one) < 1e-6)
    #expect(abs(AnswerMetric.rougeL(answer, response) - longest) < 1e-6)
  }

  @Test func answersAreTheSameTextOrHoldItOrEndInItsNumber() {
    #expect(AnswerMetric.exact(" Paris\n", "Paris") == 1 && AnswerMetric.exact("paris", "Paris") == 0)
    #expect(AnswerMetric.contains("It is Paris.", "Paris") == 1 && AnswerMetric.contains("It is", "Paris") == 0)
    #expect(AnswerMetric.contains("anything", " ") == 0)
    let worked = "48/2 = 24, 48+24 = 72\n#### 72"
    #expect(AnswerMetric.numeric("so 5 and then 72.", worked) == 1)
    #expect(AnswerMetric.numeric("72 is it, not 71", worked) == 0)
    #expect(AnswerMetric.numeric("#### 1,072\nThe 9 steps end.", "1072.0") == 1)
    #expect(AnswerMetric.numeric("-3", "#### 3") == 0 && AnswerMetric.numeric("none", worked) == 0)
    #expect(AnswerMetric.numeric("1", "no number") == 0)
  }
}
