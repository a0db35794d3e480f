#!/usr/bin/env python3
"""Measures the workbench in a pseudo-terminal: what it does when idle, how fast it answers, what a million rows cost.

    swift build -c release && python3 Tests/Measurements/workbench.py

Prints the table of the page on the workbench. Needs Linux and nothing beyond Python's own library; takes about two minutes, of which the
machine should have nothing else to do but what is measured.
"""

import fcntl
import json
import os
import pty
import random
import select
import shutil
import signal
import statistics
import struct
import subprocess
import tempfile
import termios
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(ROOT, ".build/release/winnow")


class Workbench:
    """The program in a terminal of its own, in a home of its own."""

    def __init__(self, home, *arguments, width=80, height=24):
        environment = dict(os.environ, HOME=home, TERM="xterm-256color", WINNOW_SHARE=ROOT)
        for name in ("CONFIG", "STATE", "CACHE"):
            environment[f"XDG_{name}_HOME"] = os.path.join(home, name.lower())
        for name in ("COLORTERM", "NO_COLOR", "TMUX"):
            environment.pop(name, None)
        self.started = time.monotonic()
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.execve(PROGRAM, [PROGRAM, *arguments], environment)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.seen = bytearray()

    def read(self, seconds):
        """Takes what comes within some time; returns as soon as something has."""
        if select.select([self.terminal], [], [], seconds)[0]:
            self.seen += os.read(self.terminal, 1 << 16)

    def wait(self, text, seconds=120):
        """Seconds from the start of the program until the text has been written."""
        end = time.monotonic() + seconds
        while text.encode() not in self.seen:
            if time.monotonic() > end:
                raise SystemExit(f"waited in vain for {text!r}")
            self.read(0.2)
        return time.monotonic() - self.started

    def settle(self, seconds=1.0):
        """Waits until nothing has come for a while."""
        while select.select([self.terminal], [], [], seconds)[0]:
            self.seen += os.read(self.terminal, 1 << 16)

    def type(self, text):
        os.write(self.terminal, text.encode())

    def switches(self):
        """How often each thread of the program has gone to sleep by itself, by its number."""
        counts = {}
        for thread in os.listdir(f"/proc/{self.process}/task"):
            with open(f"/proc/{self.process}/task/{thread}/status") as status:
                for line in status:
                    if line.startswith("voluntary_ctxt_switches"):
                        counts[int(thread)] = int(line.split()[1])
        return counts

    def memory(self):
        """Bytes in memory, those of mapped files left out."""
        with open(f"/proc/{self.process}/status") as status:
            for line in status:
                if line.startswith("RssAnon"):
                    return int(line.split()[1]) * 1024
        return 0

    def quit(self):
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.terminal)


def answers(workbench, count):
    """Milliseconds from a key to what it brings, over the palette: a key opens it, another closes it."""
    times = []
    for _ in range(count):
        del workbench.seen[:]
        begin = time.monotonic()
        workbench.type(":")
        while b"Actions" not in workbench.seen:
            workbench.read(0.01)
        times.append((time.monotonic() - begin) * 1000)
        workbench.type("\x07")
        time.sleep(0.02 + 0.03 * random.random())
    return sorted(times)


class Table:
    """Prints each row as it is known."""

    def __init__(self):
        print("| what | measured |\n| --- | ---: |", flush=True)

    def append(self, row):
        print(f"| {row[0]} | {row[1]} |", flush=True)


def main():
    random.seed(1)
    folder = tempfile.mkdtemp()
    rows = Table()
    try:
        firsts = []
        for turn in range(7):
            workbench = Workbench(os.path.join(folder, f"start{turn}"))
            firsts.append(workbench.wait("Data") * 1000)
            workbench.quit()
        rows.append(("start to first frame", f"{statistics.median(firsts):.0f} ms (median of {len(firsts)})"))

        workbench = Workbench(os.path.join(folder, "idle"))
        workbench.wait("opposites")
        time.sleep(8)  # notices fade
        workbench.settle()
        before = workbench.switches()
        del workbench.seen[:]
        time.sleep(10)
        workbench.settle(0.1)
        woken = {thread: count - before.get(thread, 0) for thread, count in workbench.switches().items()}
        own = woken.pop(workbench.process)
        rows.append(("wake-ups of the screen's thread in 10 s with nothing running", f"{own}"))
        rows.append(("wake-ups of all other threads (Dispatch looks after its pool once a second)", f"{sum(woken.values())}"))
        workbench.type("k")  # up, on the first row
        workbench.settle()
        rows.append(("bytes written for a key that changes nothing", f"{len(workbench.seen)}"))
        idle = answers(workbench, 100)
        rows.append(("key to screen, idle", f"median {statistics.median(idle):.1f} ms"))
        workbench.quit()

        # A pool that keeps all cores scoring for as long as is measured.
        large = os.path.join(folder, "large.jsonl")
        with open(os.path.join(ROOT, "sample-data/pool.jsonl")) as pool, open(large, "w") as out:
            lines = pool.read().splitlines()
            for turn in range(8):
                for line in lines:
                    row = json.loads(line)
                    row["input"] = f"{row.get('input', '')} {turn}"
                    out.write(json.dumps(row) + "\n")
        workbench = Workbench(os.path.join(folder, "busy"), "--pool", large)
        workbench.wait("rows")
        workbench.settle()
        workbench.type("r")
        workbench.wait("tokens/s")
        workbench.type("1")
        time.sleep(1)
        busy = answers(workbench, 300)
        rows.append(
            (
                f"key to screen while all {os.cpu_count()} cores score",
                f"median {statistics.median(busy):.1f} ms, 99th percentile {busy[int(len(busy) * 0.99)]:.1f} ms",
            )
        )
        workbench.quit()

        million = os.path.join(folder, "million.jsonl")
        words = "alpha beta gamma delta house green water stone light music river paper".split()
        with open(million, "w") as out:
            for row in range(1_000_000):
                said = [" ".join(random.choices(words, k=random.randint(2, 20))) for _ in range(3)]
                out.write(
                    f'{{"id":"r{row}","task":"t{row % 37}","instruction":"{said[0]}","input":"{said[1]}",'
                    f'"output":"{said[2]}"}}\n'
                )
        subprocess.run(["cat", million], stdout=subprocess.DEVNULL, check=True)
        workbench = Workbench(os.path.join(folder, "million"), "--pool", million)
        shown = workbench.wait("instruction/input/output") * 1000
        rows.append(("start to the first rows of 1 000 000", f"{shown:.0f} ms ({os.path.getsize(million) / 1e6:.0f} MB)"))
        workbench.wait("tokens")
        workbench.settle()
        rows.append(("memory with them open, read through", f"{workbench.memory() / 1e6:.0f} MB"))
        scrolled = []
        for key in ["G", "g"] * 20:
            del workbench.seen[:]
            begin = time.monotonic()
            workbench.type(key)
            while b"999" not in workbench.seen if key == "G" else b"1 of" not in workbench.seen and not workbench.seen:
                workbench.read(0.01)
            scrolled.append((time.monotonic() - begin) * 1000)
            workbench.settle(0.05)
        rows.append(("from one end of them to the other", f"median {statistics.median(scrolled):.1f} ms"))
        workbench.quit()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


main()
