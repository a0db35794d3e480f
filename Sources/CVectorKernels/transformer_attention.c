#include "clones.h"
#include "vector_exp.h"
#include "vector_kernels_transformer.h"

// Layouts. Keys lie in panels of sixteen, transposed: [panel][element][16 keys], so that a score of one query row against
// sixteen keys is a broadcast and a fused multiply-add an element. Values lie in chunks of sixteen elements:
// [chunk][key][16 elements], so that the weighted sum over keys streams through one chunk. Both give full vectors at any head size.
//
// GROUP query rows at a time see their keys in blocks of at most WK_ATTENTION_KEYS, a block being pieces of one or more runs.
// A block is scored, folded into each row's running maximum and sum (the softmax is not normalised before the end), and its
// values added: memory does not grow with the number of keys, and few keys make one block only.

typedef float wk_vector __attribute__((vector_size(64), aligned(4)));

typedef int32_t wk_lanes __attribute__((vector_size(64), aligned(4)));

enum { KEYS = WK_ATTENTION_KEYS, GROUP = 8, PIECES = 8 };

// How wide vectors are passed would depend on the target; here every function that takes one is inlined.
#pragma clang diagnostic ignored "-Wpsabi"

#define INLINE static inline __attribute__((always_inline))

static inline size_t wk_chunks(size_t n) { return (n + 15) / 16; }

size_t wk_attention_scratch(size_t n) { return GROUP * (KEYS + 16 * wk_chunks(n)); }

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

INLINE wk_vector wk_select(wk_lanes mask, wk_vector yes, wk_vector no) {
  return (wk_vector)((mask & (wk_lanes)yes) | (~mask & (wk_lanes)no));
}

INLINE wk_vector wk_splat(float x) { return x - (wk_vector){0}; }

// wk_exp on sixteen lanes, for x <= 0; NaN stays NaN, -infinity gives 0.
INLINE wk_vector wk_exp_lanes(wk_vector x) {
  wk_vector clamped = wk_select(x < -87.0f, wk_splat(-87.0f), x);
  wk_vector shifted = clamped * 1.44269504f + 12582912.0f;
  wk_vector n = shifted - 12582912.0f;
  wk_vector r = clamped - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  wk_vector p = r * (1.0f / 5040) + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  wk_lanes power = (wk_lanes)(((wk_lanes)shifted - 0x4B400000 + 127) << 23);
  return wk_select(x < -87.0f, wk_splat(0), p * (wk_vector)power);
}

INLINE float wk_sum_lanes(wk_vector x) {
  for (int width = 8; width > 0; width /= 2)
    for (int lane = 0; lane < width; lane++) x[lane] += x[lane + width];
  return x[0];
}

INLINE float wk_max_lanes(wk_vector x) {
  for (int width = 8; width > 0; width /= 2)
    for (int lane = 0; lane < width; lane++) x[lane] = x[lane + width] > x[lane] ? x[lane + width] : x[lane];
  return x[0];
}

// scores[r][c] = query r . key c for GROUP rows and `side` panels at a time.
INLINE void wk_score_panels(int side, const float *const *queries, size_t n, const float *keys, float *scores) {
  wk_vector sum[GROUP][2];
#pragma clang loop unroll(full)
  for (int r = 0; r < GROUP; r++) sum[r][0] = sum[r][1] = (wk_vector){0};
  for (size_t i = 0; i < n; i++) {
    wk_vector left = *(const wk_vector *)(keys + i * 16);
    wk_vector right = side == 2 ? *(const wk_vector *)(keys + (n + i) * 16) : left;
#pragma clang loop unroll(full)
    for (int r = 0; r < GROUP; r++) {
      sum[r][0] += queries[r][i] * left;
      if (side == 2) sum[r][1] += queries[r][i] * right;
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < GROUP; r++) {
    *(wk_vector *)(scores + r * KEYS) = sum[r][0];
    if (side == 2) *(wk_vector *)(scores + r * KEYS + 16) = sum[r][1];
  }
}

// out[r] += sum over keys of weight[r][c] * value c, for GROUP rows and `side` chunks of sixteen elements.
INLINE void wk_weigh_chunks(int side, const float *weights, size_t count, const float *values, size_t value_stride,
                            float *out, size_t width) {
  wk_vector sum[GROUP][2];
#pragma clang loop unroll(full)
  for (int r = 0; r < GROUP; r++) {
    sum[r][0] = *(const wk_vector *)(out + r * width);
    sum[r][1] = side == 2 ? *(const wk_vector *)(out + r * width + 16) : sum[r][0];
  }
  for (size_t c = 0; c < count; c++) {
    wk_vector left = *(const wk_vector *)(values + c * 16);
    wk_vector right = side == 2 ? *(const wk_vector *)(values + value_stride + c * 16) : left;
#pragma clang loop unroll(full)
    for (int r = 0; r < GROUP; r++) {
      sum[r][0] += weights[r * KEYS + c] * left;
      if (side == 2) sum[r][1] += weights[r * KEYS + c] * right;
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < GROUP; r++) {
    *(wk_vector *)(out + r * width) = sum[r][0];
    if (side == 2) *(wk_vector *)(out + r * width + 16) = sum[r][1];
  }
}

// Scales a row's scores of a piece, puts -infinity where the row sees no key, and returns the peaks by lane.
INLINE wk_vector wk_mask_row(float *scores, int32_t count, float scale, int32_t from, int32_t to, int masked, uint32_t bits,
                             wk_vector peaks) {
  const wk_lanes lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const wk_vector nothing = wk_splat(-__builtin_inff());
  for (int32_t c = 0; c < count; c += 16) {
    wk_vector score = *(wk_vector *)(scores + c) * scale;
    if (masked || from > c || to < c + 16) {
      wk_lanes key = lane + c;
      wk_lanes seen = (key >= from) & (key < to);
      if (masked) seen &= -(((int32_t)(bits >> c) >> lane) & 1);
      score = wk_select(seen, score, nothing);
    }
    *(wk_vector *)(scores + c) = score;
    peaks = wk_select(score > peaks, score, peaks);
  }
  return peaks;
}

// Turns a row of masked scores into weights e^(score - maximum) and folds maximum and sum; the earlier output is rescaled
// where the maximum rose.
INLINE void wk_fold_row(float *scores, size_t padded, wk_vector peaks, float *maximum, float *sum, float *out, size_t width) {
  float peak = wk_max_lanes(peaks);
  if (peak == -__builtin_inff()) {  // the row sees no key of this block, and has seen none yet
    memset(scores, 0, padded * sizeof(float));
    return;
  }
  wk_vector total = {0};
  for (size_t c = 0; c < padded; c += 16) {
    wk_vector weight = wk_exp_lanes(*(wk_vector *)(scores + c) - peak);
    *(wk_vector *)(scores + c) = weight;
    total += weight;
  }
  if (peak > *maximum) {
    if (*maximum != -__builtin_inff()) {
      float shrink = wk_exp(*maximum - peak);
      for (size_t i = 0; i < width; i++) out[i] *= shrink;
      *sum *= shrink;
    }
    *maximum = peak;
  }
  *sum += wk_sum_lanes(total);
}

typedef struct {
  const wk_key_run *run;
  size_t start, count, column;  // keys of the run, and where their scores stand
} wk_piece;

// GROUP rows from r0 on, of which `live` are real. `side`: panels and chunks taken at a time, as many as registers allow.
INLINE void wk_attend_group(int side, const float *const *queries, size_t r0, size_t live, size_t n, float scale,
                            const wk_key_run *runs, const int32_t *first, const int32_t *last, const uint32_t *own,
                            float *scores, float *maxima, float *sums, float *out) {
  size_t chunks = wk_chunks(n), width = chunks * 16;
  wk_piece pieces[PIECES];
  wk_vector peaks[GROUP];
  size_t count_of_pieces = 0, columns = 0;
  for (int r = 0; r < GROUP; r++) peaks[r] = wk_splat(-__builtin_inff());
  for (int run = 0; run < 3; run++) {
    int masked = run == 2;
    int32_t least = INT32_MAX, greatest = 0;
    for (size_t r = r0; r < r0 + live; r++) {
      int32_t from = masked ? 0 : first[2 * r + run], to = masked ? (int32_t)r + 1 : last[2 * r + run];
      if (from < to) {
        least = from < least ? from : least;
        greatest = to > greatest ? to : greatest;
      }
    }
    size_t start = least < greatest ? (size_t)least / 16 * 16 : 0;
    size_t end = least < greatest ? (size_t)greatest : 0;
    int is_last = run == 2;
    while (start < end || (is_last && count_of_pieces > 0)) {
      if (start < end) {  // score one more piece
        size_t room = KEYS - columns;
        size_t count = end - start < room ? end - start : room;
        size_t panels = (count + 15) / 16;
        const float *keys = runs[run].keys + start * n;
        size_t panel = 0;
        for (; panel + 2 <= panels && side == 2; panel += 2)
          wk_score_panels(2, queries, n, keys + panel * n * 16, scores + columns + panel * 16);
        for (; panel < panels; panel++) wk_score_panels(1, queries, n, keys + panel * n * 16, scores + columns + panel * 16);
        for (size_t r = 0; r < GROUP; r++) {
          size_t row = r < live ? r0 + r : r0;  // rows beyond the end repeat the first, and are not read
          int32_t from = masked ? 0 : first[2 * row + run] - (int32_t)start;
          int32_t to = masked ? (int32_t)count : last[2 * row + run] - (int32_t)start;
          to = to < (int32_t)count ? to : (int32_t)count;
          float *piece = scores + r * KEYS + columns;
          peaks[r] = masked ? wk_mask_row(piece, (int32_t)count, scale, from, to, 1, own[row] >> start, peaks[r])
                            : wk_mask_row(piece, (int32_t)count, scale, from, to, 0, 0, peaks[r]);
        }
        pieces[count_of_pieces++] = (wk_piece){&runs[run], start, count, columns};
        columns += panels * 16;
        start += count;
      }
      if (columns == KEYS || (is_last && start >= end)) {  // the block is full, or the last
        for (size_t r = 0; r < GROUP; r++)
          wk_fold_row(scores + r * KEYS, columns, peaks[r], maxima + r, sums + r, out + r * width, width);
        for (size_t p = 0; p < count_of_pieces; p++) {
          const float *weights = scores + pieces[p].column;
          const float *values = pieces[p].run->values + pieces[p].start * 16;
          size_t stride = pieces[p].run->value_stride, chunk = 0;
          for (; chunk + 2 <= chunks && side == 2; chunk += 2)
            wk_weigh_chunks(2, weights, pieces[p].count, values + chunk * stride, stride, out + chunk * 16, width);
          for (; chunk < chunks; chunk++)
            wk_weigh_chunks(1, weights, pieces[p].count, values + chunk * stride, stride, out + chunk * 16, width);
        }
        count_of_pieces = columns = 0;
        // The running maximum bounds the next block's from below.
        for (size_t r = 0; r < GROUP; r++) peaks[r] = wk_splat(maxima[r]);
      }
    }
  }
}

INLINE void wk_attend_rows(int side, const float *queries, size_t query_stride, size_t rows, size_t n, float scale,
                           const wk_key_run *runs, const int32_t *first, const int32_t *last, const uint32_t *own, float *out,
                           size_t out_stride, float *scratch) {
  size_t width = wk_chunks(n) * 16;
  float *scores = scratch;                // [GROUP][KEYS]
  float *sum_out = scores + GROUP * KEYS;  // [GROUP][width]
  for (size_t r0 = 0; r0 < rows; r0 += GROUP) {
    size_t live = rows - r0 < GROUP ? rows - r0 : GROUP;
    const float *group[GROUP];
    float maxima[GROUP], sums[GROUP];
    for (size_t r = 0; r < GROUP; r++) {
      group[r] = queries + (r < live ? r0 + r : r0) * query_stride;
      maxima[r] = -__builtin_inff();
      sums[r] = 0;
    }
    memset(sum_out, 0, GROUP * width * sizeof(float));
    wk_attend_group(side, group, r0, live, n, scale, runs, first, last, own, scores, maxima, sums, sum_out);
    for (size_t r = 0; r < live; r++) {
      float inverse = 1.0f / sums[r];
      for (size_t i = 0; i < n; i++) out[(r0 + r) * out_stride + i] = sum_out[r * width + i] * inverse;
    }
  }
}

WK_WIDE static void wk_attend_wide(const float *queries, size_t query_stride, size_t rows, size_t n, float scale,
                                   const wk_key_run *runs, const int32_t *first, const int32_t *last, const uint32_t *own,
                                   float *out, size_t out_stride, float *scratch) {
  wk_attend_rows(2, queries, query_stride, rows, n, scale, runs, first, last, own, out, out_stride, scratch);
}

WK_CLONES
static void wk_attend_narrow(const float *queries, size_t query_stride, size_t rows, size_t n, float scale,
                             const wk_key_run *runs, const int32_t *first, const int32_t *last, const uint32_t *own,
                             float *out, size_t out_stride, float *scratch) {
  wk_attend_rows(1, queries, query_stride, rows, n, scale, runs, first, last, own, out, out_stride, scratch);
}

void wk_attend(int wide, const float *queries, size_t query_stride, size_t rows, size_t n, float scale, const wk_key_run *runs,
               const int32_t *first, const int32_t *last, const uint32_t *own, float *out, size_t out_stride, float *scratch) {
  (wide ? wk_attend_wide : wk_attend_narrow)(queries, query_stride, rows, n, scale, runs, first, last, own, out, out_stride,
                                             scratch);
}
