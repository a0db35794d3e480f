#include <math.h>

#include "clones.h"
#include "vector_exp.h"
#include "vector_kernels_transformer.h"

// The reverse of the elementwise layers of transformer.c: d... are derivatives of the loss; inputs' are added to, since a residual
// stream collects them, and so are weights', since rows share them.

WK_CLONES
void wk_rms_norm_backward(const float *x, const float *weight, float epsilon, const float *dy, size_t rows, size_t n,
                          size_t stride, float *dx, float *dweight) {
  WK_REASSOCIATE
  for (size_t row = 0; row < rows; row++, x += stride, dy += stride, dx += stride) {
    float squares = 0, dot = 0;
    for (size_t i = 0; i < n; i++) squares += x[i] * x[i];
    float scale = 1.0f / sqrtf(squares / (float)n + epsilon);
    for (size_t i = 0; i < n; i++) dot += dy[i] * weight[i] * x[i];
    float along = dot * scale * scale / (float)n;
    for (size_t i = 0; i < n; i++) dweight[i] += dy[i] * x[i] * scale;
    for (size_t i = 0; i < n; i++) dx[i] += scale * (dy[i] * weight[i] - x[i] * along);
  }
}

WK_CLONES
void wk_layer_norm_backward(const float *x, const float *weight, float epsilon, const float *dy, size_t rows, size_t n, float *dx,
                            float *dweight, float *dbias) {
  WK_REASSOCIATE
  for (size_t row = 0; row < rows; row++, x += n, dy += n, dx += n) {
    float sum = 0, squares = 0, mean_g = 0, dot = 0;
    for (size_t i = 0; i < n; i++) sum += x[i];
    float mean = sum / (float)n;
    for (size_t i = 0; i < n; i++) squares += (x[i] - mean) * (x[i] - mean);
    float scale = 1.0f / sqrtf(squares / (float)n + epsilon);
    for (size_t i = 0; i < n; i++) {
      mean_g += dy[i] * weight[i];
      dot += dy[i] * weight[i] * (x[i] - mean);
    }
    mean_g /= (float)n;
    float along = dot * scale * scale / (float)n;
    for (size_t i = 0; i < n; i++) {
      dweight[i] += dy[i] * (x[i] - mean) * scale;
      dbias[i] += dy[i];
    }
    for (size_t i = 0; i < n; i++) dx[i] += scale * (dy[i] * weight[i] - mean_g - (x[i] - mean) * along);
  }
}

WK_CLONES
void wk_silu_multiply_backward(const float *gate_up, const float *dy, size_t rows, size_t n, float *d_gate_up) {
  for (size_t row = 0; row < rows; row++) {
    const float *restrict gate = gate_up + row * 2 * n, *restrict up = gate + n, *restrict d = dy + row * n;
    float *restrict d_gate = d_gate_up + row * 2 * n, *restrict d_up = d_gate + n;
    for (size_t i = 0; i < n; i++) {
      float sigmoid = 1.0f / (1.0f + wk_exp(-gate[i]));
      d_up[i] = d[i] * gate[i] * sigmoid;
      d_gate[i] = d[i] * up[i] * sigmoid * (1.0f + gate[i] * (1.0f - sigmoid));
    }
  }
}

WK_CLONES
void wk_gelu_backward(const float *restrict x, float *restrict d, size_t count) {
  for (size_t i = 0; i < count; i++) {
    float u = 0.7978845608f * (x[i] + 0.044715f * x[i] * x[i] * x[i]);
    float slope = 0.7978845608f * (1.0f + 3 * 0.044715f * x[i] * x[i]);
    float sigmoid = 1.0f / (1.0f + wk_exp(-2.0f * u));
    d[i] *= sigmoid + x[i] * 2.0f * slope * sigmoid * (1.0f - sigmoid);
  }
}

WK_CLONES
void wk_column_sums(const float *x, size_t rows, size_t n, float *restrict sums) {
  for (size_t row = 0; row < rows; row++)
    for (size_t i = 0; i < n; i++) sums[i] += x[row * n + i];
}

WK_CLONES
void wk_softmax_rows(float *x, size_t stride, size_t rows, const int32_t *first, const int32_t *last, size_t n, float scale) {
  for (size_t row = 0; row < rows; row++) {
    float *restrict s = x + row * stride;
    size_t from = (size_t)first[row], to = (size_t)last[row];
    float greatest = -INFINITY, sum = 0;
    for (size_t i = from; i < to; i++) greatest = s[i] > greatest ? s[i] : greatest;
    for (size_t i = from; i < to; i++) s[i] = wk_exp((s[i] - greatest) * scale);
    {
      WK_REASSOCIATE
      for (size_t i = from; i < to; i++) sum += s[i];
    }
    float inverse = 1.0f / sum;
    for (size_t i = from; i < to; i++) s[i] *= inverse;
    for (size_t i = 0; i < from; i++) s[i] = 0;
    for (size_t i = to; i < n; i++) s[i] = 0;
  }
}

WK_CLONES
void wk_softmax_rows_backward(const float *p, float *dp, size_t stride, size_t rows, size_t n, float scale) {
  WK_REASSOCIATE
  for (size_t row = 0; row < rows; row++) {
    const float *restrict weight = p + row * stride;
    float *restrict d = dp + row * stride;
    float dot = 0;
    for (size_t i = 0; i < n; i++) dot += weight[i] * d[i];
    for (size_t i = 0; i < n; i++) d[i] = weight[i] * (d[i] - dot) * scale;
  }
}

WK_CLONES
float wk_softmax_row(float *restrict x, size_t n, float factor) {
  float greatest = -INFINITY;
  for (size_t i = 0; i < n; i++) greatest = x[i] > greatest ? x[i] : greatest;
  for (size_t i = 0; i < n; i++) x[i] = wk_exp(x[i] - greatest);
  float sum = 0;
  {
    WK_REASSOCIATE
    for (size_t i = 0; i < n; i++) sum += x[i];
  }
  float inverse = factor / sum;
  for (size_t i = 0; i < n; i++) x[i] *= inverse;
  return greatest + logf(sum);
}
