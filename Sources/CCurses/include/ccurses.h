#ifndef WINNOW_CCURSES_H
#define WINNOW_CCURSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// ncursesw in the few verbs that a grid of cells needs, and what must be C around it: signal handlers that only raise
// flags, and a guard that gives the terminal back when the process crashes. ncurses' own names stay behind this header.
// All but cc_wake is for the main thread.

// --- The screen -----------------------------------------------------------------------------------------------------

typedef enum {
  CC_STARTED,
  CC_NOT_A_TERMINAL,   // standard input or output is none
  CC_UNKNOWN_TERMINAL, // $TERM is unset or has no terminfo entry
  CC_SIMPLE_TERMINAL,  // it cannot place its cursor
} cc_start_result;

// Takes the terminal: alternate screen, raw mode, key and (if asked for) mouse reports, bracketed paste. `description` names
// the terminfo entry to use in place of $TERM; where the system has none of that name, $TERM is used after all. NULL for
// none.
cc_start_result cc_start(bool mouse, const char *description);

// Gives the terminal back as it was found. May be called when it was not started.
void cc_stop(void);

// Gives the terminal back, stops the process group as Ctrl-Z does in a cooked terminal, and takes the terminal again once
// the process goes on.
void cc_suspend(void);

// Takes the terminal anew after a stop that came from outside (SIGSTOP), which left it as the shell wanted it.
void cc_resume(void);

// Colours of the terminal (0 for none), as terminfo has it.
int cc_colours(void);

// The terminal's size as the system knows it.
void cc_size(int *width, int *height);

// Tells ncurses of a new size, blanks the screen, and has all of it painted anew on the next flush.
void cc_resize(int width, int height);

enum {
  CC_BOLD = 1,
  CC_DIM = 2,
  CC_ITALIC = 4,
  CC_UNDERLINE = 8,
  CC_REVERSE = 16,
};

// The number of a pair of colours; -1 is the terminal's own.
int cc_pair(int foreground, int background);

// Puts one character cell: a spacing scalar and at most four that combine with it.
void cc_put(int x, int y, const uint32_t *scalars, size_t count, unsigned attributes, int pair);

// Columns that the system's tables give a scalar; -1 if it is not printable.
int cc_scalar_width(uint32_t scalar);

// Where the cursor is shown; a negative place hides it.
void cc_cursor(int x, int y);

// Sends the differences.
void cc_flush(void);

// Sends bytes that ncurses knows nothing of, in order with what it sends.
void cc_send(const char *bytes, size_t count);

// --- Input ----------------------------------------------------------------------------------------------------------

typedef enum {
  CC_INPUT_NONE, // nothing is left
  CC_INPUT_SCALAR,
  CC_INPUT_KEY,
  CC_INPUT_MOUSE,
  CC_INPUT_IGNORED,
} cc_input_kind;

typedef enum {
  CC_KEY_UP,
  CC_KEY_DOWN,
  CC_KEY_LEFT,
  CC_KEY_RIGHT,
  CC_KEY_HOME,
  CC_KEY_END,
  CC_KEY_PAGE_UP,
  CC_KEY_PAGE_DOWN,
  CC_KEY_INSERT,
  CC_KEY_DELETE,
  CC_KEY_BACKSPACE,
  CC_KEY_ENTER,
  CC_KEY_BACK_TAB,
  CC_KEY_FUNCTION, // value: which
  CC_KEY_PASTE_BEGIN,
  CC_KEY_PASTE_END,
} cc_key;

typedef enum { CC_MOUSE_PRESS, CC_MOUSE_RELEASE, CC_MOUSE_WHEEL_UP, CC_MOUSE_WHEEL_DOWN } cc_mouse_action;

typedef struct {
  cc_input_kind kind;
  uint32_t value; // the scalar, or the function key's number
  cc_key key;
  cc_mouse_action action;
  int x, y;
} cc_input;

// The next piece of input that has come; never waits.
cc_input cc_read(void);

enum {
  CC_WAIT_INPUT = 1,
  CC_WAIT_WOKEN = 2,
  CC_WAIT_GONE = 4, // the terminal is no more
};

// Sleeps until there is input, cc_wake is called, a signal comes or the time is over (nanoseconds; negative: no end).
unsigned cc_wait(int64_t nanoseconds);

// Ends cc_wait, now or when it is next called. From any thread, and from signal handlers.
void cc_wake(void);

// --- Signals --------------------------------------------------------------------------------------------------------

enum {
  CC_SIGNAL_WINDOW = 1,
  CC_SIGNAL_CONTINUE = 2,
  CC_SIGNAL_STOP = 4,
  CC_SIGNAL_TERMINATE = 8,
  CC_SIGNAL_HANG_UP = 16,
  CC_SIGNAL_INTERRUPT = 32,
};

// Which signals came since the last call.
unsigned cc_signals(void);

// Ends the process by a signal, as if it had not been caught.
_Noreturn void cc_die_of(int signal);

#endif
