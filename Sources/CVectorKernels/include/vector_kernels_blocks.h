#ifndef WINNOW_VECTOR_KERNELS_BLOCKS_H
#define WINNOW_VECTOR_KERNELS_BLOCKS_H

#include <stddef.h>

// ggml's blocks of quantised weights, by ggml's own numbers of them. The first five hold 32 weights each, the K kinds 256.
enum {
  WK_Q4_0 = 2,
  WK_Q4_1 = 3,
  WK_Q5_0 = 6,
  WK_Q5_1 = 7,
  WK_Q8_0 = 8,
  WK_Q4_K = 12,
  WK_Q5_K = 13,
  WK_Q6_K = 14
};

// `count` blocks, one behind the other and at any alignment, to float32. Every product and sum is rounded as it is in ggml's
// reference, none fused: the numbers are the same on every machine.
void wk_widen_blocks(const void *blocks, int type, size_t count, float *target);

// The first of `count` numbers that is infinite or not a number; `count` where there is none.
size_t wk_first_not_finite(const float *values, size_t count);

#endif
