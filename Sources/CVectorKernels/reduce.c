#include "clones.h"
#include "vector_kernels_reduce.h"

WK_CLONES
void wk_min_max(const float *restrict x, size_t count, float *least, float *greatest) {
  float low = x[0], high = x[0];
  for (size_t i = 1; i < count; i++) {
    low = x[i] < low ? x[i] : low;
    high = x[i] > high ? x[i] : high;
  }
  *least = low;
  *greatest = high;
}
