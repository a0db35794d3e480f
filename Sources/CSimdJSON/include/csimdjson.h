#ifndef WINNOW_CSIMDJSON_H
#define WINNOW_CSIMDJSON_H

#ifdef __cplusplus
extern "C" {
#endif

// The simdjson version that was compiled against, as "major.minor.revision".
const char *csj_version(void);

#ifdef __cplusplus
}
#endif

#endif
