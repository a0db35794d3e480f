import Domain
import JSONBytes

/// Turns tasks that have several instances into a row an instance. Of Self-Instruct's the task's other fields stay, its id gets
/// the instance's number (`seed_task_3#2`); Super-NaturalInstructions' tasks, which are long, give their definition and no more.
enum InstancesConversion {
  /// The converted rows, each on the line of its task; nil where every task has one instance and nothing is to be done.
  static func convert(
    _ tasks: ByteFile, _ index: RowOffsets, instruction: String, list: String, limit: Int?
  ) throws(DatasetError) -> (ByteFile, RowOffsets)? {
    guard try hasSeveral(tasks, index, list) else { return nil }
    let isLong = list != "instances"
    let conversion = try RowConversion(from: tasks.path, limit: limit)
    try forEachTask(tasks, index) { row, bytes, task throws(DatasetError) in
      let line = index.line(of: row)
      let instances = task?.find(list)?.value.elements ?? []
      guard let task, instances.count > 1 else {
        // What has one instance, or is no task, stays as it is: decoding says what is wrong with it.
        if let bytes { conversion.append(bytes[...]) } else { conversion.refuse(RowDecoder.tooLong) }
        return try conversion.endRow(line: line)
      }
      for (number, instance) in instances.enumerated() {
        conversion.append("{")
        var isFirst = true
        task.forEachChild { name, value in
          guard let name, !isLong || name == list || name == instruction || name == "Categories" else { return }
          if !isFirst { conversion.append(", ") }
          isFirst = false
          conversion.append(string: name)
          conversion.append(": ")
          switch name {
          case list:
            conversion.append("[")
            conversion.append(instance)
            conversion.append("]")
          case "id" where value.scalarText != nil:
            conversion.append(string: "\(value.scalarText ?? "")#\(number + 1)")
          default: conversion.append(value)
          }
        }
        conversion.append("}")
        try conversion.endRow(line: line)
      }
    }
    return try conversion.finish()
  }

  private static func hasSeveral(
    _ tasks: ByteFile, _ index: RowOffsets, _ list: String
  ) throws(DatasetError) -> Bool {
    var found = false
    try forEachTask(tasks, index) { _, _, task throws(DatasetError) in
      if !found, let instances = task?.find(list)?.value { found = instances.elements.count > 1 }
    }
    return found
  }

  /// Calls `body` with each row's bytes and the object in them; nil where it is too long or not valid.
  private static func forEachTask(
    _ tasks: ByteFile, _ index: RowOffsets,
    _ body: (Int, UnsafeRawBufferPointer?, JSONValue?) throws(DatasetError) -> Void
  ) throws(DatasetError) {
    let json: JSONReader
    do { json = try JSONReader() } catch { throw .outOfMemory(path: tasks.path) }
    try RowReader(file: tasks, index: index).forEach(0..<index.count) { row, bytes throws(DatasetError) in
      let task = bytes.flatMap { try? json.read($0) }
      try body(row, bytes, task)
      return true
    }
  }
}

extension RowConversion {
  /// Adds a JSON value, written anew: the same value, numbers perhaps in another spelling.
  func append(_ value: JSONValue) {
    switch value.kind {
    case .string: append(string: value.text ?? "")
    case .null: append("null")
    case .array, .object:
      append(value.isObject ? "{" : "[")
      var isFirst = true
      value.forEachChild { name, child in
        if !isFirst { append(", ") }
        isFirst = false
        if let name {
          append(string: name)
          append(": ")
        }
        append(child)
      }
      append(value.isObject ? "}" : "]")
    default: append((value.scalarText ?? "null").utf8)
    }
  }
}
