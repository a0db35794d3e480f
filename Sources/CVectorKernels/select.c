#include "vector_kernels_select.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "clones.h"

static inline __attribute__((always_inline)) uint64_t bits_of(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static inline __attribute__((always_inline)) uint64_t clamped_bits(float value, double low, double high, double magic) {
  double v = value;
  v = v > low ? v : low;
  v = v < high ? v : high;
  return bits_of(v + magic);
}

// How far ahead rows are asked for, in elements.
#define PREFETCH 512

// The two signs share one body; `sign` is a constant in each of them.
static inline __attribute__((always_inline)) void sum_clamped4(const float *restrict row0, const float *restrict row1, const float *restrict row2,
                                const float *restrict row3, size_t count, const double low[4], const double high[4],
                                double magic, uint64_t *restrict sums, const int sign) {
  const double l0 = low[0], l1 = low[1], l2 = low[2], l3 = low[3];
  const double h0 = high[0], h1 = high[1], h2 = high[2], h3 = high[3];
  const uint64_t base = bits_of(l0 + magic) + bits_of(l1 + magic) + bits_of(l2 + magic) + bits_of(l3 + magic);
  for (size_t start = 0; start < count; start += 64) {
    // Four streams at once are more than the processor reads ahead well by itself.
    for (size_t line = 0; line < 64; line += 16) {
      __builtin_prefetch(row0 + start + PREFETCH + line);
      __builtin_prefetch(row1 + start + PREFETCH + line);
      __builtin_prefetch(row2 + start + PREFETCH + line);
      __builtin_prefetch(row3 + start + PREFETCH + line);
    }
    const size_t end = count - start < 64 ? count : start + 64;
    for (size_t j = start; j < end; j++) {
      uint64_t sum = clamped_bits(row0[j], l0, h0, magic) + clamped_bits(row1[j], l1, h1, magic) +
                     clamped_bits(row2[j], l2, h2, magic) + clamped_bits(row3[j], l3, h3, magic);
      sums[j] = sign > 0 ? sums[j] + (sum - base) : sums[j] - (sum - base);
    }
  }
}

WK_CLONES
void wk_add_clamped4(const float *row0, const float *row1, const float *row2, const float *row3, size_t count,
                     const double low[4], const double high[4], double magic, uint64_t *sums) {
  sum_clamped4(row0, row1, row2, row3, count, low, high, magic, sums, 1);
}

WK_CLONES
void wk_take_clamped4(const float *row0, const float *row1, const float *row2, const float *row3, size_t count,
                      const double low[4], const double high[4], double magic, uint64_t *sums) {
  sum_clamped4(row0, row1, row2, row3, count, low, high, magic, sums, -1);
}

size_t wk_drain(wk_entry *entries, size_t count, double low, double high, double magic, uint64_t *restrict gains) {
  const uint64_t base = bits_of(low + magic);
  size_t kept = 0;
  for (size_t e = 0; e < count; e++) {
    const wk_entry entry = entries[e];
    double v = entry.value;
    const int above = v > high;
    v = above ? high : v;
    gains[entry.column] -= bits_of(v + magic) - base;
    entries[kept] = entry;
    kept += (size_t)above;
  }
  return kept;
}

size_t wk_add_entries(const wk_entry *restrict entries, size_t count, double low, double high, double magic,
                      uint64_t *restrict gains, wk_entry *restrict kept) {
  const uint64_t base = bits_of(low + magic);
  size_t place = 0;
  for (size_t e = 0; e < count; e++) {
    gains[entries[e].column] += clamped_bits(entries[e].value, low, high, magic) - base;
    kept[place] = entries[e];
    place += entries[e].value > low;
  }
  return place;
}

// A bit for each of 64 flags that are 0 or 1, eight at a time: calls visit with each flag's place.
#define FOR_EACH_FLAG(flags, place, visit)                    \
  for (size_t group = 0; group < 8; group++) {                \
    uint64_t word;                                            \
    memcpy(&word, (flags) + 8 * group, sizeof word);          \
    while (word) {                                            \
      size_t place = 8 * group + (size_t)__builtin_ctzll(word) / 8; \
      visit;                                                  \
      word &= word - 1;                                       \
    }                                                         \
  }

WK_CLONES
size_t wk_count_above(const float *restrict row, size_t count, float threshold) {
  size_t above = 0, j = 0;
  // 32-bit counters keep the lanes as wide as the data.
  while (j < count) {
    const size_t end = count - j > (1u << 30) ? j + (1u << 30) : count;
    uint32_t part = 0;
    for (; j < end; j++) part += row[j] > threshold;
    above += part;
  }
  return above;
}

WK_CLONES
static size_t gather_above_portable(const float *restrict row, size_t count, float threshold, wk_entry *restrict out) {
  size_t found = 0, j = 0;
  for (; j + 64 <= count; j += 64) {
    uint8_t flags[64];
    for (size_t k = 0; k < 64; k++) flags[k] = row[j + k] > threshold;
    FOR_EACH_FLAG(flags, k, {
      out[found].column = (uint32_t)(j + k);
      out[found].value = row[j + k];
      found++;
    })
  }
  for (; j < count; j++) {
    if (row[j] > threshold) {
      out[found].column = (uint32_t)j;
      out[found].value = row[j];
      found++;
    }
  }
  return found;
}

#if defined(__x86_64__)
// Sixteen elements at a time: those above the threshold are moved together, each beside its column.
__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq"))) static size_t gather_above_avx512(
    const float *restrict row, size_t count, float threshold, wk_entry *restrict out) {
  const __m512 bound = _mm512_set1_ps(threshold);
  const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const __m512i high = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  __m512i columns = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  size_t found = 0, j = 0;
  for (; j + 16 <= count; j += 16) {
    const __m512 values = _mm512_loadu_ps(row + j);
    const __mmask16 above = _mm512_cmp_ps_mask(values, bound, _CMP_GT_OQ);
    const __m512i packed_values = _mm512_maskz_compress_epi32(above, _mm512_castps_si512(values));
    const __m512i packed_columns = _mm512_maskz_compress_epi32(above, columns);
    const size_t here = (size_t)__builtin_popcount(above);
    _mm512_storeu_si512(out + found, _mm512_permutex2var_epi32(packed_columns, low, packed_values));
    if (here > 8) _mm512_storeu_si512(out + found + 8, _mm512_permutex2var_epi32(packed_columns, high, packed_values));
    found += here;
    __builtin_prefetch(out + found + 64, 1);
    columns = _mm512_add_epi32(columns, _mm512_set1_epi32(16));
  }
  for (; j < count; j++) {
    if (row[j] > threshold) {
      out[found].column = (uint32_t)j;
      out[found].value = row[j];
      found++;
    }
  }
  return found;
}
#endif

size_t wk_gather_above(const float *row, size_t count, float threshold, wk_entry *out) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
    return gather_above_avx512(row, count, threshold, out);
#endif
  return gather_above_portable(row, count, threshold, out);
}

static inline int32_t code_of(float value, float least, float scale) {
  float t = (value - least) * scale;
  t = t > 0.0f ? t : 0.0f;
  t = t < 254.0f ? t : 254.0f;
  return (int32_t)t;
}

uint8_t wk_code(float value, float least, float scale) { return (uint8_t)code_of(value, least, scale); }

typedef uint8_t bytes16 __attribute__((vector_size(16)));

// 16 × 16 bytes, transposed by four rounds of interleaving the upper half of the rows with the lower.
static inline void transpose16(const uint8_t *source, size_t source_stride, uint8_t *target, size_t target_stride) {
  bytes16 a[16], b[16];
  for (size_t i = 0; i < 16; i++) memcpy(&a[i], source + i * source_stride, 16);
  for (int round = 0; round < 4; round++) {
    for (size_t i = 0; i < 8; i++) {
      b[2 * i] = __builtin_shufflevector(a[i], a[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      b[2 * i + 1] =
          __builtin_shufflevector(a[i], a[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
    memcpy(a, b, sizeof a);
  }
  for (size_t i = 0; i < 16; i++) memcpy(target + i * target_stride, &a[i], 16);
}

WK_CLONES
void wk_encode64(const float *const rows[64], size_t row_count, size_t count, float least, float scale,
                 uint8_t *restrict codes, size_t stride) {
  uint8_t tile[64 * 64];
  memset(tile, 0, sizeof tile);
  for (size_t j = 0; j < count; j += 64) {
    const size_t width = count - j < 64 ? count - j : 64;
    for (size_t r = 0; r < row_count; r++) {
      const float *row = rows[r] + j;
      uint8_t *line = tile + 64 * r;
      if (width == 64) {
        for (size_t k = 0; k < 64; k++) line[k] = (uint8_t)code_of(row[k], least, scale);
      } else {
        for (size_t k = 0; k < width; k++) line[k] = (uint8_t)code_of(row[k], least, scale);
      }
    }
    if (width == 64) {
      for (size_t k = 0; k < 64; k += 16) {
        for (size_t r = 0; r < 64; r += 16) transpose16(tile + 64 * r + k, 64, codes + (j + k) * stride + r, stride);
      }
    } else {
      for (size_t k = 0; k < width; k++) {
        for (size_t r = 0; r < 64; r++) codes[(j + k) * stride + r] = tile[64 * r + k];
      }
    }
  }
}

WK_CLONES
size_t wk_find_at_least(const uint8_t *restrict codes, const uint8_t *restrict floors, size_t count,
                        uint32_t *restrict found) {
  size_t place = 0;
  for (size_t i = 0; i < count; i += 64) {
    uint8_t flags[64];
    for (size_t k = 0; k < 64; k++) flags[k] = codes[i + k] >= floors[i + k];
    FOR_EACH_FLAG(flags, k, found[place++] = (uint32_t)(i + k))
  }
  return place;
}

WK_CLONES
size_t wk_first_maximum(const int64_t *restrict values, size_t count, int64_t *maximum) {
  int64_t best = values[0];
  for (size_t i = 1; i < count; i++) best = values[i] > best ? values[i] : best;
  *maximum = best;
  size_t place = 0;
  while (values[place] != best) place++;
  return place;
}

WK_CLONES
void wk_move_sums(uint64_t *restrict sums, uint64_t *restrict parts, size_t count) {
  for (size_t i = 0; i < count; i++) {
    sums[i] += parts[i];
    parts[i] = 0;
  }
}

// A float's bits as an integer of the same order; its own inverse. Integer minima vectorise where float minima, which
// have NaN to think of, do not.
static inline int32_t ordered(int32_t bits) { return bits ^ ((bits >> 31) & 0x7fffffff); }

static inline float from_ordered(int32_t bits) {
  float value;
  bits = ordered(bits);
  memcpy(&value, &bits, sizeof value);
  return value;
}

WK_CLONES
void wk_survey(const float *restrict x, size_t count, float *least, float *greatest, uint32_t *magnitude_bits) {
  int32_t low = INT32_MAX, high = INT32_MIN, magnitude = 0;
  for (size_t i = 0; i < count; i++) {
    int32_t bits;
    memcpy(&bits, &x[i], sizeof bits);
    const int32_t size = bits & 0x7fffffff;
    magnitude = size > magnitude ? size : magnitude;
    bits = ordered(bits);
    low = bits < low ? bits : low;
    high = bits > high ? bits : high;
  }
  *least = from_ordered(low);
  *greatest = from_ordered(high);
  *magnitude_bits = (uint32_t)magnitude;
}

WK_CLONES
double wk_sum(const float *restrict x, size_t count) {
  WK_REASSOCIATE
  float sum = 0;
  for (size_t i = 0; i < count; i++) sum += x[i];
  return sum;
}

WK_CLONES
void wk_rescale(const float *x, size_t count, float least, float range, float *y) {
  for (size_t i = 0; i < count; i++) y[i] = (x[i] > least ? x[i] - least : 0) / range;
}

WK_CLONES
void wk_raise(const float *restrict row, size_t count, float *restrict best) {
  for (size_t j = 0; j < count; j++) best[j] = row[j] > best[j] ? row[j] : best[j];
}

WK_CLONES
void wk_narrow_double(const void *restrict source, size_t count, float *restrict target) {
  const uint8_t *bytes = source;
  for (size_t i = 0; i < count; i++) {
    double value;
    memcpy(&value, bytes + 8 * i, sizeof value);
    target[i] = (float)value;
  }
}

WK_CLONES
void wk_transpose(const float *restrict source, size_t source_stride, size_t lines, size_t length,
                  float *restrict target, size_t target_stride) {
  for (size_t i = 0; i < length; i++) {
    for (size_t line = 0; line < lines; line++) target[i * target_stride + line] = source[line * source_stride + i];
  }
}
