#ifndef WINNOW_CSIMDJSON_H
#define WINNOW_CSIMDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// simdjson's document interface, as far as readers of samples need it. Nothing here throws or ends the process; no call
// but csj_parse takes memory.

// A parser and the document it read last. For one thread at a time.
typedef struct csj_parser csj_parser;

// A place in a parser's document: good until the parser reads again or is freed.
typedef struct {
  const void *document;
  size_t index;
} csj_value;

// The children of an array or object that are still to come.
typedef struct {
  csj_value next;
  csj_value end;
  bool is_object;
} csj_children;

typedef enum {
  CSJ_NULL,
  CSJ_BOOL,
  CSJ_INTEGER,
  CSJ_UNSIGNED,
  CSJ_DOUBLE,
  CSJ_STRING,
  CSJ_ARRAY,
  CSJ_OBJECT,
} csj_kind;

// Bytes of padding that csj_parse may read (and does not mind the value of) after the text.
size_t csj_padding(void);

// NULL where there is no memory.
csj_parser *csj_parser_new(void);
void csj_parser_free(csj_parser *parser);

// Reads one JSON document, checked in full (UTF-8, escapes, numbers, at most 1024 levels). The text must be followed by
// csj_padding() readable bytes. Gives 0 and the root, or an error code.
int csj_parse(csj_parser *parser, const uint8_t *text, size_t length, csj_value *root);

// What an error code means, in words.
const char *csj_error_message(int code);

csj_kind csj_kind_of(csj_value value);

// The value of the kind that csj_kind_of told; the text of a string is not terminated.
bool csj_bool(csj_value value);
int64_t csj_integer(csj_value value);
uint64_t csj_unsigned(csj_value value);
double csj_double(csj_value value);
const char *csj_string(csj_value value, size_t *length);

// How many fields of an object have this name; the first of them goes to `found`. 0 for what is no object.
size_t csj_find(csj_value object, const char *name, size_t length, csj_value *found);

// The children of an array or object, in order; none for anything else.
csj_children csj_children_of(csj_value value);

// Takes the next child; false at the end. `name` is NULL in an array.
bool csj_next(csj_children *children, csj_value *child, const char **name, size_t *name_length);

#ifdef __cplusplus
}
#endif

#endif
