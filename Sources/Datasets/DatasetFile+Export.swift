extension DatasetFile {
  /// Writes rows to a new file, a line each, byte for byte as they stand in this one, in the order given.
  ///
  /// `indices`: rows by index. Errors: those of ``bytes(ofRow:)`` and of ``AtomicFile``; after one, nothing is left.
  public func export(rows indices: some Sequence<Int>, to path: String, overwrite: Bool) throws(DatasetError) {
    var output = try AtomicFile(at: path, overwrite: overwrite)
    let bytes = RowBytes(files)
    for index in indices {
      guard index >= 0 && index < rowCount else {
        throw .noSuchRow(path: summary.path, row: index, rows: rowCount)
      }
      try output.write(bytes.copy(ofRow: index))
      try output.write(CollectionOfOne(0x0A))
    }
    try output.commit()
  }
}
