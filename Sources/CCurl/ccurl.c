#include "ccurl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What of libcurl's interface is used here; names and numbers as in curl/curl.h, which keeps them for good (version 7.66
// or later).
typedef void CURL;
typedef void CURLM;
struct curl_slist;
typedef struct {
  int msg;
  CURL *easy_handle;
  union {
    void *whatever;
    int result;
  } data;
} CURLMsg;

enum {
  CURLOPT_LOW_SPEED_LIMIT = 19,
  CURLOPT_LOW_SPEED_TIME = 20,
  CURLOPT_POSTFIELDSIZE = 60,
  CURLOPT_CONNECTTIMEOUT = 78,
  CURLOPT_HTTPGET = 80,
  CURLOPT_NOSIGNAL = 99,
  CURLOPT_PROTOCOLS = 181,
  CURLOPT_TCP_KEEPALIVE = 213,
  CURLOPT_WRITEDATA = 10001,
  CURLOPT_URL = 10002,
  CURLOPT_ERRORBUFFER = 10010,
  CURLOPT_POSTFIELDS = 10015,
  CURLOPT_HTTPHEADER = 10023,
  CURLOPT_ACCEPT_ENCODING = 10102,
  CURLOPT_NOPROXY = 10177,
  CURLOPT_WRITEFUNCTION = 20011,
  CURLINFO_RESPONSE_CODE = 0x200002,
  CURLINFO_RETRY_AFTER = 0x600039,
  CURLMSG_DONE = 1,
  CURL_GLOBAL_DEFAULT = 3,
  CURL_ERROR_SIZE = 256,
};
static const long http_and_https = 3;

static struct {
  int (*global_init)(long);
  CURL *(*easy_init)(void);
  void (*easy_cleanup)(CURL *);
  void (*easy_reset)(CURL *);
  int (*easy_setopt)(CURL *, int, ...);
  int (*easy_getinfo)(CURL *, int, ...);
  const char *(*easy_strerror)(int);
  struct curl_slist *(*slist_append)(struct curl_slist *, const char *);
  void (*slist_free_all)(struct curl_slist *);
  CURLM *(*multi_init)(void);
  int (*multi_cleanup)(CURLM *);
  int (*multi_add_handle)(CURLM *, CURL *);
  int (*multi_remove_handle)(CURLM *, CURL *);
  int (*multi_perform)(CURLM *, int *);
  int (*multi_poll)(CURLM *, void *, unsigned, int, int *);
  CURLMsg *(*multi_info_read)(CURLM *, int *);
} curl;
static int is_there;

static void find_library(void) {
  const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl.4.dylib"};
  void *library = NULL;
  for (size_t i = 0; i < sizeof names / sizeof *names && !library; i++) library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
  const struct {
    const char *name;
    void *place;
  } functions[] = {
    {"curl_global_init", &curl.global_init},
    {"curl_easy_init", &curl.easy_init},
    {"curl_easy_cleanup", &curl.easy_cleanup},
    {"curl_easy_reset", &curl.easy_reset},
    {"curl_easy_setopt", &curl.easy_setopt},
    {"curl_easy_getinfo", &curl.easy_getinfo},
    {"curl_easy_strerror", &curl.easy_strerror},
    {"curl_slist_append", &curl.slist_append},
    {"curl_slist_free_all", &curl.slist_free_all},
    {"curl_multi_init", &curl.multi_init},
    {"curl_multi_cleanup", &curl.multi_cleanup},
    {"curl_multi_add_handle", &curl.multi_add_handle},
    {"curl_multi_remove_handle", &curl.multi_remove_handle},
    {"curl_multi_perform", &curl.multi_perform},
    {"curl_multi_poll", &curl.multi_poll},
    {"curl_multi_info_read", &curl.multi_info_read},
  };
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    void *function = dlsym(library, functions[i].name);
    if (!function) return;
    memcpy(functions[i].place, &function, sizeof function);
  }
  is_there = curl.global_init(CURL_GLOBAL_DEFAULT) == 0;
}

struct ccurl_connection {
  CURL *easy;
  CURLM *multi;
};

ccurl_connection *ccurl_open(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, find_library);
  if (!is_there) return NULL;
  ccurl_connection *connection = calloc(1, sizeof *connection);
  if (!connection) return NULL;
  connection->easy = curl.easy_init();
  connection->multi = curl.multi_init();
  if (connection->easy && connection->multi) return connection;
  ccurl_close(connection);
  return NULL;
}

void ccurl_close(ccurl_connection *connection) {
  if (connection->easy) curl.easy_cleanup(connection->easy);
  if (connection->multi) curl.multi_cleanup(connection->multi);
  free(connection);
}

typedef struct {
  ccurl_answer *answer;
  size_t limit, room;
} receiver;

static size_t receive(const char *bytes, size_t size, size_t count, void *context) {
  receiver *to = context;
  ccurl_answer *answer = to->answer;
  size_t length = size * count;
  if (length > to->limit - answer->body_length) {
    snprintf(answer->problem, sizeof answer->problem, "an answer of more than %zu MB", to->limit >> 20);
    return 0;
  }
  if (answer->body_length + length > to->room) {
    size_t room = 2 * (answer->body_length + length) + 4096;
    char *more = realloc(answer->body, room);
    if (!more) return 0;
    answer->body = more;
    to->room = room;
  }
  memcpy(answer->body + answer->body_length, bytes, length);
  answer->body_length += length;
  return length;
}

// Runs the transfer that was added; libcurl's code, or -1 if it was ended.
static int transfer(ccurl_connection *connection, int (*goes_on)(void *), void *context) {
  for (;;) {
    int running = 0;
    if (curl.multi_perform(connection->multi, &running) != 0) return 1;
    int left;
    CURLMsg *message;
    while ((message = curl.multi_info_read(connection->multi, &left)))
      if (message->msg == CURLMSG_DONE) return message->data.result;
    if (!goes_on(context)) return -1;
    if (running && curl.multi_poll(connection->multi, NULL, 0, 50, NULL) != 0) return 1;
  }
}

int ccurl_send(
  ccurl_connection *connection, const ccurl_request *request, int (*goes_on)(void *), void *context,
  ccurl_answer *answer
) {
  memset(answer, 0, sizeof *answer);
  receiver to = {answer, request->limit, 0};
  char reason[CURL_ERROR_SIZE] = "";
  struct curl_slist *headers = NULL;
  for (size_t i = 0; i < request->header_count; i++) headers = curl.slist_append(headers, request->headers[i]);
  // A long body is sent at once, without asking whether it may be.
  headers = curl.slist_append(headers, "Expect:");

  CURL *easy = connection->easy;
  curl.easy_setopt(easy, CURLOPT_URL, request->url);
  curl.easy_setopt(easy, CURLOPT_PROTOCOLS, http_and_https);
  curl.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl.easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl.easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
  curl.easy_setopt(easy, CURLOPT_ERRORBUFFER, reason);
  curl.easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, 30L);
  curl.easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl.easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, request->patience);
  curl.easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive);
  curl.easy_setopt(easy, CURLOPT_WRITEDATA, &to);
  if (request->direct) curl.easy_setopt(easy, CURLOPT_NOPROXY, "*");
  if (request->body) {
    curl.easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
    curl.easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)request->body_length);
  } else {
    curl.easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  }

  int code = 1;
  if (curl.multi_add_handle(connection->multi, easy) == 0) {
    code = transfer(connection, goes_on, context);
    curl.multi_remove_handle(connection->multi, easy);
  }
  curl.easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer->status);
  long long wait = 0;
  if (curl.easy_getinfo(easy, CURLINFO_RETRY_AFTER, &wait) == 0 && wait > 0 && wait < 1 << 20)
    answer->retry_after = (long)wait;
  if (code > 0 && !answer->problem[0])
    snprintf(answer->problem, sizeof answer->problem, "%s", reason[0] ? reason : curl.easy_strerror(code));
  // What it was told to use is gone when this returns; the connection stays open.
  curl.easy_reset(easy);
  curl.slist_free_all(headers);
  if (code == 0 && answer->status > 0) return 1;
  answer->status = 0;
  if (!answer->problem[0]) snprintf(answer->problem, sizeof answer->problem, "no answer of HTTP");
  return code < 0 ? -1 : 0;
}

void ccurl_free(ccurl_answer *answer) {
  free(answer->body);
  answer->body = NULL;
  answer->body_length = 0;
}
