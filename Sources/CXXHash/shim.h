#ifndef WINNOW_CXXHASH_SHIM_H
#define WINNOW_CXXHASH_SHIM_H
#include <xxhash.h>
#endif
