#include <string.h>

#include "clones.h"
#include "vector_kernels_transformer.h"

// Products with a weight that is used again and again: its rows (outputs) are laid out beforehand in panels of 32,
// [panel][input][32], so that a step of the inner loop is two vector loads, and twelve broadcasts of x for 24 fused
// multiply-adds. Nothing is packed at the time of the product, which is what a library's sgemm loses on thin matrices.

typedef float wk_vector __attribute__((vector_size(64), aligned(4)));

enum { PANEL = WK_PANEL, ROWS = 12, DEPTH = 512 };

int wk_panels_pay(void) {
#if defined(__x86_64__) && defined(__ELF__)
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512cd");
#else
  return 0;
#endif
}

void wk_pack_panels(const float *weight, size_t outputs, size_t inputs, float *panels) {
  for (size_t output = 0; output < outputs; output++) {
    float *panel = panels + output / PANEL * PANEL * inputs + output % PANEL;
    for (size_t i = 0; i < inputs; i++) panel[i * PANEL] = weight[output * inputs + i];
  }
}

void wk_unpack_panels(const float *panels, size_t outputs, size_t inputs, float *weight) {
  for (size_t output = 0; output < outputs; output++) {
    const float *panel = panels + output / PANEL * PANEL * inputs + output % PANEL;
    for (size_t i = 0; i < inputs; i++) weight[output * inputs + i] = panel[i * PANEL];
  }
}

void wk_pack_transposed_panels(const float *weight, size_t outputs, size_t inputs, float *panels) {
  for (size_t first = 0; first < inputs; first += PANEL)
    for (size_t output = 0; output < outputs; output++, panels += PANEL)
      memcpy(panels, weight + output * inputs + first, PANEL * sizeof(float));
}

// `rows` rows of x (at most ROWS, a constant where this is inlined) times one panel, over `depth` inputs; x_step from one input to
// the next.
static inline __attribute__((always_inline)) WK_WIDE void wk_tile(int rows, size_t depth, const float *x, size_t x_stride,
                                                                  size_t x_step, const float *panel, float *y,
                                                                  size_t y_stride, int adds) {
  wk_vector sum[ROWS][2];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) sum[r][0] = sum[r][1] = (wk_vector){0};
  for (size_t i = 0; i < depth; i++) {
    wk_vector left = *(const wk_vector *)(panel + i * PANEL), right = *(const wk_vector *)(panel + i * PANEL + 16);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      float value = x[r * x_stride + i * x_step];
      sum[r][0] += value * left;
      sum[r][1] += value * right;
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    wk_vector *out = (wk_vector *)(y + r * y_stride);
    out[0] = adds ? out[0] + sum[r][0] : sum[r][0];
    out[1] = adds ? out[1] + sum[r][1] : sum[r][1];
  }
}

static inline __attribute__((always_inline)) WK_WIDE void wk_panels(size_t rows, size_t outputs, size_t inputs, const float *x,
                                                                    size_t x_stride, size_t x_step, const float *panels,
                                                                    float *y, size_t y_stride, int adds) {
  // Slices of the depth keep a panel's part (64 KB) and the rows of x in the second-level cache.
  for (size_t from = 0; from < inputs; from += DEPTH) {
    size_t depth = inputs - from < DEPTH ? inputs - from : DEPTH;
    int onto = adds || from > 0;
    for (size_t panel = 0; panel < outputs / PANEL; panel++) {
      const float *slice = panels + (panel * inputs + from) * PANEL, *start = x + from * x_step;
      float *out = y + panel * PANEL;
      size_t r = 0;
      for (; r + 12 <= rows; r += 12)
        wk_tile(12, depth, start + r * x_stride, x_stride, x_step, slice, out + r * y_stride, y_stride, onto);
      for (; r + 4 <= rows; r += 4)
        wk_tile(4, depth, start + r * x_stride, x_stride, x_step, slice, out + r * y_stride, y_stride, onto);
      for (; r < rows; r++)
        wk_tile(1, depth, start + r * x_stride, x_stride, x_step, slice, out + r * y_stride, y_stride, onto);
    }
  }
}

WK_WIDE void wk_panel_product(size_t rows, size_t outputs, size_t inputs, const float *x, size_t x_stride, const float *panels,
                              float *y, size_t y_stride, int adds) {
  wk_panels(rows, outputs, inputs, x, x_stride, 1, panels, y, y_stride, adds);
}

WK_WIDE void wk_panel_product_of_columns(size_t columns, size_t outputs, size_t inputs, const float *x, size_t x_stride,
                                         const float *panels, float *y, size_t y_stride, int adds) {
  wk_panels(columns, outputs, inputs, x, 1, x_stride, panels, y, y_stride, adds);
}
