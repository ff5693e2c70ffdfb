#!/usr/bin/env python3
"""SARIF of all fixtures, and of the corpus and the hostile files of the test data where they are (KEYAKI_TEST_DATA), held
against the JSON schema of SARIF 2.1.0 and against the rules that Microsoft's multitool has for SARIF and for GitHub.

    tests/sarif/validate.py [KEYAKI]        default: target/debug/keyaki

Needs python3 with PyPI, and npm; what they install, and the reports, go below target/sarif/."""
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORK = ROOT / "target/sarif"
MULTITOOL = WORK / "npm/node_modules/@microsoft/sarif-multitool-linux"
# The home page of the tool, which keyaki does not have yet.
EXPECTED = {"SARIF2005"}
SUFFIXES = {".json", ".yaml", ".yml", ".template", ".tfplan"}
STANDARDS = """version: 1
trust: {accounts: ["123456789012"]}
standards:
  - {id: no-passrole, severity: high, check: access-not-granted, actions: ["iam:PassRole"]}
  - {id: no-public, severity: critical, check: no-public-access}
  - {id: only-ours, check: no-external-access}
  - {id: tidy, severity: low, check: lint, rules: [redundant-statement, not-action-allow, malformed-arn]}
"""


def installed(command, **options):
    """Installs, or says that nothing is validated here: the suite has held the reports against the schema already."""
    if subprocess.run(command, check=False, **options).returncode:
        print(f"skipped: `{' '.join(map(str, command[:3]))}` does not install what is needed")
        sys.exit(0)


def tools():
    if shutil.which("npm") is None:
        print("skipped: npm is not there")
        sys.exit(0)
    npm = WORK / "npm"
    npm.mkdir(parents=True, exist_ok=True)
    for name in ["package.json", "package-lock.json"]:
        shutil.copy2(HERE / name, npm)
    if not MULTITOOL.exists():
        # No package runs a script here: what one of them would have done is done below.
        installed(["npm", "ci", "--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=npm, stdout=subprocess.DEVNULL)
        (MULTITOOL / "Sarif.Multitool").chmod(0o755)
    python = WORK / "venv/bin/python"
    if not (WORK / "venv/bin/check-jsonschema").exists():
        installed([sys.executable, "-m", "venv", WORK / "venv"])
        installed([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "check-jsonschema==0.39.0"])


def inputs():
    """Name, folder to run in, arguments."""
    for expected in sorted((ROOT / "fixtures").glob("**/expected.json")):
        folder = expected.parent
        for position, run in enumerate(json.loads(expected.read_text()).get("runs", [])):
            if run["args"][0] == "check":
                yield f"fixture-{folder.relative_to(ROOT / 'fixtures')}-{position}".replace("/", "-"), folder, run["args"]
    yield "fixture-webshop-source", ROOT, ["check", "fixtures/webshop/plan.json", "--standards", "fixtures/webshop/keyaki.yaml", "--source", "fixtures/webshop"]
    yield "fixture-several", ROOT, ["check", "fixtures/webshop/plan.json", "fixtures/stack", "README.md", "--standards", "fixtures/webshop/keyaki.yaml"]
    shared = os.environ.get("KEYAKI_TEST_DATA")
    if not shared:
        print("skipped: the corpus and the hostile files, KEYAKI_TEST_DATA is not set")
        return
    (WORK / "keyaki.yaml").write_text(STANDARDS)
    for part in ["corpus", "hostile"]:
        folder = Path(shared) / part
        for file in sorted(folder.glob("*/*")):
            if file.suffix in SUFFIXES and file.parent.name != "standards":
                name = f"{part}-{file.relative_to(folder)}".replace("/", "-")
                yield name, folder, ["check", str(file.relative_to(folder)), "--standards", str(WORK / "keyaki.yaml")]


def report(keyaki, name, folder, arguments):
    path = WORK / "reports" / f"{name}.sarif"
    done = subprocess.run([keyaki, *arguments, "--output", f"sarif={path}", "--no-progress"], cwd=folder, capture_output=True)
    if done.returncode not in (0, 1, 3, 4) or not path.exists():
        sys.exit(f"error: {name}: status {done.returncode}: {done.stderr.decode()}")
    return path


def batches(files, size):
    return [files[at:at + size] for at in range(0, len(files), size)]


def schema(files):
    command = [WORK / "venv/bin/check-jsonschema", "--schemafile", MULTITOOL / "sarif-2.1.0.json", *files]
    done = subprocess.run(command, capture_output=True, text=True)
    return [] if done.returncode == 0 else [done.stdout[-3000:]]


def multitool(files, number):
    """The exit status says nothing: what counts are the results."""
    out = WORK / f"multitool-{number}.sarif"
    command = [MULTITOOL / "Sarif.Multitool", "validate", *files, "--rule-kind", "Sarif;Ghas", "--level", "Error;Warning;Note"]
    done = subprocess.run([*command, "--output", out, "--log", "ForceOverwrite", "-q", "true"], capture_output=True, text=True)
    if not out.exists():
        sys.exit(f"error: the multitool wrote nothing: {done.stdout}{done.stderr}")
    run = json.loads(out.read_text(encoding="utf-8-sig"))["runs"][0]
    for invocation in run.get("invocations", []):
        for notification in invocation.get("toolExecutionNotifications", []):
            if notification.get("level") == "error":
                sys.exit(f"error: the multitool: {notification['message']}")
    return run.get("results", [])


def can_fail(file):
    """Reports that are broken: each validator must complain of what it is there for."""
    def broken(name, change):
        log = json.loads(file.read_text())
        for result in log["runs"][0]["results"]:
            change(result)
        path = WORK / f"{name}.sarif"
        path.write_text(json.dumps(log))
        return path

    def misplace(result):
        place = result["locations"][0]["physicalLocation"]
        del place["region"]
        place["artifactLocation"]["uri"] = "/etc/passwd"

    if not schema([broken("unknown-level", lambda result: result.update(level="critical"))]):
        sys.exit("error: the schema lets an unknown level pass")
    told = multitool([broken("misplaced", misplace)], "misplaced")
    rules = {result["ruleId"] for result in told if result.get("level", "warning") == "error"}
    if not rules:
        sys.exit("error: the multitool lets an absolute path pass")
    print("broken reports are found by the schema and by", ", ".join(sorted(rules)))


def main():
    keyaki = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/debug/keyaki").resolve()
    try:
        tools()
    except subprocess.CalledProcessError as error:
        print(f"skipped: the validators cannot be installed: {error}")
        return
    shutil.rmtree(WORK / "reports", ignore_errors=True)
    (WORK / "reports").mkdir()
    with ThreadPoolExecutor(2) as pool:
        files = list(pool.map(lambda job: report(keyaki, *job), inputs()))
    can_fail(WORK / "reports/fixture-webshop-source.sarif")
    results = sum(len(json.loads(file.read_text())["runs"][0]["results"]) for file in files)
    wrong = [complaint for batch in batches(files, 100) for complaint in schema(batch)]
    print(f"schema: {len(files)} files with {results} results, {len(wrong)} complaints")
    seen, found, heard = Counter(), [], set()
    for number, batch in enumerate(batches(files, 100)):
        found += multitool(batch, number)
    for result in found:
        level = result.get("level", "warning")
        heard.add(Path(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]).name)
        seen[level, result["ruleId"]] += 1
        if level == "error" or (level == "warning" and result["ruleId"] not in EXPECTED):
            place = result["locations"][0]["physicalLocation"]
            text = f"{result['ruleId']} {place['artifactLocation'].get('uri', place['artifactLocation'])} {result['message'].get('arguments', result['message'])}"
            if level == "error" or seen[level, result["ruleId"]] <= 3:
                wrong.append(f"{level}: {text}"[:600])
    print("multitool:", ", ".join(f"{count} {level} {rule}" for (level, rule), count in sorted(seen.items())) or "nothing to say")
    # It has a recommendation for every report, and keeps quiet about files that it cannot read.
    wrong += [f"the multitool did not read {file.name}" for file in files if quote(file.name) not in heard and file.name not in heard]
    if wrong:
        sys.exit("\n".join(wrong[:40]))
    print("ok: SARIF")


main()
