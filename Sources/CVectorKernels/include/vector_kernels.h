#ifndef WINNOW_VECTOR_KERNELS_H
#define WINNOW_VECTOR_KERNELS_H

// The inner loops that Swift does not vectorise, compiled for several instruction sets and chosen when the
// program starts. Every function here is pure arithmetic on caller-owned memory: no allocation, no state.

#include "vector_kernels_select.h"
#include "vector_kernels_influence.h"
#include "vector_kernels_transformer.h"
#include "vector_kernels_widen.h"
#include "vector_kernels_blocks.h"

#endif
