#!/usr/bin/env bash
# Builds the Python wheel as .packaging/python says, installs it in an environment of its own, and runs the program in it.
# Needs python3 and PyPI; everything is written below target/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
root=$PWD
work=$root/target/glue/wheel
rm -rf "$work"
mkdir -p "$work"
python3 -m venv "$work/build"
requirement=$(sed -n 's/^requires = \["\(.*\)"\]$/\1/p' .packaging/python/pyproject.toml)
"$work/build/bin/pip" install --quiet --disable-pip-version-check "$requirement"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target/glue/cargo}
(cd .packaging/python && "$work/build/bin/maturin" build --release --out "$work/dist")
python3 -m venv "$work/use"
"$work/use/bin/pip" install --quiet --disable-pip-version-check --no-index "$work"/dist/keyaki-*.whl
ls -l "$work"/dist/keyaki-*.whl
keyaki=$work/use/bin/keyaki

[ "$("$keyaki" --version)" = "keyaki $(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)" ]
# Away from the repository: all that is needed is in the wheel.
cp -r fixtures/webshop "$work/webshop"
cd "$work/webshop"
"$work/use/bin/python" - "$keyaki" <<'PY'
import json, subprocess, sys
run = json.load(open("expected.json"))["runs"][0]
done = subprocess.run([sys.argv[1], *run["args"], "--format", "json"], capture_output=True, text=True)
report = json.loads(done.stdout)
pairs = lambda rows: sorted((row["standard"], row["address"]) for row in rows)
seen = pairs(row for row in report["findings"] if row["verdict"] == "FAIL")
assert done.returncode == run["exit"] and seen and seen == pairs(run["fail"]), (done.returncode, seen)
print("the wheel finds the", len(seen), "violations of the web shop")
PY
if ldd "$keyaki" | grep -q z3; then echo "error: the wheel needs Z3" >&2; exit 1; fi
echo "ok: wheel"
