#ifndef WINNOW_CCURSES_INTERNAL_H
#define WINNOW_CCURSES_INTERNAL_H

#include <stdbool.h>

// Remembers the terminal's modes and installs the crash guard. Call before ncurses starts.
void cc_guard_arm(void);

// The guard does nothing any more.
void cc_guard_disarm(void);

// Installs the handlers that raise flags; a second call after ncurses' start takes back what it installed.
void cc_signals_catch(void);
void cc_signals_release(void);

// SIGTSTP with its default meaning, and back.
void cc_stop_signal_default(void);
void cc_stop_signal_catch(void);

bool cc_wake_open(void);

#endif
