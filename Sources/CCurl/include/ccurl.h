// HTTP requests through libcurl, behind the few calls that are needed.
//
// The library is opened when it is first asked for and not linked: only scoring by an inference server needs it, and it
// brings some twenty other libraries along, which every start of the program would load.

#ifndef CCURL_H
#define CCURL_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A connection that is kept open between requests. For one thread at a time.
typedef struct ccurl_connection ccurl_connection;

typedef struct {
  const char *url;
  /// Lines such as "Accept: application/json".
  const char *const *headers;
  size_t header_count;
  /// Sent with POST; NULL asks with GET.
  const char *body;
  size_t body_length;
  /// Bytes of an answer, at most.
  size_t limit;
  /// Seconds without a byte until it is given up.
  long patience;
  /// Not by way of a proxy that the environment names.
  int direct;
} ccurl_request;

typedef struct {
  /// HTTP status; 0 where there is no answer, and `problem` says why.
  long status;
  /// Seconds after which the server wants to be asked again; 0 where it does not say.
  long retry_after;
  /// To be given to `ccurl_free`.
  char *body;
  size_t body_length;
  char problem[256];
} ccurl_answer;

/// NULL where there is no libcurl on this machine (libcurl.so.4).
ccurl_connection *ccurl_open(void);
void ccurl_close(ccurl_connection *connection);

/// Sends a request and waits for the answer; redirections are not followed. `goes_on` is asked twenty times a second, and
/// ends it by 0.
///
/// Returns 1 if there is an answer, 0 if there is none, -1 if `goes_on` ended it.
int ccurl_send(
  ccurl_connection *connection, const ccurl_request *request, int (*goes_on)(void *), void *context,
  ccurl_answer *answer);

void ccurl_free(ccurl_answer *answer);

#ifdef __cplusplus
}
#endif

#endif
