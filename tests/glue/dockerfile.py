#!/usr/bin/env python3
"""Runs the steps of .github/Dockerfile without Docker: the stage `build` in a clean folder with the tools of this machine,
the last stage in a fresh Debian made with debootstrap, its ENTRYPOINT as its USER. Needs root, apt-get and debootstrap;
everything is written below target/."""
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "target/glue/docker"


def instructions(text):
    text = re.sub(r"\\\n", " ", text)
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            yield word.upper(), rest.strip()


def stages(text):
    for word, rest in instructions(text):
        if word == "FROM":
            image, _, name = rest.partition(" AS ")
            yield image, name, (steps := [])
        else:
            steps.append((word, rest))


def run(command, **more):
    print("+", command if isinstance(command, str) else " ".join(map(str, command)), flush=True)
    return subprocess.run(command, shell=isinstance(command, str), check=True, **more)


def copy(sources, target, is_folder):
    for source in sources:
        into = target / source.name if is_folder and not source.is_dir() else target
        into.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, into)


def inside(root, path):
    return root / str(path).lstrip("/")


def main():
    if shutil.which("debootstrap") is None or os.geteuid() != 0:
        print("skipped: debootstrap is not there, or this is not root")
        return
    (_, name, build), (base, _, last) = stages((ROOT / ".github/Dockerfile").read_text())
    assert name == "build" and base == "debian:bookworm-slim", (name, base)
    shutil.rmtree(WORK, ignore_errors=True)
    context, stage, image = WORK / "context", WORK / "stage", WORK / "image"
    context.mkdir(parents=True)
    # The context is what a clone has, not what lies about here.
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    listed = WORK / "listed"
    listed.write_bytes(files)
    run(f"tar -C '{ROOT}' --null -T '{listed}' -cf - | tar -C '{context}' -xf -")

    folder = stage
    environment = {**os.environ, "CARGO_TARGET_DIR": ""}
    del environment["CARGO_TARGET_DIR"]
    for word, rest in build:
        if word == "WORKDIR":
            folder = inside(stage, rest)
            folder.mkdir(parents=True)
        elif word == "COPY":
            *sources, target = rest.split()
            copy([context / source for source in sources], folder / target, target.endswith("/"))
        elif word == "RUN":
            run(rest, cwd=folder if folder.exists() else WORK, env=environment)
        else:
            sys.exit(f"no rule for {word} {rest}")

    run(["debootstrap", "--variant=minbase", "bookworm", image], stdout=subprocess.DEVNULL)
    for settings in ["/etc/apt/sources.list", "/etc/apt/sources.list.d", "/etc/apt/apt.conf.d", "/etc/apt/auth.conf.d", "/etc/resolv.conf"]:
        # This machine's way to Debian's packages; no part of the image.
        if os.path.isdir(settings):
            shutil.copytree(settings, inside(image, settings), dirs_exist_ok=True)
        elif os.path.exists(settings):
            shutil.copy2(settings, inside(image, settings))
    user, folder, entry = "0:0", "/", None
    for word, rest in last:
        if word == "RUN":
            run(["chroot", image, "/bin/sh", "-c", rest], stdout=subprocess.DEVNULL)
        elif word == "COPY":
            origin, *sources, target = rest.split()
            assert origin == "--from=build", rest
            copy([inside(stage, source) for source in sources], inside(image, target), target.endswith("/"))
        elif word == "USER":
            user = rest
        elif word == "WORKDIR":
            folder = rest
            inside(image, folder).mkdir(parents=True, exist_ok=True)
        elif word == "ENTRYPOINT":
            entry = json.loads(rest)
        elif word == "CMD":
            default = json.loads(rest)
        else:
            sys.exit(f"no rule for {word} {rest}")

    assert user.split(":")[0] not in ("0", "root"), "the image runs as root"
    shutil.copytree(ROOT / "fixtures/webshop", inside(image, folder), dirs_exist_ok=True)

    def start(*arguments):
        words = " ".join(f"'{word}'" for word in [*entry, *arguments])
        command = ["chroot", f"--userspec={user}", image, "/bin/sh", "-c", f"cd {folder} && exec {words}"]
        return subprocess.run(command, capture_output=True, text=True)

    version = start("--version")
    assert version.returncode == 0 and version.stdout.startswith("keyaki "), version
    assert "Usage" in start(*default).stdout
    expected = json.loads((ROOT / "fixtures/webshop/expected.json").read_text())["runs"][0]
    done = start(*expected["args"], "--format", "json", "--solver", "both")
    report = json.loads(done.stdout)
    pairs = lambda rows: sorted((row["standard"], row["address"]) for row in rows)
    seen = pairs(row for row in report["findings"] if row["verdict"] == "FAIL")
    assert done.returncode == expected["exit"] and seen == pairs(expected["fail"]), (done.returncode, seen, done.stderr)
    size = int(subprocess.run(["du", "-sm", image], capture_output=True, text=True).stdout.split()[0])
    binary = (image / "usr/local/bin/keyaki").stat().st_size >> 20
    print(f"ok: Dockerfile; {version.stdout.strip()} as {user}, {len(seen)} violations; binary {binary} MB, tree {size} MB")


main()
