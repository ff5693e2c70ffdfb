#!/usr/bin/env python3
"""Puts known bugs into a copy of the code, one at a time, and sees whether a test fails.

The bugs are in seeded_bugs.json: each is a list of exact replacements, of which every text must occur exactly once. The
library's own tests run first, then the suite; the first failing test ends it. Exit status: 0 when every bug is killed, 1
when one survives, 2 when one cannot be tried (a text that does not occur once, code that does not compile).

    python3 tests/seeded_bugs.py                 all of them (an hour on a small machine)
    python3 tests/seeded_bugs.py --only NAME...  some of them
    python3 tests/seeded_bugs.py --lib           the library's own tests only
    python3 tests/seeded_bugs.py --list
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time

PROJECT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target")).resolve() / "seeded"
SCRATCH = TARGET / "crate"
NOT_COPIED = ["target", ".git"]
# Long enough for the whole suite on a small machine; a bug that makes tests run for longer is killed by that.
SECONDS = 1800


class CannotTry(Exception):
    """The bug cannot be put in, or the result does not compile."""


def main():
    arguments = read_arguments()
    bugs = json.loads((PROJECT / "tests" / "seeded_bugs.json").read_text(encoding="utf-8"))
    if arguments.list:
        for bug in bugs:
            print(f"{bug['name']:36} {bug['what']}")
        return 0
    unknown = set(arguments.only) - {bug["name"] for bug in bugs}
    if unknown:
        sys.exit(f"error: no such bug: {', '.join(sorted(unknown))}")
    chosen = [bug for bug in bugs if not arguments.only or bug["name"] in arguments.only]
    copy_crate()
    tally = {"killed": 0, "SURVIVED": 0, "ERROR": 0}
    for bug in chosen:
        started = time.monotonic()
        word, why = tried(bug, arguments.lib)
        tally[word] += 1
        print(f"{word:8} {bug['name']:36} {why} ({time.monotonic() - started:.0f} s)", flush=True)
    print(", ".join(f"{count} {word}" for word, count in tally.items()))
    return 2 if tally["ERROR"] else 1 if tally["SURVIVED"] else 0


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="store_true", help="print the bugs and end")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="only these")
    parser.add_argument("--lib", action="store_true", help="run the library's own tests only")
    return parser.parse_args()


def copy_crate():
    """A fresh copy in one place, so that every build is an incremental one."""
    if SCRATCH.exists():
        shutil.rmtree(SCRATCH)
    SCRATCH.mkdir(parents=True)
    for source in PROJECT.iterdir():
        if source.name in NOT_COPIED:
            continue
        if source.is_dir():
            shutil.copytree(source, SCRATCH / source.name, ignore=shutil.ignore_patterns("target", "artifacts"))
        else:
            shutil.copy2(source, SCRATCH / source.name)


def tried(bug, only_lib):
    """What became of one bug: a word, and the first failing test or the reason."""
    originals = {}
    try:
        for edit in bug["edits"]:
            path = SCRATCH / edit["file"]
            text = path.read_text(encoding="utf-8")
            if text.count(edit["from"]) != 1:
                raise CannotTry(f"{edit['file']} has {text.count(edit['from'])} of {edit['from']!r}")
            originals.setdefault(path, text)
            path.write_text(text.replace(edit["from"], edit["to"]), encoding="utf-8")
        for selection in [["--lib"]] if only_lib else [["--lib"], ["--test", "suite"]]:
            failed = first_failure(built(selection))
            if failed:
                return "killed", f"{' '.join(selection)}: {failed}"
        return "SURVIVED", bug["what"]
    except CannotTry as reason:
        return "ERROR", str(reason)
    finally:
        for path, text in originals.items():
            path.write_text(text, encoding="utf-8")


def environment():
    """Builds are many and runs short: no optimisation, no debug information."""
    profiles = {
        f"CARGO_PROFILE_{profile}_{setting}": "0" for profile in ["DEV", "TEST"] for setting in ["OPT_LEVEL", "DEBUG"]
    }
    return {**os.environ, **profiles, "CARGO_TARGET_DIR": str(TARGET / "build"), "CARGO_TERM_COLOR": "never"}


def built(selection):
    """The test binary."""
    command = ["cargo", "test", "--locked", *selection, "--no-run", "--message-format=json"]
    done = subprocess.run(command, cwd=SCRATCH, env=environment(), capture_output=True, text=True, check=False)
    messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode:
        errors = [
            message["message"]["rendered"]
            for message in messages
            if message.get("reason") == "compiler-message" and message["message"]["level"] == "error"
        ]
        raise CannotTry("does not compile: " + (errors[0].strip() if errors else done.stderr.strip()[-300:]))
    binaries = [
        message["executable"]
        for message in messages
        if message.get("reason") == "compiler-artifact"
        and message.get("executable")
        and message["profile"]["test"]
    ]
    if len(binaries) != 1:
        raise CannotTry(f"{len(binaries)} test binaries")
    return binaries[0]


def first_failure(binary):
    """The first test that fails; None when all pass."""
    tests = subprocess.Popen(
        [binary],
        cwd=SCRATCH,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    late = threading.Event()
    timer = threading.Timer(SECONDS, lambda: (late.set(), end(tests)))
    timer.start()
    failed = None
    try:
        for line in tests.stdout:
            if line.startswith("test ") and line.rstrip().endswith("... FAILED"):
                failed = line.split()[1]
                break
    finally:
        timer.cancel()
        if failed:
            end(tests)
        tests.stdout.close()
        status = tests.wait()
    if failed or not status:
        return failed
    return f"no test ends within {SECONDS} s" if late.is_set() else f"the tests end with status {status}"


def end(tests):
    """Ends the test binary and all that it started: they are a group of their own."""
    if tests.poll() is None:
        os.killpg(tests.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
