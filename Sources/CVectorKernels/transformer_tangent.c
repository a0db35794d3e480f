#include <math.h>

#include "clones.h"
#include "vector_exp.h"
#include "vector_kernels_transformer.h"

// Derivatives along a direction: t... is the tangent of a value when inputs and weights move along theirs. First the layers of
// transformer.c, then their reverses of transformer_backward.c (which a product with the Hessian needs).

WK_CLONES
void wk_rms_norm_tangent(const float *x, const float *weight, float epsilon, const float *tx, const float *tweight, size_t rows,
                         size_t n, float *ty) {
  WK_REASSOCIATE
  for (size_t row = 0; row < rows; row++, x += n, tx += n, ty += n) {
    float squares = 0, cross = 0;
    for (size_t i = 0; i < n; i++) {
      squares += x[i] * x[i];
      cross += x[i] * tx[i];
    }
    float scale = 1.0f / sqrtf(squares / (float)n + epsilon);
    float tscale = -scale * scale * scale * cross / (float)n;
    for (size_t i = 0; i < n; i++) ty[i] = (tx[i] * scale + x[i] * tscale) * weight[i] + x[i] * scale * tweight[i];
  }
}

WK_CLONES
void wk_layer_norm_tangent(const float *x, const float *weight, float epsilon, const float *tx, const float *tweight,
                           const float *tbias, size_t rows, size_t n, float *ty) {
  WK_REASSOCIATE
  for (size_t row = 0; row < rows; row++, x += n, tx += n, ty += n) {
    float mean = 0, tmean = 0, squares = 0, cross = 0;
    for (size_t i = 0; i < n; i++) {
      mean += x[i];
      tmean += tx[i];
    }
    mean /= (float)n;
    tmean /= (float)n;
    for (size_t i = 0; i < n; i++) {
      squares += (x[i] - mean) * (x[i] - mean);
      cross += (x[i] - mean) * (tx[i] - tmean);
    }
    float scale = 1.0f / sqrtf(squares / (float)n + epsilon);
    float tscale = -scale * scale * scale * cross / (float)n;
    for (size_t i = 0; i < n; i++)
      ty[i] = ((tx[i] - tmean) * scale + (x[i] - mean) * tscale) * weight[i] + (x[i] - mean) * scale * tweight[i] + tbias[i];
  }
}

WK_CLONES
void wk_silu_multiply_tangent(const float *gate_up, const float *tgate_up, size_t rows, size_t n, float *ty) {
  for (size_t row = 0; row < rows; row++) {
    const float *restrict gate = gate_up + row * 2 * n, *restrict up = gate + n;
    const float *restrict tgate = tgate_up + row * 2 * n, *restrict tup = tgate + n;
    float *restrict out = ty + row * n;
    for (size_t i = 0; i < n; i++) {
      float sigmoid = 1.0f / (1.0f + wk_exp(-gate[i]));
      float slope = sigmoid * (1.0f + gate[i] * (1.0f - sigmoid));
      out[i] = slope * tgate[i] * up[i] + gate[i] * sigmoid * tup[i];
    }
  }
}

WK_CLONES
void wk_rms_norm_backward_tangent(const float *x, const float *weight, float epsilon, const float *dy, const float *tx,
                                  const float *tweight, const float *tdy, size_t rows, size_t n, float *tdx, float *tdweight) {
  WK_REASSOCIATE
  for (size_t row = 0; row < rows; row++, x += n, dy += n, tx += n, tdy += n, tdx += n) {
    float squares = 0, cross = 0, dot = 0, tdot = 0;
    for (size_t i = 0; i < n; i++) {
      float g = dy[i] * weight[i], tg = tdy[i] * weight[i] + dy[i] * tweight[i];
      squares += x[i] * x[i];
      cross += x[i] * tx[i];
      dot += g * x[i];
      tdot += tg * x[i] + g * tx[i];
    }
    float scale = 1.0f / sqrtf(squares / (float)n + epsilon);
    float tscale = -scale * scale * scale * cross / (float)n;
    float along = dot * scale * scale / (float)n;
    float talong = (tdot * scale * scale + 2.0f * dot * scale * tscale) / (float)n;
    for (size_t i = 0; i < n; i++) {
      float g = dy[i] * weight[i], tg = tdy[i] * weight[i] + dy[i] * tweight[i];
      tdx[i] += tscale * (g - x[i] * along) + scale * (tg - tx[i] * along - x[i] * talong);
      tdweight[i] += tdy[i] * x[i] * scale + dy[i] * (tx[i] * scale + x[i] * tscale);
    }
  }
}

WK_CLONES
void wk_layer_norm_backward_tangent(const float *x, const float *weight, float epsilon, const float *dy, const float *tx,
                                    const float *tweight, const float *tdy, size_t rows, size_t n, float *tdx,
                                    float *tdweight, float *tdbias) {
  WK_REASSOCIATE
  for (size_t row = 0; row < rows; row++, x += n, dy += n, tx += n, tdy += n, tdx += n) {
    float mean = 0, tmean = 0, mean_g = 0, tmean_g = 0, squares = 0, cross = 0, dot = 0, tdot = 0;
    for (size_t i = 0; i < n; i++) {
      mean += x[i];
      tmean += tx[i];
    }
    mean /= (float)n;
    tmean /= (float)n;
    for (size_t i = 0; i < n; i++) {
      float g = dy[i] * weight[i], tg = tdy[i] * weight[i] + dy[i] * tweight[i];
      float c = x[i] - mean, tc = tx[i] - tmean;
      mean_g += g;
      tmean_g += tg;
      squares += c * c;
      cross += c * tc;
      dot += g * c;
      tdot += tg * c + g * tc;
    }
    mean_g /= (float)n;
    tmean_g /= (float)n;
    float scale = 1.0f / sqrtf(squares / (float)n + epsilon);
    float tscale = -scale * scale * scale * cross / (float)n;
    float along = dot * scale * scale / (float)n;
    float talong = (tdot * scale * scale + 2.0f * dot * scale * tscale) / (float)n;
    for (size_t i = 0; i < n; i++) {
      float g = dy[i] * weight[i], tg = tdy[i] * weight[i] + dy[i] * tweight[i];
      float c = x[i] - mean, tc = tx[i] - tmean;
      tdx[i] += tscale * (g - mean_g - c * along) + scale * (tg - tmean_g - tc * along - c * talong);
      tdweight[i] += tdy[i] * c * scale + dy[i] * (tc * scale + c * tscale);
      tdbias[i] += tdy[i];
    }
  }
}

WK_CLONES
void wk_silu_multiply_backward_tangent(const float *gate_up, const float *dy, const float *tgate_up, const float *tdy,
                                       size_t rows, size_t n, float *td_gate_up) {
  for (size_t row = 0; row < rows; row++) {
    const float *restrict gate = gate_up + row * 2 * n, *restrict up = gate + n, *restrict d = dy + row * n;
    const float *restrict tgate = tgate_up + row * 2 * n, *restrict tup = tgate + n, *restrict td = tdy + row * n;
    float *restrict td_gate = td_gate_up + row * 2 * n, *restrict td_up = td_gate + n;
    for (size_t i = 0; i < n; i++) {
      float sigmoid = 1.0f / (1.0f + wk_exp(-gate[i])), rest = 1.0f - sigmoid;
      float slope = sigmoid * (1.0f + gate[i] * rest);
      float bend = sigmoid * rest * (2.0f + gate[i] * (1.0f - 2.0f * sigmoid));
      td_up[i] = td[i] * gate[i] * sigmoid + d[i] * slope * tgate[i];
      td_gate[i] = td[i] * up[i] * slope + d[i] * (tup[i] * slope + up[i] * bend * tgate[i]);
    }
  }
}

WK_CLONES
void wk_gelu_backward_tangent(const float *restrict x, const float *restrict d, const float *restrict tx, float *restrict td,
                              size_t count) {
  for (size_t i = 0; i < count; i++) {
    // y = x s(z) with s the logistic function and z = 2 sqrt(2/pi) (x + 0.044715 x^3).
    float z = 1.5957691216f * (x[i] + 0.044715f * x[i] * x[i] * x[i]);
    float dz = 1.5957691216f * (1.0f + 3 * 0.044715f * x[i] * x[i]);
    float ddz = 1.5957691216f * 6 * 0.044715f * x[i];
    float s = 1.0f / (1.0f + wk_exp(-z)), ds = s * (1.0f - s);
    float slope = s + x[i] * ds * dz;
    float bend = 2.0f * ds * dz + x[i] * ds * ((1.0f - 2.0f * s) * dz * dz + ddz);
    td[i] = td[i] * slope + d[i] * bend * tx[i];
  }
}

WK_CLONES
void wk_softmax_rows_backward_tangent(const float *p, const float *tp, float *dp, float *tdp, size_t stride, size_t rows, size_t n,
                                      float scale) {
  WK_REASSOCIATE
  for (size_t row = 0; row < rows; row++) {
    const float *restrict w = p + row * stride, *restrict tw = tp + row * stride;
    float *restrict d = dp + row * stride, *restrict td = tdp + row * stride;
    float dot = 0, tdot = 0;
    for (size_t i = 0; i < n; i++) {
      dot += w[i] * d[i];
      tdot += tw[i] * d[i] + w[i] * td[i];
    }
    for (size_t i = 0; i < n; i++) {
      td[i] = (tw[i] * (d[i] - dot) + w[i] * (td[i] - tdot)) * scale;
      d[i] = w[i] * (d[i] - dot) * scale;
    }
  }
}

WK_CLONES
void wk_scale(float *restrict x, size_t n, float factor) {
  for (size_t i = 0; i < n; i++) x[i] *= factor;
}
