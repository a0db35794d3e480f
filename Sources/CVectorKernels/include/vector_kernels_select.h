#ifndef WINNOW_VECTOR_KERNELS_SELECT_H
#define WINNOW_VECTOR_KERNELS_SELECT_H

#include <stddef.h>
#include <stdint.h>

// Inner loops of greedy selection. Utilities become fixed-point numbers by an addition: for a power of two grid step
// and `magic` = 1.5 * 2^52 * step, the bits of (v + magic) are those of `magic` plus v rounded to a multiple of the
// step, as an integer. Differences of such bits are exact, and integer sums do not depend on their order.

// One entry of a row's list: a candidate, and its utility for the row.
typedef struct {
  uint32_t column;
  float value;
} wk_entry;

// sums[j] += sum over the four rows r of fixed(clamp(row_r[j], low_r, high_r)) - fixed(low_r), for j < count.
// A row may be given twice with low = high: it adds nothing.
void wk_add_clamped4(const float *row0, const float *row1, const float *row2, const float *row3, size_t count,
                     const double low[4], const double high[4], double magic, uint64_t *sums);

// The same with a minus: sums[j] -= ...
void wk_take_clamped4(const float *row0, const float *row1, const float *row2, const float *row3, size_t count,
                      const double low[4], const double high[4], double magic, uint64_t *sums);

// For each entry (all of them above `low`): gains[column] -= fixed(min(value, high)) - fixed(low). Keeps the entries
// above `high`, in their order, at the front; returns how many.
size_t wk_drain(wk_entry *entries, size_t count, double low, double high, double magic, uint64_t *gains);

// For each entry above `low`: gains[column] += fixed(min(value, high)) - fixed(low), and a copy in `kept`, in order;
// returns how many were kept. `kept` must have room for `count`.
size_t wk_add_entries(const wk_entry *entries, size_t count, double low, double high, double magic, uint64_t *gains,
                      wk_entry *kept);

// How many elements of row[0..<count] lie above the threshold.
size_t wk_count_above(const float *row, size_t count, float threshold);

// Writes the entries of row[0..<count] above the threshold, in order, to `out`; returns how many. `out` must have room
// for WK_GATHER_SLACK entries more than that: whole vectors are stored.
#define WK_GATHER_SLACK 16
size_t wk_gather_above(const float *row, size_t count, float threshold, wk_entry *out);

// 8-bit codes of up to 64 rows, transposed: codes[j * stride + r] = code of rows[r][j] for j < count and r < 64;
// rows from row_count on get code 0. code(v) is (v - least) * scale cut off to 0...254: it never falls as v rises.
void wk_encode64(const float *const rows[64], size_t row_count, size_t count, float least, float scale, uint8_t *codes,
                 size_t stride);

// The code of one value, as wk_encode64 computes it.
uint8_t wk_code(float value, float least, float scale);

// Writes each i < count with codes[i] >= floors[i] to `found`, in order; returns how many. count is a multiple of 64.
size_t wk_find_at_least(const uint8_t *codes, const uint8_t *floors, size_t count, uint32_t *found);

// The largest of values[0..<count], and the lowest index that has it; count > 0.
size_t wk_first_maximum(const int64_t *values, size_t count, int64_t *maximum);

// sums[i] += parts[i] and parts[i] = 0.
void wk_move_sums(uint64_t *sums, uint64_t *parts, size_t count);

// Smallest and largest element, and the largest magnitude's bits with the sign removed: at or above 0x7f800000 if an
// element is infinite or NaN. count > 0.
void wk_survey(const float *x, size_t count, float *least, float *greatest, uint32_t *magnitude_bits);

// The sum in float32, in whatever order is fastest: a streaming pass to measure others by.
double wk_sum(const float *x, size_t count);

// y[i] = max(x[i] - least, 0) / range, each operation rounded to float. x and y may be the same.
void wk_rescale(const float *x, size_t count, float least, float range, float *y);

// best[j] = max(best[j], row[j]).
void wk_raise(const float *row, size_t count, float *best);

// float64 elements, at any alignment, as float32.
void wk_narrow_double(const void *source, size_t count, float *target);

// target[i * target_stride + line] = source[line * source_stride + i] for a tile of lines × length elements.
void wk_transpose(const float *source, size_t source_stride, size_t lines, size_t length, float *target,
                  size_t target_stride);

#endif
