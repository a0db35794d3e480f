#!/usr/bin/env python3
"""Takes the pages' screens from the running program, in tmux on a private socket, and puts them in their place.

    swift build -c release && python3 Tests/Captures/capture.py

Each capture stands between `<!-- screen NAME -->` and `<!-- end -->` in one of the pages.
"""

import os
import re
import shutil
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(ROOT, ".build/release/winnow")
PAGES = [os.path.join(ROOT, page) for page in ("README.md", "Sources/Interface/Interface.docc/Workbench.md")]
WIDTH, HEIGHT = 110, 30


def main():
    folder = tempfile.mkdtemp()
    # A short path in the picture, not this machine's.
    os.symlink(os.path.join(ROOT, "sample-data"), os.path.join(folder, "sample-data"))
    socket = os.path.join(folder, "tmux")
    environment = dict(os.environ, HOME=folder, WINNOW_SHARE=ROOT)
    for name in ("CONFIG", "STATE", "CACHE"):
        environment[f"XDG_{name}_HOME"] = os.path.join(folder, name.lower())

    def tmux(*arguments):
        command = ["tmux", "-S", socket, "-f", "/dev/null", *arguments]
        return subprocess.run(command, env=environment, cwd=folder, check=True, capture_output=True, text=True).stdout

    def screen():
        return tmux("capture-pane", "-p")

    def wait(text):
        end = time.monotonic() + 120
        while text not in screen():
            if time.monotonic() > end:
                raise SystemExit(f"waited in vain for {text!r}:\n{screen()}")
            time.sleep(0.05)

    def press(*keys):
        for key in keys:
            tmux("send-keys", key)
            time.sleep(0.15)

    captures = {}
    try:
        start = (
            f"'{PROGRAM}' --pool sample-data/pool.jsonl --target sample-data/target.jsonl --model sample-data/model"
        )
        tmux("new-session", "-d", "-x", str(WIDTH), "-y", str(HEIGHT), start)
        wait("opposites")
        press("2", "Down", "Right", "Up")
        wait("measured")
        captures["setup"] = screen()
        press("r")
        wait("Chose 30 rows")
        press("4")
        wait("stands for")
        time.sleep(8)  # what is said fades
        press("Down")
        time.sleep(0.5)
        captures["inspect"] = screen()
        press("6")
        wait("of variance")
        captures["map"] = screen()
        press("q")
    finally:
        subprocess.run(["tmux", "-S", socket, "kill-server"], capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)

    left = set(captures)
    for path in PAGES:
        with open(path) as file:
            page = file.read()
        for name, text in captures.items():
            lines = "\n".join(line.rstrip() for line in text.rstrip("\n").split("\n"))
            block = f"<!-- screen {name} -->\n```text\n{lines}\n```\n<!-- end -->"
            page, found = re.subn(rf"<!-- screen {name} -->.*?<!-- end -->", lambda _: block, page, flags=re.S)
            if found:
                left.discard(name)
        with open(path, "w") as file:
            file.write(page)
    if left:
        raise SystemExit(f"no page has a place for {sorted(left)}")


main()
