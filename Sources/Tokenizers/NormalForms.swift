import Foundation

/// Unicode's composed normal forms (UAX #15).
///
/// Foundation composes all but Hangul right: it leaves a syllable and the consonant that closes it apart, and takes archaic
/// consonants for modern ones. So runs of Hangul are composed here, by the arithmetic of the Unicode Standard, section 3.12.
enum NormalForm {
  static func composed(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isHangul) else { return text.precomposedStringWithCanonicalMapping }
    var result = ""
    var run = String.UnicodeScalarView()
    var runIsHangul = false
    func close() {
      // Hangul composes with nothing but Hangul, and reorders nothing: runs can be taken apart.
      if runIsHangul {
        result.unicodeScalars += composedHangul(run)
      } else {
        result += String(run).precomposedStringWithCanonicalMapping
      }
      run = String.UnicodeScalarView()
    }
    for scalar in text.unicodeScalars {
      if isHangul(scalar) != runIsHangul {
        close()
        runIsHangul.toggle()
      }
      run.append(scalar)
    }
    close()
    return result
  }

  static func compatibilityComposed(_ text: String) -> String {
    composed(text.decomposedStringWithCompatibilityMapping)
  }

  /// Conjoining jamo and syllables.
  private static func isHangul(_ scalar: Unicode.Scalar) -> Bool {
    (0x1100...0x11FF).contains(scalar.value) || (0xAC00...0xD7A3).contains(scalar.value)
  }

  private static func composedHangul(_ run: String.UnicodeScalarView) -> String.UnicodeScalarView {
    var result = String.UnicodeScalarView()
    var last: UInt32?
    for scalar in run {
      let value = scalar.value
      var pair: UInt32?
      if let last {
        if (0x1100...0x1112).contains(last), (0x1161...0x1175).contains(value) {
          pair = 0xAC00 + ((last - 0x1100) * 21 + (value - 0x1161)) * 28
        } else if (0xAC00...0xD7A3).contains(last), (last - 0xAC00) % 28 == 0, (0x11A8...0x11C2).contains(value) {
          pair = last + (value - 0x11A7)
        }
      }
      if let pair, let composed = Unicode.Scalar(pair) {
        result.removeLast()
        result.append(composed)
        last = pair
      } else {
        result.append(scalar)
        last = value
      }
    }
    return result
  }
}
