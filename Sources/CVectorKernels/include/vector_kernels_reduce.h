#ifndef WINNOW_VECTOR_KERNELS_REDUCE_H
#define WINNOW_VECTOR_KERNELS_REDUCE_H

#include <stddef.h>

// Smallest and largest element of x[0..<count]; count > 0. NaN elements are passed over by the comparisons.
void wk_min_max(const float *x, size_t count, float *least, float *greatest);

#endif
