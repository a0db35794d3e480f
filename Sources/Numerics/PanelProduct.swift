import CVectorKernels

/// Products with weights that are laid out once and used many times: about twice OpenBLAS's AVX2 rate where the machine has
/// AVX-512 registers. Elsewhere, and for other shapes, `Product` is the faster.
package enum PanelProduct {
  /// Outputs a panel has.
  package static let width = Int(WK_PANEL)

  /// Whether this machine gains by it.
  package static let pays = wk_panels_pay() != 0

  /// Whether a weight of so many outputs can and should be laid out in panels.
  package static func suits(outputs: Int) -> Bool { pays && outputs % width == 0 }

  /// Lays out `weight` [outputs, inputs] in panels of as many elements.
  package static func pack(
    _ weight: UnsafePointer<Float>, outputs: Int, inputs: Int, into panels: UnsafeMutablePointer<Float>
  ) {
    wk_pack_panels(weight, outputs, inputs, panels)
  }

  /// The reverse of ``pack(_:outputs:inputs:into:)``.
  package static func unpack(
    _ panels: UnsafePointer<Float>, outputs: Int, inputs: Int, into weight: UnsafeMutablePointer<Float>
  ) {
    wk_unpack_panels(panels, outputs, inputs, weight)
  }

  /// Lays out the transpose of `weight` [outputs, inputs]: a product with it is dx = dy W. inputs % width == 0.
  package static func packTransposed(
    _ weight: UnsafePointer<Float>, outputs: Int, inputs: Int, into panels: UnsafeMutablePointer<Float>
  ) {
    wk_pack_transposed_panels(weight, outputs, inputs, panels)
  }

  /// y = x Wᵀ, or y += x Wᵀ, for x [rows, inputs], W [outputs, inputs] in panels, y [rows, outputs].
  package static func multiply(
    rows: Int, outputs: Int, inputs: Int, _ x: UnsafePointer<Float>, stride xStride: Int,
    panels: UnsafePointer<Float>, adding: Bool, into y: UnsafeMutablePointer<Float>, stride yStride: Int
  ) {
    wk_panel_product(rows, outputs, inputs, x, xStride, panels, y, yStride, adding ? 1 : 0)
  }

  /// dW = dyᵀ x, or dW += dyᵀ x, for dy [rows, outputs] and x [rows, inputs]; inputs % width == 0. `panels` has room for x.
  package static func multiplyTransposed(
    _ dy: UnsafePointer<Float>, outputs: Int, _ x: UnsafePointer<Float>, inputs: Int, rows: Int, adding: Bool,
    into dWeight: UnsafeMutablePointer<Float>, panels: UnsafeMutablePointer<Float>
  ) {
    wk_pack_transposed_panels(x, rows, inputs, panels)
    wk_panel_product_of_columns(outputs, inputs, rows, dy, outputs, panels, dWeight, inputs, adding ? 1 : 0)
  }
}
