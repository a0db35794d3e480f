#ifndef WINNOW_VECTOR_KERNELS_TRANSFORMER_H
#define WINNOW_VECTOR_KERNELS_TRANSFORMER_H

#include <stddef.h>
#include <stdint.h>

// y[i] = x[i] / sqrt(mean(x[i]^2) + epsilon) * weight; x and y are rows x n and may be the same.
void wk_rms_norm(const float *x, const float *weight, float epsilon, size_t rows, size_t n, float *y);
// y[i] = (x[i] - mean) / sqrt(variance + epsilon) * weight + bias.
void wk_layer_norm(const float *x, const float *weight, const float *bias, float epsilon, size_t rows, size_t n, float *y);
// RMS norm of each head of each row, in place: x is rows x stride, its first heads * n columns are the heads.
void wk_head_norm(float *x, size_t stride, size_t rows, size_t heads, size_t n, const float *weight, float epsilon);
// Rotary embedding in place, halves paired: (a, b) -> (a cos - b sin, b cos + a sin). cosines, sines: positions x n/2.
// direction: 1, or -1 to turn back (which is the transpose).
void wk_rotate(float *x, size_t stride, size_t rows, size_t heads, size_t n, const int32_t *positions,
               const float *cosines, const float *sines, float direction);
// y = silu(gate) * up, with gate_up rows x 2n (gate first), y rows x n.
void wk_silu_multiply(const float *gate_up, size_t rows, size_t n, float *y);
// GPT-2's tanh form of GELU, in place.
void wk_gelu(float *x, size_t count);
// Each of the rows of x gets bias (n) added.
void wk_add_rows(float *x, const float *bias, size_t rows, size_t n);

// The reverse of the layers above (transformer_backward.c). Derivatives of inputs and weights are added to.
void wk_rms_norm_backward(const float *x, const float *weight, float epsilon, const float *dy, size_t rows, size_t n,
                          size_t stride, float *dx, float *dweight);
void wk_layer_norm_backward(const float *x, const float *weight, float epsilon, const float *dy, size_t rows, size_t n, float *dx,
                            float *dweight, float *dbias);
// Writes both halves of d_gate_up (rows x 2n).
void wk_silu_multiply_backward(const float *gate_up, const float *dy, size_t rows, size_t n, float *d_gate_up);
// d: derivative of the output in, of the input out.
void wk_gelu_backward(const float *x, float *d, size_t count);
void wk_column_sums(const float *x, size_t rows, size_t n, float *sums);
// softmax(scale * x) of the columns first[row]..<last[row] of each row, in place; the other columns of n become 0.
void wk_softmax_rows(float *x, size_t stride, size_t rows, const int32_t *first, const int32_t *last, size_t n, float scale);
// factor * softmax(x) in place; returns log sum e^x.
float wk_softmax_row(float *x, size_t n, float factor);
// dp: derivative of the softmax in, of x out, for p = softmax(scale * x).
void wk_softmax_rows_backward(const float *p, float *dp, size_t stride, size_t rows, size_t n, float scale);

// y (+)= x W^T for a weight laid out in panels of WK_PANEL outputs: see transformer_product.c. x is rows x inputs, y rows x
// outputs, each with its stride; outputs must be a multiple of WK_PANEL. Only where wk_panels_pay() may it be called.
#define WK_PANEL 32
int wk_panels_pay(void);
void wk_pack_panels(const float *weight, size_t outputs, size_t inputs, float *panels);
void wk_unpack_panels(const float *panels, size_t outputs, size_t inputs, float *weight);
// Panels of the transpose; inputs must be a multiple of WK_PANEL.
void wk_pack_transposed_panels(const float *weight, size_t outputs, size_t inputs, float *panels);
void wk_panel_product(size_t rows, size_t outputs, size_t inputs, const float *x, size_t x_stride, const float *panels,
                      float *y, size_t y_stride, int adds);
// The same with x^T in the place of x: x is inputs x columns, y columns x outputs.
void wk_panel_product_of_columns(size_t columns, size_t outputs, size_t inputs, const float *x, size_t x_stride,
                                 const float *panels, float *y, size_t y_stride, int adds);

// Tangents of the layers and of their reverses (transformer_tangent.c): t... is the derivative along a direction in which inputs
// and weights move. Rows are packed (n apart). tdx, tdweight and tdbias are added to.
void wk_rms_norm_tangent(const float *x, const float *weight, float epsilon, const float *tx, const float *tweight, size_t rows,
                         size_t n, float *ty);
void wk_layer_norm_tangent(const float *x, const float *weight, float epsilon, const float *tx, const float *tweight,
                           const float *tbias, size_t rows, size_t n, float *ty);
void wk_silu_multiply_tangent(const float *gate_up, const float *tgate_up, size_t rows, size_t n, float *ty);
void wk_rms_norm_backward_tangent(const float *x, const float *weight, float epsilon, const float *dy, const float *tx,
                                  const float *tweight, const float *tdy, size_t rows, size_t n, float *tdx, float *tdweight);
void wk_layer_norm_backward_tangent(const float *x, const float *weight, float epsilon, const float *dy, const float *tx,
                                    const float *tweight, const float *tdy, size_t rows, size_t n, float *tdx, float *tdweight,
                                    float *tdbias);
void wk_silu_multiply_backward_tangent(const float *gate_up, const float *dy, const float *tgate_up, const float *tdy,
                                       size_t rows, size_t n, float *td_gate_up);
// td: tangent of the output's derivative in, of the input's out; d: the output's derivative.
void wk_gelu_backward_tangent(const float *x, const float *d, const float *tx, float *td, size_t count);
// wk_softmax_rows_backward and its tangent at once: dp and tdp in, the derivatives by x and their tangents out.
void wk_softmax_rows_backward_tangent(const float *p, const float *tp, float *dp, float *tdp, size_t stride, size_t rows, size_t n,
                                      float scale);
void wk_scale(float *x, size_t n, float factor);

// One step of AdamW (Loshchilov and Hutter, 2019); corrections: 1 - beta^t.
void wk_adamw(float *values, const float *gradient, float *first, float *second, size_t n, float rate, float beta1, float beta2,
              float epsilon, float decay, float correction1, float correction2);

// Attention: see transformer_attention.c for the packed layouts.
#define WK_ATTENTION_ROWS 32
#define WK_ATTENTION_KEYS 512

typedef struct {
  const float *keys;    // panels of 16 keys: [panel][element][16]
  const float *values;  // chunks of 16 elements: [chunk][key][16], chunks value_stride floats apart
  size_t value_stride;
  size_t count;  // keys in the run
} wk_key_run;

// Packs key (or value) rows, each n elements, into places first, first + 1, ... of a run.
void wk_pack_keys(const float *keys, size_t stride, const int32_t *rows, size_t count, size_t n, size_t first, float *packed);
void wk_pack_values(const float *values, size_t stride, const int32_t *rows, size_t count, size_t n, size_t first,
                    float *packed, size_t packed_stride);

// Softmax attention of up to WK_ATTENTION_ROWS query rows of one head over three runs of keys: the prefix, the path of
// ancestors, and the tile's own rows. Row r sees keys first[2r]..<last[2r] of the prefix, first[2r+1]..<last[2r+1] of the
// path and, of the tile, those whose bit is set in own[r]. scratch: wk_attention_scratch(n) floats. wide: only
// where wk_panels_pay().
void wk_attend(int wide, const float *queries, size_t query_stride, size_t rows, size_t n, float scale, const wk_key_run *runs,
               const int32_t *first, const int32_t *last, const uint32_t *own, float *out, size_t out_stride, float *scratch);
size_t wk_attention_scratch(size_t n);

// Folds a block of logits (rows x stride, n columns used) into each row's running maximum and sum of exponentials.
void wk_fold_log_sum_exp(const float *logits, size_t stride, size_t rows, size_t n, float *maxima, float *sums);

#endif
