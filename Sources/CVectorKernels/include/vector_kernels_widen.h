#ifndef WINNOW_VECTOR_KERNELS_WIDEN_H
#define WINNOW_VECTOR_KERNELS_WIDEN_H

#include <stddef.h>

// How a stored number is written; the source may be unaligned.
enum { WK_FLOAT32, WK_FLOAT16, WK_BFLOAT16 };

// `count` numbers of a type, one behind the other, to float32.
void wk_widen(const void *stored, int type, size_t count, float *target);

// target[d * target_stride + l] = stored[l * lane_stride + d * depth_stride] for l < lanes, d < depth: a slice of a stored
// matrix (with a lane_stride of 1) or of its transpose (with a depth_stride of 1).
void wk_widen_lanes(const void *stored, int type, size_t lanes, size_t depth, size_t lane_stride, size_t depth_stride,
                    float *target, size_t target_stride);

#endif
