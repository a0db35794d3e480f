#ifndef WINNOW_CLONES_H
#define WINNOW_CLONES_H

// One source, several instruction sets: the loader picks the best the machine has (x86-64 ELF only).
#if defined(__x86_64__) && defined(__ELF__)
#define WK_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define WK_CLONES
#endif

// For kernels written for registers of 512 bits: compilers keep to half of them unless told, which costs such loops a factor
// of two. Only to be called where wk_panels_pay() says so.
#if defined(__x86_64__) && defined(__ELF__)
#define WK_WIDE __attribute__((target("arch=x86-64-v4"), min_vector_width(512)))
#else
#define WK_WIDE
#endif

// Sums may be reordered into vector lanes and fused; no other liberty with floating point is taken.
#define WK_REASSOCIATE _Pragma("clang fp reassociate(on) contract(fast)")

#endif
