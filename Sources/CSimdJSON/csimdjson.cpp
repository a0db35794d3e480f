#include "csimdjson.h"

#include <simdjson.h>

#define CSJ_TEXT(x) #x
#define CSJ_STRING(x) CSJ_TEXT(x)

const char *csj_version(void) { return CSJ_STRING(SIMDJSON_VERSION); }
