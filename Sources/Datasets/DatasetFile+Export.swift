extension DatasetFile {
  /// Writes rows to a new file, a line each, byte for byte as they stand in this one, in the order given.
  ///
  /// `indices`: rows by index. Errors: those of ``bytes(ofRow:)`` and of ``AtomicFile``; after one, nothing is left.
  public func export(rows indices: some Sequence<Int>, to path: String, overwrite: Bool) throws(DatasetError) {
    var output = try AtomicFile(at: path, overwrite: overwrite)
    for index in indices {
      try output.write(bytes(ofRow: index))
      try output.write(CollectionOfOne(0x0A))
    }
    try output.commit()
  }
}
