#include <stdint.h>
#include <string.h>

#include "clones.h"
#include "half.h"
#include "vector_kernels_blocks.h"

#pragma STDC FP_CONTRACT OFF

// Layouts: ggml-common.h of ggml; what they stand for: ggml-quants.c, `dequantize_row_…`.

typedef const uint8_t *bytes;

#define INLINE static inline __attribute__((always_inline))

INLINE float wk_scale(bytes at) {
  uint16_t half;
  memcpy(&half, at, sizeof half);
  return wk_half(half);
}

// 32 weights: a scale d, for q4_1 and q5_1 a minimum m, for q5 the fifth bits, and the low four bits of weights i and i + 16 in
// byte i. Weight: d (q - offset) or d q + m.
INLINE void wk_small_block(bytes block, int fifth, int minimum, float *target) {
  float d = wk_scale(block);
  float m = minimum ? wk_scale(block + 2) : 0;
  bytes at = block + (minimum ? 4 : 2);
  uint32_t high = 0;
  if (fifth) {
    memcpy(&high, at, sizeof high);
    at += 4;
  }
  for (int i = 0; i < 16; i++) {
    int low = at[i] & 15, up = at[i] >> 4;
    if (fifth) {
      low |= (int)(high >> i & 1) << 4;
      up |= (int)(high >> (i + 16) & 1) << 4;
    }
    if (minimum) {
      target[i] = d * (float)low + m;
      target[i + 16] = d * (float)up + m;
    } else {
      int offset = fifth ? 16 : 8;
      target[i] = d * (float)(low - offset);
      target[i + 16] = d * (float)(up - offset);
    }
  }
}

INLINE void wk_q8_block(bytes block, float *target) {
  float d = wk_scale(block);
  for (int i = 0; i < 32; i++) target[i] = (float)(int8_t)block[2 + i] * d;
}

// 256 weights in 8 groups of 32, each with a scale and a minimum of 6 bits, packed into 12 bytes. Weight: d s q - m t.
INLINE void wk_k45_block(bytes block, int fifth, float *target) {
  float d = wk_scale(block), m = wk_scale(block + 2);
  bytes packed = block + 4;
  bytes high = block + 16;
  bytes low = block + (fifth ? 48 : 16);
  for (int group = 0; group < 8; group++) {
    int s, t;
    if (group < 4) {
      s = packed[group] & 63;
      t = packed[group + 4] & 63;
    } else {
      s = (packed[group + 4] & 15) | (packed[group - 4] >> 6 << 4);
      t = packed[group + 4] >> 4 | (packed[group] >> 6 << 4);
    }
    float scale = d * (float)s, least = m * (float)t;
    bytes q = low + group / 2 * 32;
    int shift = group % 2 * 4;
    for (int i = 0; i < 32; i++) {
      int weight = q[i] >> shift & 15;
      if (fifth) weight |= (high[i] >> group & 1) << 4;
      target[32 * group + i] = scale * (float)weight - least;
    }
  }
}

// 256 weights in 16 groups of 16, each with a signed scale of 8 bits. Weight: d s (q - 32).
INLINE void wk_q6_block(bytes block, float *target) {
  bytes low = block, high = block + 128, scales = block + 192;
  float d = wk_scale(block + 208);
  for (int group = 0; group < 8; group++) {
    bytes l = low + group / 4 * 64 + group % 2 * 32;
    bytes h = high + group / 4 * 32;
    int shift = group % 4 / 2 * 4;
    for (int half = 0; half < 2; half++) {
      float scale = d * (float)(int8_t)scales[2 * group + half];
      for (int i = 16 * half; i < 16 * half + 16; i++) {
        int weight = (l[i] >> shift & 15) | (h[i] >> (group % 4 * 2) & 3) << 4;
        target[32 * group + i] = scale * (float)(weight - 32);
      }
    }
  }
}

#define EACH(size, weights, call)                                        \
  for (size_t n = 0; n < count; n++) {                                   \
    bytes block = (bytes)blocks + n * (size);                            \
    float *into = target + n * (weights);                                \
    call;                                                                \
  }                                                                      \
  break

WK_CLONES
void wk_widen_blocks(const void *blocks, int type, size_t count, float *target) {
  switch (type) {
    case WK_Q4_0: EACH(18, 32, wk_small_block(block, 0, 0, into));
    case WK_Q4_1: EACH(20, 32, wk_small_block(block, 0, 1, into));
    case WK_Q5_0: EACH(22, 32, wk_small_block(block, 1, 0, into));
    case WK_Q5_1: EACH(24, 32, wk_small_block(block, 1, 1, into));
    case WK_Q8_0: EACH(34, 32, wk_q8_block(block, into));
    case WK_Q4_K: EACH(144, 256, wk_k45_block(block, 0, into));
    case WK_Q5_K: EACH(176, 256, wk_k45_block(block, 1, into));
    case WK_Q6_K: EACH(210, 256, wk_q6_block(block, into));
  }
}

WK_CLONES
size_t wk_first_not_finite(const float *values, size_t count) {
  enum { SPAN = 1024 };
  for (size_t first = 0; first < count; first += SPAN) {
    size_t end = count - first < SPAN ? count : first + SPAN;
    uint32_t found = 0;
    for (size_t i = first; i < end; i++) {
      uint32_t bits;
      memcpy(&bits, values + i, sizeof bits);
      found |= (bits & 0x7f800000u) == 0x7f800000u;
    }
    if (!found) continue;
    for (size_t i = first; i < end; i++) {
      uint32_t bits;
      memcpy(&bits, values + i, sizeof bits);
      if ((bits & 0x7f800000u) == 0x7f800000u) return i;
    }
  }
  return count;
}
