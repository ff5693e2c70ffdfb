#!/usr/bin/env python3
"""What keyaki does on a terminal and not elsewhere: progress, colours, links, width. Runs it on a pseudo-terminal.

    tests/glue/terminal.py [KEYAKI]        default: target/debug/keyaki
"""
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEYAKI = str(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/debug/keyaki").resolve())
SHOP = ["check", "fixtures/webshop/plan.json", "--standards", "fixtures/webshop/keyaki.yaml", "--source", "fixtures/webshop", "--no-progress"]


def on_terminal(arguments, columns=100, environment=None, stdout_is_terminal=True):
    """What is written to a terminal of that width. Standard output may be a pipe instead: then both are told apart."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    plain = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "CI", "VTE_VERSION", "TERM_PROGRAM", "FORCE_HYPERLINK", "COLUMNS")}
    settings = {**plain, "TERM": "xterm-256color", **(environment or {})}
    out = theirs if stdout_is_terminal else subprocess.PIPE
    child = subprocess.Popen([KEYAKI, *arguments], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=theirs, env=settings)
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 1 << 16)
        except OSError:
            break
        if not part:
            break
        seen += part
    piped = child.stdout.read().decode() if child.stdout else ""
    return child.wait(), seen.decode().replace("\r\n", "\n"), piped


def visible(text):
    text = re.sub(r"\x1b\]8;;.*?\x1b\\", "", text)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def check(name, holds, shown=""):
    if not holds:
        sys.exit(f"error: {name}\n{shown}")
    print("ok:", name)


def main():
    status, colored, _ = on_terminal(SHOP)
    check("the exit status is that of the findings", status == 1, colored)
    check("a terminal has colours", "\x1b[31m" in colored)
    status, shown, _ = on_terminal(SHOP, environment={"NO_COLOR": "1", "FORCE_HYPERLINK": "1"})
    check("NO_COLOR: no colours and no links", "\x1b[3" not in shown and "\x1b]8" not in shown, shown)
    _, shown, _ = on_terminal([*SHOP, "--color", "never"])
    check("--color never", "\x1b[3" not in shown, shown)

    _, linked, _ = on_terminal([*SHOP, "--format", "full"], environment={"VTE_VERSION": "6800"})
    check("links where the terminal shows them", f"\x1b]8;;file://{ROOT}/fixtures/webshop/storage.tf" in linked, linked)
    check("links are closed", linked.count("\x1b]8;;\x1b\\") * 2 == linked.count("\x1b]8;;"))
    _, unlinked, _ = on_terminal([*SHOP, "--format", "full"])
    check("no links where it does not", "\x1b]8" not in unlinked)
    check("links change nothing else", visible(linked) == visible(unlinked))

    widths = {}
    for columns in (60, 100, 200):
        _, shown, _ = on_terminal(SHOP, columns)
        table = visible(shown).split("\n\n")[0].splitlines()
        widths[columns] = max(len(line) for line in table if line.startswith(" "))
        check(f"the table fits {columns} columns", widths[columns] <= columns, shown)
    check("a wide terminal is used", widths[60] < widths[100] < widths[200], widths)

    # A scan that takes long enough for progress to be drawn.
    scan = ["check", "fixtures", "--standards", "fixtures/webshop/keyaki.yaml", "--exit-zero"]
    _, shown, piped = on_terminal(scan, stdout_is_terminal=False)
    drawn = "\x1b[" in shown or "\r" in shown
    check("progress is drawn on a terminal", drawn, repr(shown))
    check("and not into the report", "\x1b" not in piped and "\r" not in piped)
    check("and is gone at the end", "\x1b[2K" in shown.replace("\x1b[K", "\x1b[2K") or shown.endswith("\r"), repr(shown[-200:]))
    for option in (["--no-progress"], ["-q"]):
        _, shown, _ = on_terminal([*scan, *option], stdout_is_terminal=False)
        check(f"{option[0]}: no progress", "\x1b" not in shown and "\r" not in shown, repr(shown))
    done = subprocess.run([KEYAKI, *scan], cwd=ROOT, capture_output=True, text=True)
    check("no progress in a pipe", "\x1b" not in done.stderr and "\r" not in done.stderr, done.stderr)
    _, shown, _ = on_terminal([*SHOP, "-q"])
    check("-q: nothing but the table and the totals", visible(shown).rstrip().splitlines()[-1].startswith("policies: ") and "note:" not in shown, shown)


main()
