import Foundation

/// Methods that templates call: Python's of texts, mappings and lists, as far as they change nothing.
enum JinjaMethods {
  static func call(
    _ name: String, of value: JinjaValue, _ arguments: JinjaCall, _ renderer: JinjaRenderer, _ line: Int
  ) throws(JinjaError) -> JinjaValue {
    let result: JinjaValue?
    switch value {
    case .string(let text): result = try call(name, ofText: text, arguments, renderer, line)
    case .mapping(let mapping): result = call(name, ofMapping: mapping, arguments)
    case .list(let items), .tuple(let items): result = call(name, ofList: items, arguments)
    case .loop(let loop) where name == "cycle" && !arguments.unnamed.isEmpty:
      result = arguments.unnamed[loop.index % arguments.unnamed.count]
    case .undefined(let missing):
      throw JinjaError(line: line, problem: "\"\(missing)\" is undefined and has no \"\(name)\"")
    default: result = nil
    }
    guard let result else {
      throw JinjaError(line: line, problem: "the method \"\(name)\" of \(value.kind) is not supported")
    }
    try renderer.charge(result.size, line)
    return result
  }

  private static func call(_ name: String, ofMapping mapping: JinjaMapping, _ arguments: JinjaCall) -> JinjaValue? {
    switch name {
    case "items": .list(mapping.members.map { .tuple([$0.key, $0.value]) })
    case "keys": .list(mapping.members.map(\.key))
    case "values": .list(mapping.members.map(\.value))
    case "get": arguments.first.map { key in mapping[key] ?? arguments.value(1, "default") ?? .none }
    case "copy": .mapping(mapping)
    default: nil
    }
  }

  private static func call(_ name: String, ofList items: [JinjaValue], _ arguments: JinjaCall) -> JinjaValue? {
    guard let first = arguments.first else { return name == "copy" ? .list(items) : nil }
    switch name {
    case "count": return .int(items.count { $0.equals(first) })
    case "index": return items.firstIndex { $0.equals(first) }.map { .int($0) }
    default: return nil
    }
  }

  private static func call(
    _ name: String, ofText text: String, _ arguments: JinjaCall, _ renderer: JinjaRenderer, _ line: Int
  ) throws(JinjaError) -> JinjaValue? {
    switch name {
    case "strip", "lstrip", "rstrip":
      return .string(
        text.stripped(
          of: arguments.first?.text, atStart: name != "rstrip", atEnd: name != "lstrip"))
    case "upper": return .string(text.uppercased())
    case "lower": return .string(text.lowercased())
    case "capitalize": return .string(text.capitalizedFirst)
    case "title": return .string(text.titled)
    case "startswith", "endswith":
      guard let part = arguments.first else { return nil }
      let parts = part.text.map { [$0] } ?? part.items?.compactMap(\.text) ?? []
      return .bool(
        parts.contains { name == "startswith" ? text.utf8.starts(with: $0.utf8) : text.endsLiterally(with: $0) })
    case "split", "rsplit":
      return .list(
        text.split(
          by: arguments.value(0, "sep")?.text, times: arguments.value(1, "maxsplit")?.integer ?? -1,
          fromEnd: name == "rsplit"
        ).map { .string($0) })
    case "splitlines":
      var lines = text.replacing("\r\n", with: "\n").split(omittingEmptySubsequences: false) { $0.isNewline }
      if lines.last == "" { lines.removeLast() }
      return .list(lines.map { .string(String($0)) })
    case "replace":
      guard let old = arguments.value(0, "old")?.text, let new = arguments.value(1, "new")?.text else { return nil }
      return .string(
        try text.replacingLiterally(old, with: new, times: arguments.value(2, "count")?.integer ?? -1, renderer, line))
    case "join":
      guard let items = arguments.first?.items else { return nil }
      return .string(items.map(\.printed).joined(separator: text))
    case "find", "rfind", "index":
      guard let part = arguments.first?.text else { return nil }
      let options: NSString.CompareOptions = name == "rfind" ? [.literal, .backwards] : .literal
      if part.isEmpty { return .int(name == "rfind" ? text.unicodeScalars.count : 0) }
      guard let range = text.range(of: part, options: options) else {
        if name == "index" { throw JinjaError(line: line, problem: "the text \"\(part)\" is not there") }
        return .int(-1)
      }
      return .int(text.unicodeScalars.distance(from: text.unicodeScalars.startIndex, to: range.lowerBound))
    case "count":
      guard let part = arguments.first?.text, !part.isEmpty else { return nil }
      return .int(text.split(by: part, times: -1, fromEnd: false).count - 1)
    case "removeprefix", "removesuffix":
      guard let part = arguments.first?.text, !part.isEmpty else { return arguments.first.map { _ in .string(text) } }
      if name == "removeprefix", text.utf8.starts(with: part.utf8) {
        return .string(String(text.unicodeScalars.dropFirst(part.unicodeScalars.count)))
      }
      if name == "removesuffix", text.endsLiterally(with: part) {
        return .string(String(text.unicodeScalars.dropLast(part.unicodeScalars.count)))
      }
      return .string(text)
    case "isdigit":
      return .bool(!text.isEmpty && text.unicodeScalars.allSatisfy { $0.properties.numericType == .decimal })
    case "isspace": return .bool(!text.isEmpty && text.unicodeScalars.allSatisfy(\.isPythonSpace))
    case "isupper", "islower":
      let cased = text.unicodeScalars.filter { $0.properties.isUppercase || $0.properties.isLowercase }
      return .bool(
        !cased.isEmpty
          && cased.allSatisfy { name == "isupper" ? $0.properties.isUppercase : $0.properties.isLowercase })
    default: return nil
    }
  }
}

extension Unicode.Scalar {
  /// White space as Python's `strip` and `split` know it.
  var isPythonSpace: Bool { properties.isWhitespace || (0x1C...0x1F).contains(value) }
}

extension String {
  /// Without the scalars of a set (white space where there is none) at its ends.
  func stripped(of characters: String?, atStart: Bool = true, atEnd: Bool = true) -> String {
    let set = characters.map { Set($0.unicodeScalars) }
    func goes(_ scalar: Unicode.Scalar) -> Bool { set?.contains(scalar) ?? scalar.isPythonSpace }
    var scalars = unicodeScalars[...]
    if atStart { scalars = scalars.drop(while: goes) }
    if atEnd { while let last = scalars.last, goes(last) { scalars.removeLast() } }
    return String(scalars)
  }

  var capitalizedFirst: String {
    guard let first = unicodeScalars.first else { return self }
    return first.properties.titlecaseMapping + String(unicodeScalars.dropFirst()).lowercased()
  }

  /// A capital after everything that is no letter, as Python's `title`.
  var titled: String {
    var result = ""
    var isInWord = false
    for scalar in unicodeScalars {
      let isCased = scalar.properties.isUppercase || scalar.properties.isLowercase
      result +=
        isCased ? (isInWord ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping) : String(scalar)
      isInWord = isCased
    }
    return result
  }

  func endsLiterally(with part: String) -> Bool {
    utf8.count >= part.utf8.count && utf8.suffix(part.utf8.count).elementsEqual(part.utf8)
  }

  /// Python's `split`: at white space where no separator is given; at most `times` cuts, all where that is negative.
  func split(by separator: String?, times: Int, fromEnd: Bool) -> [String] {
    let bytes = Array(utf8)
    var cuts: [Range<Int>] = []
    if let separator, !separator.isEmpty {
      let wanted = Array(separator.utf8)
      var offset = 0
      while offset + wanted.count <= bytes.count {
        if bytes[offset] == wanted[0], bytes[offset..<offset + wanted.count].elementsEqual(wanted) {
          cuts.append(offset..<offset + wanted.count)
          offset += wanted.count
        } else {
          offset += 1
        }
      }
    } else {
      let text = stripped(of: nil)
      if text.isEmpty { return [] }
      if text.utf8.count != bytes.count {
        var parts = text.split(by: nil, times: times, fromEnd: fromEnd)
        // What the last cut leaves whole keeps the space at its other end, as in Python.
        if parts.count == times + 1, fromEnd {
          parts[0] =
            String(decoding: bytes.prefix(bytes.count - stripped(of: nil, atEnd: false).utf8.count), as: UTF8.self)
            + parts[0]
        } else if parts.count == times + 1 {
          parts[times] += String(
            decoding: bytes.suffix(bytes.count - stripped(of: nil, atStart: false).utf8.count), as: UTF8.self)
        }
        return parts
      }
      var offset = 0
      for scalar in text.unicodeScalars {
        let count = String(scalar).utf8.count
        if scalar.isPythonSpace {
          if let last = cuts.last, last.upperBound == offset {
            cuts[cuts.count - 1] = last.lowerBound..<offset + count
          } else {
            cuts.append(offset..<offset + count)
          }
        }
        offset += count
      }
    }
    if times >= 0 { cuts = fromEnd ? Array(cuts.suffix(times)) : Array(cuts.prefix(times)) }
    var parts: [String] = []
    var start = 0
    for cut in cuts {
      parts.append(String(decoding: bytes[start..<cut.lowerBound], as: UTF8.self))
      start = cut.upperBound
    }
    return parts + [String(decoding: bytes[start...], as: UTF8.self)]
  }

  fileprivate func replacingLiterally(
    _ old: String, with new: String, times: Int, _ renderer: JinjaRenderer, _ line: Int
  ) throws(JinjaError) -> String {
    // Python puts the new text between all characters where the old one is empty; no template means that.
    if old.isEmpty { throw JinjaError(line: line, problem: "the method \"replace\" of an empty text is not supported") }
    let parts = split(by: old, times: times, fromEnd: false)
    let (size, overflow) = new.utf8.count.multipliedReportingOverflow(by: parts.count)
    try renderer.charge(overflow ? .max / 2 : size, line)
    return parts.joined(separator: new)
  }
}
