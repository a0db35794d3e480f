#include <math.h>

#include "clones.h"
#include "vector_exp.h"
#include "vector_kernels_transformer.h"

// Layouts. Keys lie in panels of sixteen, transposed: [panel][element][16 keys], so that a score of one query row against
// sixteen keys is a broadcast and a fused multiply-add an element. Values lie in chunks of sixteen elements:
// [chunk][key][16 elements], so that the weighted sum over keys streams through one chunk. Both give full vectors at any head size.
//
// A block of at most WK_ATTENTION_KEYS keys is scored, folded into each row's running maximum and sum (the softmax is
// never normalised before the end), and its values added: memory does not grow with the number of keys.

typedef float wk_vector __attribute__((vector_size(64), aligned(4)));

enum { ROWS = WK_ATTENTION_ROWS, KEYS = WK_ATTENTION_KEYS, GROUP = 8 };

static inline size_t wk_chunks(size_t n) { return (n + 15) / 16; }

size_t wk_attention_scratch(size_t n) { return ROWS * KEYS + 2 * ROWS + ROWS * 16 * wk_chunks(n); }

void wk_pack_keys(const float *keys, size_t stride, const int32_t *rows, size_t count, size_t n, size_t first, float *packed) {
  for (size_t j = 0; j < count; j++) {
    const float *key = keys + (size_t)rows[j] * stride;
    size_t place = first + j;
    float *panel = packed + place / 16 * n * 16 + place % 16;
    for (size_t i = 0; i < n; i++) panel[i * 16] = key[i];
  }
}

void wk_pack_values(const float *values, size_t stride, const int32_t *rows, size_t count, size_t n, size_t first,
                    float *packed, size_t packed_stride) {
  for (size_t j = 0; j < count; j++) {
    const float *value = values + (size_t)rows[j] * stride;
    for (size_t chunk = 0; chunk < wk_chunks(n); chunk++) {
      float *place = packed + chunk * packed_stride + (first + j) * 16;
      size_t width = n - chunk * 16 < 16 ? n - chunk * 16 : 16;
      for (size_t i = 0; i < width; i++) place[i] = value[chunk * 16 + i];
      for (size_t i = width; i < 16; i++) place[i] = 0;
    }
  }
}

// scores[r][c] = query r . key c for GROUP rows and the panels that hold keys from..<to.
static inline __attribute__((always_inline)) void wk_score_group(const float *const *queries, size_t n, const float *keys,
                                                                 size_t panels, float *scores) {
  for (size_t panel = 0; panel < panels; panel++) {
    const float *k = keys + panel * n * 16;
    wk_vector sum[GROUP] = {0};
    for (size_t i = 0; i < n; i++) {
      wk_vector key = *(const wk_vector *)(k + i * 16);
#pragma clang loop unroll(full)
      for (int r = 0; r < GROUP; r++) sum[r] += queries[r][i] * key;
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < GROUP; r++) *(wk_vector *)(scores + r * KEYS + panel * 16) = sum[r];
  }
}

// out[r] += sum over keys of weight[r][c] * value c, for GROUP rows.
static inline __attribute__((always_inline)) void wk_weigh_group(const float *weights, size_t count, const float *values,
                                                                 size_t value_stride, size_t chunks, float *out) {
  for (size_t chunk = 0; chunk < chunks; chunk++) {
    const float *v = values + chunk * value_stride;
    wk_vector sum[GROUP];
#pragma clang loop unroll(full)
    for (int r = 0; r < GROUP; r++) sum[r] = *(const wk_vector *)(out + (r * chunks + chunk) * 16);
    for (size_t c = 0; c < count; c++) {
      wk_vector value = *(const wk_vector *)(v + c * 16);
#pragma clang loop unroll(full)
      for (int r = 0; r < GROUP; r++) sum[r] += weights[r * KEYS + c] * value;
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < GROUP; r++) *(wk_vector *)(out + (r * chunks + chunk) * 16) = sum[r];
  }
}

// Turns a row of raw scores into weights e^(scale * score - maximum), folding the maximum and the sum; the earlier
// output is rescaled where the maximum rose. Keys outside from..<to, or whose bit is clear, weigh nothing.
static inline __attribute__((always_inline)) void wk_fold_row(float *scores, size_t count, float scale, int32_t from, int32_t to,
                                                              int masked, uint32_t bits, float *maximum, float *sum,
                                                              float *out, size_t width) {
  size_t padded = (count + 15) / 16 * 16;
  float peaks[16];
  for (int lane = 0; lane < 16; lane++) peaks[lane] = *maximum;
  for (size_t c = 0; c < padded; c += 16) {
    for (int lane = 0; lane < 16; lane++) {
      int32_t key = (int32_t)c + lane;
      int seen = (key >= from) & (key < to);
      if (masked) seen &= (int)(bits >> (key & 31)) & 1;
      float score = seen ? scores[c + lane] * scale : -INFINITY;
      scores[c + lane] = score;
      peaks[lane] = score > peaks[lane] ? score : peaks[lane];
    }
  }
  float peak = peaks[0];
  for (int lane = 1; lane < 16; lane++) peak = peaks[lane] > peak ? peaks[lane] : peak;
  if (peak == -INFINITY) {  // the row sees no key of this block, and has seen none yet
    for (size_t c = 0; c < padded; c++) scores[c] = 0;
    return;
  }
  float parts[16] = {0};
  for (size_t c = 0; c < padded; c += 16) {
    for (int lane = 0; lane < 16; lane++) {
      float score = scores[c + lane];
      float weight = score == -INFINITY ? 0.0f : wk_exp(score - peak);
      scores[c + lane] = weight;
      parts[lane] += weight;
    }
  }
  float total = 0;
  for (int lane = 0; lane < 16; lane++) total += parts[lane];
  if (peak > *maximum) {
    float shrink = *maximum == -INFINITY ? 0.0f : wk_exp(*maximum - peak);
    for (size_t i = 0; i < width; i++) out[i] *= shrink;
    *sum *= shrink;
    *maximum = peak;
  }
  *sum += total;
}

// Compilers keep to half of the widest registers unless told: two to one on this loop.
__attribute__((min_vector_width(512))) WK_CLONES
void wk_attend(const float *queries, size_t query_stride, size_t rows, size_t n, float scale, const wk_key_run *runs,
               const int32_t *first, const int32_t *last, const uint32_t *own, float *out, size_t out_stride, float *scratch) {
  size_t chunks = wk_chunks(n), width = chunks * 16;
  float *scores = scratch;              // [ROWS][KEYS]
  float *maxima = scores + ROWS * KEYS;  // [ROWS]
  float *sums = maxima + ROWS;           // [ROWS]
  float *sum_out = sums + ROWS;          // [ROWS][width]
  size_t padded_rows = (rows + GROUP - 1) / GROUP * GROUP;
  for (size_t r = 0; r < padded_rows; r++) {
    maxima[r] = -INFINITY;
    sums[r] = 0;
  }
  memset(sum_out, 0, padded_rows * width * sizeof(float));

  for (size_t r0 = 0; r0 < rows; r0 += GROUP) {
    const float *group[GROUP];
    for (size_t r = 0; r < GROUP; r++) {  // the last row stands in for rows beyond the end; its copies are not read
      size_t row = r0 + r < rows ? r0 + r : rows - 1;
      group[r] = queries + row * query_stride;
    }
    size_t live = rows - r0 < GROUP ? rows - r0 : GROUP;
    for (int run = 0; run < 3; run++) {
      int masked = run == 2;
      int32_t least = INT32_MAX, greatest = 0;
      for (size_t r = r0; r < r0 + live; r++) {
        int32_t from = masked ? 0 : first[2 * r + run], to = masked ? (int32_t)runs[2].count : last[2 * r + run];
        if (from < to) {
          least = from < least ? from : least;
          greatest = to > greatest ? to : greatest;
        }
      }
      if (least >= greatest) continue;
      for (size_t start = (size_t)least / 16 * 16; start < (size_t)greatest; start += KEYS) {
        size_t count = (size_t)greatest - start < KEYS ? (size_t)greatest - start : KEYS;
        wk_score_group(group, n, runs[run].keys + start * n, (count + 15) / 16, scores);
        for (size_t r = 0; r < GROUP; r++) {
          float *row = scores + r * KEYS;
          if (r >= live) {
            memset(row, 0, (count + 15) / 16 * 16 * sizeof(float));
            continue;
          }
          size_t at = r0 + r;
          if (masked) {
            wk_fold_row(row, count, scale, 0, (int32_t)count, 1, own[at], maxima + at, sums + at, sum_out + at * width, width);
          } else {
            wk_fold_row(row, count, scale, first[2 * at + run] - (int32_t)start, last[2 * at + run] - (int32_t)start, 0, 0,
                        maxima + at, sums + at, sum_out + at * width, width);
          }
        }
        wk_weigh_group(scores, count, runs[run].values + start * 16, runs[run].value_stride, chunks, sum_out + r0 * width);
      }
    }
  }
  for (size_t r = 0; r < rows; r++) {
    float inverse = 1.0f / sums[r];
    for (size_t i = 0; i < n; i++) out[r * out_stride + i] = sum_out[r * width + i] * inverse;
  }
}
