#define _GNU_SOURCE 1

#include "ccurses.h"
#include "internal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

// Handlers raise a flag and wake the main thread; all else happens there. They work on whatever thread the system picks.

static const struct {
  int number;
  unsigned flag;
} caught[] = {
    {SIGWINCH, CC_SIGNAL_WINDOW},     {SIGCONT, CC_SIGNAL_CONTINUE}, {SIGTSTP, CC_SIGNAL_STOP},
    {SIGTERM, CC_SIGNAL_TERMINATE},   {SIGHUP, CC_SIGNAL_HANG_UP},   {SIGINT, CC_SIGNAL_INTERRUPT},
};
enum { CAUGHT = sizeof caught / sizeof caught[0] };

static struct sigaction before[CAUGHT];
static bool is_caught;
static _Atomic unsigned pending;
static _Atomic int wake = -1;

bool cc_wake_open(void) {
  if (atomic_load(&wake) >= 0) { return true; }
  int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (descriptor < 0) { return false; }
  atomic_store(&wake, descriptor);
  return true;
}

void cc_wake(void) {
  int descriptor = atomic_load(&wake);
  if (descriptor < 0) { return; }
  int saved = errno;
  uint64_t one = 1;
  // It can only fail by being full, and then the sleeper will wake anyway.
  ssize_t ignored = write(descriptor, &one, sizeof one);
  (void)ignored;
  errno = saved;
}

static void note(int number) {
  for (size_t i = 0; i < CAUGHT; i++) {
    if (caught[i].number == number) { atomic_fetch_or(&pending, caught[i].flag); }
  }
  cc_wake();
}

static void catch_one(size_t i, struct sigaction *old) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = note;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(caught[i].number, &action, old);
}

void cc_signals_catch(void) {
  for (size_t i = 0; i < CAUGHT; i++) {
    // What the starter wants ignored (nohup) stays ignored.
    struct sigaction present;
    if (!is_caught && sigaction(caught[i].number, NULL, &present) == 0 && present.sa_handler == SIG_IGN
        && caught[i].number != SIGWINCH && caught[i].number != SIGCONT) {
      before[i] = present;
      continue;
    }
    if (is_caught && before[i].sa_handler == SIG_IGN && caught[i].number != SIGWINCH && caught[i].number != SIGCONT) {
      continue;
    }
    catch_one(i, is_caught ? NULL : &before[i]);
  }
  is_caught = true;
}

void cc_signals_release(void) {
  if (!is_caught) { return; }
  for (size_t i = 0; i < CAUGHT; i++) { sigaction(caught[i].number, &before[i], NULL); }
  is_caught = false;
}

void cc_stop_signal_default(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = SIG_DFL;
  sigemptyset(&action.sa_mask);
  sigaction(SIGTSTP, &action, NULL);
}

void cc_stop_signal_catch(void) {
  for (size_t i = 0; i < CAUGHT; i++) {
    if (caught[i].number == SIGTSTP && before[i].sa_handler != SIG_IGN) { catch_one(i, NULL); }
  }
}

unsigned cc_signals(void) { return atomic_exchange(&pending, 0); }

unsigned cc_wait(int64_t nanoseconds) {
  struct pollfd watched[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = atomic_load(&wake), .events = POLLIN}};
  struct timespec limit = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
  // A signal that comes just before the call is not lost: its handler made the event descriptor readable.
  int count = ppoll(watched, 2, nanoseconds < 0 ? NULL : &limit, NULL);
  unsigned result = 0;
  if (count > 0) {
    if (watched[0].revents & POLLIN) { result |= CC_WAIT_INPUT; }
    if (watched[0].revents & (POLLHUP | POLLERR | POLLNVAL)) { result |= CC_WAIT_GONE; }
    if (watched[1].revents & POLLIN) {
      uint64_t ignored;
      ssize_t length = read(watched[1].fd, &ignored, sizeof ignored);
      (void)length;
      result |= CC_WAIT_WOKEN;
    }
  }
  return result;
}

_Noreturn void cc_die_of(int number) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = SIG_DFL;
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, NULL);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, number);
  pthread_sigmask(SIG_UNBLOCK, &only, NULL);
  raise(number);
  // A signal that does not end a process by default, or one that is ignored from outside.
  _exit(128 + number);
}
