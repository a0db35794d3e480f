#include <math.h>

#include "clones.h"
#include "vector_kernels_transformer.h"

WK_CLONES
void wk_adamw(float *restrict values, const float *restrict gradient, float *restrict first, float *restrict second, size_t n,
              float rate, float beta1, float beta2, float epsilon, float decay, float correction1, float correction2) {
  float shrink = 1.0f - rate * decay, step = rate / correction1, root = 1.0f / sqrtf(correction2);
  for (size_t i = 0; i < n; i++) {
    float g = gradient[i];
    first[i] = beta1 * first[i] + (1.0f - beta1) * g;
    second[i] = beta2 * second[i] + (1.0f - beta2) * g * g;
    values[i] = values[i] * shrink - step * first[i] / (sqrtf(second[i]) * root + epsilon);
  }
}
