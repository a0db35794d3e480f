/// The regular expressions that byte-level tokenizers split text with, each as a scanner written by hand.
///
/// A scanner covers its text whole: every scalar is in one word. Classes are Unicode's: \p{L} the letters, \p{N} the numbers
/// (decimal, letter and other), \s the property White_Space.
enum SplitPattern: Sendable, Hashable {
  /// GPT-2: `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
  case gpt2
  /// Llama 3 (three digits a word) and Qwen2 (one):
  /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
  case llama3(digits: Int)

  init?(regularExpression: String) {
    let llama3 = { (digits: String) in
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"# + digits
        + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }
    switch regularExpression {
    case #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#: self = .gpt2
    case llama3("{1,3}"): self = .llama3(digits: 3)
    case llama3(""): self = .llama3(digits: 1)
    default: return nil
    }
  }

  /// The words of valid UTF-8, as byte ranges that follow each other.
  func words(in bytes: ArraySlice<UInt8>) -> [Range<Int>] {
    var scanner = WordScanner(bytes)
    var words: [Range<Int>] = []
    var start = bytes.startIndex
    while !scanner.isAtEnd {
      switch self {
      case .gpt2: scanner.gpt2Word()
      case .llama3(let digits): scanner.llama3Word(digits: digits)
      }
      let end = scanner.byteOffset
      words.append(start..<end)
      start = end
    }
    return words
  }
}

/// What a pattern asks of a scalar.
enum ScalarClass: UInt8 {
  case letter, number, newline, space, other

  init(_ scalar: Unicode.Scalar) {
    switch scalar {
    case "a"..."z", "A"..."Z": self = .letter
    case "0"..."9": self = .number
    case "\r", "\n": self = .newline
    case " ", "\t", "\u{0B}", "\u{0C}": self = .space
    case "\u{00}"..."\u{7F}": self = .other
    default:
      switch scalar.properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: self = .letter
      case .decimalNumber, .letterNumber, .otherNumber: self = .number
      default: self = scalar.properties.isWhitespace ? .space : .other
      }
    }
  }
}

/// A cursor over classified scalars; each `…Word` moves it past the next word.
private struct WordScanner {
  private var scalars: [Unicode.Scalar] = []
  private var classes: [ScalarClass] = []
  /// Byte offset of each scalar, and of the end.
  private var offsets: [Int] = []
  private var at = 0

  init(_ bytes: ArraySlice<UInt8>) {
    scalars.reserveCapacity(bytes.count)
    classes.reserveCapacity(bytes.count)
    offsets.reserveCapacity(bytes.count + 1)
    var decoder = Unicode.UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var offset = bytes.startIndex
    loop: while true {
      let scalar: Unicode.Scalar
      let length: Int
      switch decoder.parseScalar(from: &iterator) {
      case .valid(let encoded):
        scalar = Unicode.UTF8.decode(encoded)
        length = encoded.count
      case .error(let bad):
        scalar = "\u{FFFD}"
        length = bad
      case .emptyInput: break loop
      }
      scalars.append(scalar)
      classes.append(ScalarClass(scalar))
      offsets.append(offset)
      offset += length
    }
    offsets.append(offset)
  }

  var isAtEnd: Bool { at == scalars.count }
  var byteOffset: Int { offsets[at] }

  private func isClass(_ index: Int, _ wanted: ScalarClass) -> Bool {
    index < classes.count && classes[index] == wanted
  }

  private mutating func skip(_ wanted: ScalarClass, atMost limit: Int = .max) {
    var count = 0
    while count < limit, isClass(at, wanted) {
      at += 1
      count += 1
    }
  }

  mutating func gpt2Word() {
    if contraction(ignoringCase: false) { return }
    // An optional blank and a run of one class.
    let first = scalars[at] == " " ? at + 1 : at
    for wanted in [ScalarClass.letter, .number, .other] where isClass(first, wanted) {
      at = first
      skip(wanted)
      return
    }
    whitespaceRun()
  }

  mutating func llama3Word(digits: Int) {
    if contraction(ignoringCase: true) { return }
    // Letters, behind at most one scalar that is no letter, number or line end.
    if isClass(at, .letter) || ((isClass(at, .space) || isClass(at, .other)) && isClass(at + 1, .letter)) {
      at += 1
      skip(.letter)
      return
    }
    if isClass(at, .number) { return skip(.number, atMost: digits) }
    let first = scalars[at] == " " ? at + 1 : at
    if isClass(first, .other) {
      at = first
      skip(.other)
      return skip(.newline)
    }
    // White space up to the last line end of the run, if it has one.
    var end = at
    var lastNewline: Int?
    while isClass(end, .space) || isClass(end, .newline) {
      if classes[end] == .newline { lastNewline = end }
      end += 1
    }
    if let lastNewline {
      at = lastNewline + 1
      return
    }
    whitespaceRun()
  }

  /// `\s+(?!\S)|\s+`: the run whole at the text's end, else all but its last scalar, which goes with the next word.
  private mutating func whitespaceRun() {
    var end = at
    while isClass(end, .space) || isClass(end, .newline) { end += 1 }
    at = end == scalars.count || end - at == 1 ? end : end - 1
  }

  private mutating func contraction(ignoringCase: Bool) -> Bool {
    guard scalars[at] == "'", at + 1 < scalars.count else { return false }
    func letter(_ index: Int) -> Unicode.Scalar? {
      guard index < scalars.count else { return nil }
      let scalar = scalars[index]
      guard ignoringCase else { return scalar }
      if scalar == "\u{17F}" { return "s" }  // the long s folds to s
      return scalar.isASCII ? scalar.properties.lowercaseMapping.unicodeScalars.first : scalar
    }
    switch (letter(at + 1), letter(at + 2)) {
    case ("s", _), ("t", _), ("m", _), ("d", _): at += 2
    case ("r", "e"), ("v", "e"), ("l", "l"): at += 3
    default: return false
    }
    return true
  }
}
