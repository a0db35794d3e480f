#include <stdint.h>
#include <string.h>

#include "clones.h"
#include "half.h"
#include "vector_kernels_widen.h"

enum { TILE = 16 };

static inline __attribute__((always_inline)) float wk_widened(const char *stored, int type, size_t place) {
  float value;
  if (type == WK_FLOAT32) {
    memcpy(&value, stored + 4 * place, sizeof value);
    return value;
  }
  uint16_t half;
  memcpy(&half, stored + 2 * place, sizeof half);
  if (type == WK_FLOAT16) return wk_half(half);
  uint32_t bits = (uint32_t)half << 16;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline __attribute__((always_inline)) void wk_run(const char *stored, int type, size_t count, float *target) {
  for (size_t i = 0; i < count; i++) target[i] = wk_widened(stored, type, i);
}

WK_CLONES
void wk_widen(const void *stored, int type, size_t count, float *target) {
  if (type == WK_FLOAT32)
    memcpy(target, stored, count * sizeof(float));
  else if (type == WK_FLOAT16)
    wk_run(stored, WK_FLOAT16, count, target);
  else
    wk_run(stored, WK_BFLOAT16, count, target);
}

static inline __attribute__((always_inline)) void wk_lanes(const char *stored, int type, size_t lanes, size_t depth,
                                                           size_t lane_stride, size_t depth_stride, float *target,
                                                           size_t target_stride) {
  size_t width = type == WK_FLOAT32 ? 4 : 2;
  if (lane_stride == 1) {
    for (size_t d = 0; d < depth; d++)
      wk_run(stored + d * depth_stride * width, type, lanes, target + d * target_stride);
    return;
  }
  // A transpose, in tiles whose lines all stay in the first-level cache.
  for (size_t first = 0; first < depth; first += TILE) {
    size_t count = depth - first < TILE ? depth - first : TILE;
    for (size_t l = 0; l < lanes; l++) {
      float values[TILE];
      for (size_t d = 0; d < count; d++)
        values[d] = wk_widened(stored, type, l * lane_stride + (first + d) * depth_stride);
      for (size_t d = 0; d < count; d++) target[(first + d) * target_stride + l] = values[d];
    }
  }
}

WK_CLONES
void wk_widen_lanes(const void *stored, int type, size_t lanes, size_t depth, size_t lane_stride, size_t depth_stride,
                    float *target, size_t target_stride) {
  if (type == WK_FLOAT32)
    wk_lanes(stored, WK_FLOAT32, lanes, depth, lane_stride, depth_stride, target, target_stride);
  else if (type == WK_FLOAT16)
    wk_lanes(stored, WK_FLOAT16, lanes, depth, lane_stride, depth_stride, target, target_stride);
  else
    wk_lanes(stored, WK_BFLOAT16, lanes, depth, lane_stride, depth_stride, target, target_stride);
}
