#define _GNU_SOURCE 1

#include "internal.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

// When the process crashes, ncurses never gets to give the terminal back. These handlers do, with calls that are allowed in
// a signal handler only, and then hand the signal to whoever had it before (the Swift runtime's backtrace, or the system).

static const int fatal[] = {SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGQUIT, SIGSYS};
enum { FATAL = sizeof fatal / sizeof fatal[0] };

static struct sigaction before[FATAL];
static struct termios modes;
static _Atomic bool armed;
static bool installed;

// Mouse reports off first, that none arrives at the shell; then paste marks, keypad, cursor, colours and synchronised
// output; the alternate screen last, that nothing of this shows on the shell's own.
static const char reset[] = "\033[?1006l\033[?1015l\033[?1003l\033[?1002l\033[?1000l\033[?2004l\033[?1l\033>"
                            "\033[?25h\033[0m\033(B\033[?2026l\033[?1049l";

static void give_back(void) {
  if (!atomic_exchange(&armed, false)) { return; }
  size_t done = 0;
  while (done < sizeof reset - 1) {
    ssize_t count = write(STDOUT_FILENO, reset + done, sizeof reset - 1 - done);
    if (count <= 0) { break; }
    done += (size_t)count;
  }
  tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
}

static void crashed(int number, siginfo_t *info, void *context) {
  (void)context;
  give_back();
  for (size_t i = 0; i < FATAL; i++) {
    if (fatal[i] == number) { sigaction(number, &before[i], NULL); }
  }
  // An instruction that faults does so again on return, now in the old handler's hands and with its registers as they were.
  // What was sent, and a trap instruction that has been passed, must be sent again.
  if (info->si_code <= 0 || number == SIGTRAP) { raise(number); }
}

void cc_guard_arm(void) {
  tcgetattr(STDIN_FILENO, &modes);
  if (!installed) {
    // A stack of its own, should the crash be that the stack is full.
    static char stack[64 * 1024];
    stack_t present;
    if (sigaltstack(NULL, &present) == 0 && (present.ss_flags & SS_DISABLE)) {
      stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
      sigaltstack(&own, NULL);
    }
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = crashed;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < FATAL; i++) { sigaction(fatal[i], &action, &before[i]); }
    installed = true;
  }
  atomic_store(&armed, true);
}

void cc_guard_disarm(void) { atomic_store(&armed, false); }
