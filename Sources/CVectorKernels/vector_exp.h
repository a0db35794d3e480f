#ifndef WINNOW_VECTOR_EXP_H
#define WINNOW_VECTOR_EXP_H

#include <stdint.h>
#include <string.h>

// e^x in float32 without a branch, so that a loop around it vectorises: x = n ln 2 + r with |r| <= ln 2 / 2, a polynomial in r
// (Taylor's to degree 7: remainder below 1e-8), and 2^n put into the exponent bits. Relative error about 1e-7; below -87 the
// result is that of -87 (1.6e-38), above 88 that of 88; NaN stays NaN. Must not be compiled with reassociation: the rounding
// constant is added to be taken off again.
static inline float wk_exp(float x) {
  x = x < -87.0f ? -87.0f : x;
  x = x > 88.0f ? 88.0f : x;
  const float rounding = 12582912.0f;  // 1.5 * 2^23: the sum's low bits are the nearest whole number
  float shifted = x * 1.44269504f + rounding;
  float n = shifted - rounding;
  float r = x - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  int32_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  // Unsigned: the shift must be defined for a NaN's bits too.
  uint32_t power = ((uint32_t)bits - 0x4B400000u + 127u) << 23;
  float scale;
  memcpy(&scale, &power, sizeof scale);
  return p * scale;
}

#endif
