#define _GNU_SOURCE 1
#define NCURSES_WIDECHAR 1

#include "ccurses.h"
#include "internal.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <ncurses.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

enum {
  // Milliseconds that an Escape waits for the rest of a key's sequence.
  ESCAPE_DELAY = 25,
  // Codes for the marks of a bracketed paste and of a mouse report, above those of ncurses.
  PASTE_BEGIN = KEY_MAX + 1,
  PASTE_END,
  MOUSE_BEGIN,
  LONGEST_REPORT = 24,
};

// Mouse reports are asked for and read here: ncurses drops a press whose release comes in the same read, as it does over a
// slow line.
static const char mouse_on[] = "\033[?1000h\033[?1006h";
static const char mouse_off[] = "\033[?1006l\033[?1000l";
static const char paste_on[] = "\033[?2004h";
static const char paste_off[] = "\033[?2004l";

static bool is_started;
// Input is read through a pad: reading from a window would flush that window first.
static WINDOW *input;
static bool has_cursor;
static bool wants_mouse;
// The mouse report that is being read, "button;column;row" so far; negative where none is.
static char report[LONGEST_REPORT];
static int report_length = -1;

// Reports that only make sense while the screen is ours.
static void reports_on(void) {
  if (wants_mouse) { cc_send(mouse_on, sizeof mouse_on - 1); }
  cc_send(paste_on, sizeof paste_on - 1);
}

static void reports_off(void) {
  if (wants_mouse) { cc_send(mouse_off, sizeof mouse_off - 1); }
  cc_send(paste_off, sizeof paste_off - 1);
}

static void use_utf8(void) {
  setlocale(LC_CTYPE, "");
  if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0) { setlocale(LC_CTYPE, "C.UTF-8"); }
}

cc_start_result cc_start(bool mouse, const char *description) {
  if (is_started) { return CC_STARTED; }
  if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) { return CC_NOT_A_TERMINAL; }
  const char *name = getenv("TERM");
  if (name == NULL || *name == 0) { return CC_UNKNOWN_TERMINAL; }
  int found = 0;
  if (description != NULL && setupterm(description, STDOUT_FILENO, &found) == OK) {
    del_curterm(cur_term);
  } else {
    description = NULL;
  }
  if (setupterm(name, STDOUT_FILENO, &found) != OK) {
    // Of the kinds that setupterm refuses, "generic" ones like dumb are known but of no use.
    return found == 1 ? CC_SIMPLE_TERMINAL : CC_UNKNOWN_TERMINAL;
  }
  const char *place = tigetstr("cup");
  bool is_simple = place == NULL || place == (const char *)-1;
  del_curterm(cur_term);
  if (is_simple) { return CC_SIMPLE_TERMINAL; }

  use_utf8();
  cc_guard_arm();
  cc_signals_catch();
  if (!cc_wake_open()) {
    cc_signals_release();
    cc_guard_disarm();
    return CC_UNKNOWN_TERMINAL;
  }
  set_escdelay(ESCAPE_DELAY);
  SCREEN *screen = newterm(description, stdout, stdin);
  input = screen != NULL ? newpad(1, 1) : NULL;
  if (input == NULL) {
    cc_signals_release();
    cc_guard_disarm();
    return CC_UNKNOWN_TERMINAL;
  }
  // ncurses has put its own handlers on some of these.
  cc_signals_catch();
  raw();
  noecho();
  nonl();
  curs_set(0);
  leaveok(stdscr, TRUE);
  scrollok(stdscr, FALSE);
  keypad(input, TRUE);
  nodelay(input, TRUE);
  if (has_colors()) {
    start_color();
    use_default_colors();
  }
  define_key("\033[200~", PASTE_BEGIN);
  define_key("\033[201~", PASTE_END);
  define_key("\033[<", MOUSE_BEGIN);
  wants_mouse = mouse;
  reports_on();
  is_started = true;
  int width, height;
  cc_size(&width, &height);
  cc_resize(width, height);
  return CC_STARTED;
}

// ncurses' endwin shows the cursor and leaves the alternate screen.
static void leave(void) {
  reports_off();
  endwin();
}

// The first refresh after endwin takes the terminal again, and paints what was there.
static void enter(void) {
  clearok(curscr, TRUE);
  wrefresh(stdscr);
  if (!has_cursor) { curs_set(0); }
  reports_on();
}

void cc_stop(void) {
  if (!is_started) { return; }
  leave();
  cc_guard_disarm();
  cc_signals_release();
  is_started = false;
}

void cc_suspend(void) {
  if (!is_started) { return; }
  leave();
  cc_stop_signal_default();
  kill(0, SIGTSTP);
  // The process stops here, unless no shell could ever continue it: then the signal has no effect.
  cc_stop_signal_catch();
  enter();
}

void cc_resume(void) {
  if (!is_started) { return; }
  reset_prog_mode();
  endwin();
  enter();
}

int cc_colours(void) { return has_colors() ? COLORS : 0; }

void cc_size(int *width, int *height) {
  struct winsize size = {0};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
    *width = size.ws_col;
    *height = size.ws_row;
  } else {
    *width = COLS > 0 ? COLS : 80;
    *height = LINES > 0 ? LINES : 24;
  }
}

void cc_resize(int width, int height) {
  if (width != COLS || height != LINES) { resizeterm(height, width); }
  // What a terminal does with its content when its size changes is its own affair.
  werase(stdscr);
  clearok(curscr, TRUE);
}

int cc_pair(int foreground, int background) {
  if (!has_colors() || (foreground < 0 && background < 0)) { return 0; }
  int pair = alloc_pair(foreground, background);
  return pair < 0 ? 0 : pair;
}

void cc_put(int x, int y, const uint32_t *scalars, size_t count, unsigned attributes, int pair) {
  wchar_t text[CCHARW_MAX + 1] = {0};
  for (size_t i = 0; i < count && i < CCHARW_MAX; i++) { text[i] = (wchar_t)scalars[i]; }
  attr_t attribute = A_NORMAL;
  if (attributes & CC_BOLD) { attribute |= A_BOLD; }
  if (attributes & CC_DIM) { attribute |= A_DIM; }
  if (attributes & CC_ITALIC) { attribute |= A_ITALIC; }
  if (attributes & CC_UNDERLINE) { attribute |= A_UNDERLINE; }
  if (attributes & CC_REVERSE) { attribute |= A_REVERSE; }
  cchar_t cell;
  if (setcchar(&cell, text, attribute, 0, &pair) == OK) { mvwadd_wch(stdscr, y, x, &cell); }
}

int cc_scalar_width(uint32_t scalar) { return wcwidth((wchar_t)scalar); }

void cc_cursor(int x, int y) {
  bool is_shown = x >= 0 && y >= 0;
  if (is_shown != has_cursor) {
    has_cursor = is_shown;
    curs_set(is_shown ? 1 : 0);
    leaveok(stdscr, !is_shown);
  }
  if (is_shown) { wmove(stdscr, y, x); }
}

void cc_flush(void) { wrefresh(stdscr); }

void cc_send(const char *bytes, size_t count) {
  // putp would take the text for a template with padding; ncurses' own buffer is empty between flushes.
  while (count > 0) {
    ssize_t sent = write(STDOUT_FILENO, bytes, count);
    if (sent < 0 && errno == EINTR) { continue; }
    if (sent <= 0) { return; }
    bytes += sent;
    count -= (size_t)sent;
  }
}

static cc_input key(cc_key key) { return (cc_input){.kind = CC_INPUT_KEY, .key = key}; }

// A whole report, in the form of xterm's mode 1006.
static cc_input mouse(bool is_release) {
  cc_input result = {.kind = CC_INPUT_IGNORED};
  int button, column, row;
  if (sscanf(report, "%9d;%9d;%9d", &button, &column, &row) != 3 || column < 1 || row < 1) { return result; }
  result.x = column - 1;
  result.y = row - 1;
  // Bits 2 to 4 are Shift, Alt and Control.
  switch (button & ~28) {
  case 0: result.action = is_release ? CC_MOUSE_RELEASE : CC_MOUSE_PRESS; break;
  case 64: result.action = CC_MOUSE_WHEEL_UP; break;
  case 65: result.action = CC_MOUSE_WHEEL_DOWN; break;
  default: return result;
  }
  result.kind = CC_INPUT_MOUSE;
  return result;
}

// Takes one more character of a report.
static cc_input report_next(wint_t code) {
  if ((code >= '0' && code <= '9') || code == ';') {
    if (report_length < LONGEST_REPORT - 1) {
      report[report_length++] = (char)code;
      report[report_length] = 0;
    }
    return (cc_input){.kind = CC_INPUT_IGNORED};
  }
  report_length = -1;
  return code == 'M' || code == 'm' ? mouse(code == 'm') : (cc_input){.kind = CC_INPUT_IGNORED};
}

cc_input cc_read(void) {
  wint_t code = 0;
  int status = wget_wch(input, &code);
  if (status == ERR) { return (cc_input){.kind = CC_INPUT_NONE}; }
  if (status == OK && report_length >= 0) { return report_next(code); }
  report_length = -1;
  if (status == OK) { return (cc_input){.kind = CC_INPUT_SCALAR, .value = (uint32_t)code}; }
  if (code >= KEY_F(1) && code <= KEY_F(63)) {
    cc_input result = key(CC_KEY_FUNCTION);
    result.value = (uint32_t)(code - KEY_F0);
    return result;
  }
  switch (code) {
  case KEY_UP: return key(CC_KEY_UP);
  case KEY_DOWN: return key(CC_KEY_DOWN);
  case KEY_LEFT: return key(CC_KEY_LEFT);
  case KEY_RIGHT: return key(CC_KEY_RIGHT);
  case KEY_HOME: case KEY_A1: return key(CC_KEY_HOME);
  case KEY_END: case KEY_C1: return key(CC_KEY_END);
  case KEY_PPAGE: case KEY_A3: return key(CC_KEY_PAGE_UP);
  case KEY_NPAGE: case KEY_C3: return key(CC_KEY_PAGE_DOWN);
  case KEY_IC: return key(CC_KEY_INSERT);
  case KEY_DC: return key(CC_KEY_DELETE);
  case KEY_BACKSPACE: return key(CC_KEY_BACKSPACE);
  case KEY_ENTER: return key(CC_KEY_ENTER);
  case KEY_BTAB: return key(CC_KEY_BACK_TAB);
  case MOUSE_BEGIN:
    report_length = 0;
    report[0] = 0;
    return (cc_input){.kind = CC_INPUT_IGNORED};
  case PASTE_BEGIN: return key(CC_KEY_PASTE_BEGIN);
  case PASTE_END: return key(CC_KEY_PASTE_END);
  default: return (cc_input){.kind = CC_INPUT_IGNORED};
  }
}
