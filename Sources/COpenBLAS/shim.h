#ifndef WINNOW_COPENBLAS_SHIM_H
#define WINNOW_COPENBLAS_SHIM_H
#include <cblas.h>
#endif
