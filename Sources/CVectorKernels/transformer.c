#include <math.h>

#include "clones.h"
#include "vector_exp.h"
#include "vector_kernels_transformer.h"

WK_CLONES
void wk_rms_norm(const float *x, const float *weight, float epsilon, size_t rows, size_t n, float *y) {
  WK_REASSOCIATE
  for (size_t row = 0; row < rows; row++, x += n, y += n) {
    float squares = 0;
    for (size_t i = 0; i < n; i++) squares += x[i] * x[i];
    float scale = 1.0f / sqrtf(squares / (float)n + epsilon);
    for (size_t i = 0; i < n; i++) y[i] = x[i] * scale * weight[i];
  }
}

WK_CLONES
void wk_layer_norm(const float *x, const float *weight, const float *bias, float epsilon, size_t rows, size_t n, float *y) {
  WK_REASSOCIATE
  for (size_t row = 0; row < rows; row++, x += n, y += n) {
    float sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) sum += x[i];
    float mean = sum / (float)n;
    for (size_t i = 0; i < n; i++) squares += (x[i] - mean) * (x[i] - mean);
    float scale = 1.0f / sqrtf(squares / (float)n + epsilon);
    for (size_t i = 0; i < n; i++) y[i] = (x[i] - mean) * scale * weight[i] + bias[i];
  }
}

WK_CLONES
void wk_head_norm(float *x, size_t stride, size_t rows, size_t heads, size_t n, const float *weight, float epsilon) {
  WK_REASSOCIATE
  for (size_t row = 0; row < rows; row++) {
    for (size_t head = 0; head < heads; head++) {
      float *h = x + row * stride + head * n;
      float squares = 0;
      for (size_t i = 0; i < n; i++) squares += h[i] * h[i];
      float scale = 1.0f / sqrtf(squares / (float)n + epsilon);
      for (size_t i = 0; i < n; i++) h[i] = h[i] * scale * weight[i];
    }
  }
}

WK_CLONES
void wk_rotate(float *x, size_t stride, size_t rows, size_t heads, size_t n, const int32_t *positions,
               const float *cosines, const float *sines, float direction) {
  size_t half = n / 2;
  for (size_t row = 0; row < rows; row++) {
    const float *restrict c = cosines + (size_t)positions[row] * half;
    const float *restrict s = sines + (size_t)positions[row] * half;
    for (size_t head = 0; head < heads; head++) {
      float *restrict a = x + row * stride + head * n;
      float *restrict b = a + half;
      for (size_t i = 0; i < half; i++) {
        float u = a[i], v = b[i], sine = direction * s[i];
        a[i] = u * c[i] - v * sine;
        b[i] = v * c[i] + u * sine;
      }
    }
  }
}

WK_CLONES
void wk_silu_multiply(const float *gate_up, size_t rows, size_t n, float *y) {
  for (size_t row = 0; row < rows; row++) {
    const float *restrict gate = gate_up + row * 2 * n;
    const float *restrict up = gate + n;
    float *restrict out = y + row * n;
    for (size_t i = 0; i < n; i++) out[i] = gate[i] / (1.0f + wk_exp(-gate[i])) * up[i];
  }
}

WK_CLONES
void wk_gelu(float *restrict x, size_t count) {
  // tanh(u) = 2 / (1 + e^-2u) - 1, so x (1 + tanh u) / 2 = x / (1 + e^-2u).
  for (size_t i = 0; i < count; i++) {
    float u = 0.7978845608f * (x[i] + 0.044715f * x[i] * x[i] * x[i]);
    x[i] = x[i] / (1.0f + wk_exp(-2.0f * u));
  }
}

WK_CLONES
void wk_add_rows(float *x, const float *restrict bias, size_t rows, size_t n) {
  for (size_t row = 0; row < rows; row++) {
    float *restrict y = x + row * n;
    for (size_t i = 0; i < n; i++) y[i] += bias[i];
  }
}

WK_CLONES
void wk_fold_log_sum_exp(const float *logits, size_t stride, size_t rows, size_t n, float *maxima, float *sums) {
  for (size_t row = 0; row < rows; row++) {
    const float *restrict x = logits + row * stride;
    float greatest = maxima[row];
    for (size_t i = 0; i < n; i++) greatest = x[i] > greatest ? x[i] : greatest;
    // Sixteen partial sums: the order of addition is fixed by the index, not by the instruction set.
    float parts[16] = {0};
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
      for (size_t lane = 0; lane < 16; lane++) parts[lane] += wk_exp(x[i + lane] - greatest);
    for (; i < n; i++) parts[i & 15] += wk_exp(x[i] - greatest);
    float sum = 0;
    for (size_t lane = 0; lane < 16; lane++) sum += parts[lane];
    sums[row] = sums[row] * wk_exp(maxima[row] - greatest) + sum;
    maxima[row] = greatest;
  }
}
