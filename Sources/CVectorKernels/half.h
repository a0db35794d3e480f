#ifndef WINNOW_HALF_H
#define WINNOW_HALF_H

#include <stdint.h>
#include <string.h>

// A float16 as float32, exactly. Exponent and mantissa go to their float32 places. The exponent is rebased by a multiplication,
// which makes subnormal numbers normal; infinities and NaN get the largest exponent.
static inline __attribute__((always_inline)) float wk_half(uint16_t half) {
  uint32_t bits = (uint32_t)(half & 0x7fff) << 13;
  float value;
  memcpy(&value, &bits, sizeof value);
  value *= 0x1p112f;
  memcpy(&bits, &value, sizeof bits);
  bits |= (half & 0x7c00) == 0x7c00 ? 0x7f800000u : 0u;
  bits |= (uint32_t)(half & 0x8000) << 16;
  memcpy(&value, &bits, sizeof value);
  return value;
}

#endif
