#!/usr/bin/env python3
"""Stacks that the AWS CDK synthesises, checked by keyaki: counts and verdicts of each, and what cfn-lint says of the files.

The CDK is taken from npm (aws-cdk-lib and constructs); no account is needed. The app is written out twice: as the CDK's
command line has it, with construct paths in the templates, and without.

    python3 tests/cdk_stacks.py            uses target/debug/keyaki, or $KEYAKI
    python3 tests/cdk_stacks.py --show     prints what is found

Exit status: 0 when all is as expected, 1 when not, 77 when node, npm or the registry is not there.
"""

import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

PROJECT = pathlib.Path(__file__).resolve().parent.parent
KEYAKI = os.environ.get("KEYAKI", str(PROJECT / "target" / "debug" / "keyaki"))
PACKAGES = ["aws-cdk-lib@^2.200.0", "constructs@^10.0.0"]
SECONDS = 600

STANDARDS = """\
version: 1
trust: {accounts: ["111122223333"]}
standards:
  - {id: public, severity: critical, check: no-public-access}
  - {id: external, severity: high, check: no-external-access}
  - {id: passrole, severity: high, check: access-not-granted, actions: ["iam:PassRole"], on: principal}
  - {id: delete, severity: medium, check: access-not-granted, actions: ["s3:DeleteObject"], on: principal}
"""

# Of each stack: how many policies there are, and its findings as `VERDICT STANDARD CONSTRUCT`, derived from app.js.
EXPECTED = {
    "Website": (2, ["FAIL public Website/Site/Policy", "FAIL external Website/Site/Policy"]),
    # The role's trust policy, its managed policy, and what the table grants.
    "Reader": (3, []),
    "Powers": (4, [
        "FAIL passrole Powers/Admin",
        "FAIL delete Powers/Admin",
        "FAIL passrole Powers/Deploy",
    ]),
    "Trusts": (2, ["FAIL external Trusts/Partner"]),
    "Fanout": (4, []),
    "Vault": (2, [
        "FAIL external Vault/Key",
        "FAIL public Vault/Secret/Policy",
        "FAIL external Vault/Secret/Policy",
    ]),
    "Urls": (6, [
        "FAIL public Urls/Open/invoke-function-url",
        "FAIL external Urls/Open/invoke-function-url",
        "FAIL public Urls/Open/invoke-function",
        "FAIL external Urls/Open/invoke-function",
    ]),
    "Flow": (6, []),
    # The nested stack has a bucket policy, a role and a policy for it and for the role of the stack around it.
    "Estate": (5, [
        "FAIL passrole Estate/Keeper",
        "FAIL delete Estate/Keeper",
        "FAIL passrole Estate/Storage/Inner",
    ]),
    # The boundary keeps it from passing roles; not from what it does not do anyway.
    "Prod/Bounded": (3, []),
}


def main():
    if shutil.which("node") is None or shutil.which("npm") is None:
        return skipped("node and npm are not there")
    with tempfile.TemporaryDirectory(prefix="keyaki-cdk-") as folder:
        folder = pathlib.Path(folder)
        shutil.copy(PROJECT / "tests" / "cdk" / "app.js", folder)
        (folder / "package.json").write_text("{}", encoding="utf-8")
        install = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES]
        if (message := ran(install, folder)) is not None:
            return skipped(f"npm cannot install the CDK: {message}")
        (folder / "keyaki.yaml").write_text(STANDARDS, encoding="utf-8")
        wrong = []
        for metadata in ["yes", "no"]:
            out = folder / f"out-{metadata}"
            message = ran(["node", "app.js"], folder, CDK_OUTDIR=str(out), METADATA=metadata)
            if message is not None:
                print(f"the app cannot be synthesised: {message}")
                return 1
            wrong += check(folder, out, metadata == "yes")
        wrong += lint(folder)
    for line in wrong:
        print(line)
    print(f"{len(EXPECTED)} stacks, twice: {'as expected' if not wrong else f'{len(wrong)} differences'}")
    return 1 if wrong else 0


def skipped(why):
    print(f"skipped: {why}")
    return 77


def ran(command, folder, **environment):
    """Runs a command; None when it went well, else the end of what it said."""
    environment = {**os.environ, **environment}
    try:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if done.returncode == 0 else done.stderr.strip()[-400:]


def check(folder, out, has_paths):
    """What differs between what is expected of the stacks and what is found."""
    report = json.loads(keyaki(folder, "check", out, "--format", "json"))
    extracted = json.loads(keyaki(folder, "extract", out))
    wrong = [f"not read: {error}" for error in report["errors"] + extracted["errors"]]
    templates = stacks(out)
    found = collections.defaultdict(list)
    for finding in report["findings"]:
        stack = templates[pathlib.Path(finding["input"]).name]
        name = finding["name"] if has_paths else finding["address"].split("/")[0].rsplit(".", 1)[-1]
        found[stack].append(f"{finding['verdict']} {finding['standard']} {name}")
    counts = collections.Counter()
    for policy in extracted["policies"]:
        counts[templates[pathlib.Path(policy["location"]["uri"]).name]] += 1
    if "--show" in sys.argv:
        print(json.dumps({"counts": counts, "found": found}, indent=1))
    for stack, (count, findings) in EXPECTED.items():
        if counts[stack] != count:
            wrong.append(f"{stack}: {counts[stack]} policies, not {count}")
        expected, actual = sorted(findings), sorted(found[stack])
        if not has_paths:
            expected, actual = [line.rsplit(" ", 1)[0] for line in expected], [line.rsplit(" ", 1)[0] for line in actual]
        if expected != actual:
            wrong.append(f"{stack}: found {actual}, not {expected}")
    if sorted(set(templates.values())) != sorted(EXPECTED):
        wrong.append(f"stacks {sorted(set(templates.values()))}")
    accounts = {"Powers": "111122223333", "Prod/Bounded": "444455556666"}
    for finding in report["findings"]:
        stack = templates[pathlib.Path(finding["input"]).name]
        # The environment of the manifest is that of the stack.
        if stack in accounts and "AWS::AccountId" in finding["holes"]:
            wrong.append(f"{stack}: its account is not known")
    return wrong


def keyaki(folder, *arguments):
    done = subprocess.run([KEYAKI, *map(str, arguments)], cwd=folder, capture_output=True, text=True, timeout=SECONDS)
    if done.returncode not in (0, 1, 3, 4):
        print(f"keyaki: status {done.returncode}: {done.stderr}")
    return done.stdout


def stacks(out):
    """The construct path of the stack of each template, nested templates included."""
    found = {}
    for manifest in out.glob("**/manifest.json"):
        artifacts = json.loads(manifest.read_text(encoding="utf-8"))["artifacts"]
        for artifact, told in artifacts.items():
            if told["type"] == "aws:cloudformation:stack":
                found[told["properties"]["templateFile"]] = told.get("displayName", artifact)
    for nested in out.glob("**/*.nested.template.json"):
        [stack] = [name for name in found.values() if nested.name.startswith(name)]
        found[nested.name] = stack
    return found


def lint(folder):
    """Templates that cfn-lint cannot parse and keyaki can, which would be too little said, or the other way around; those
    of the corpus too."""
    if shutil.which("cfn-lint") is None:
        print("skipped: cfn-lint is not there")
        return []
    wrong = []
    templates = sorted(folder.glob("out-yes/**/*.template.json"))
    corpus = pathlib.Path(os.environ.get("KEYAKI_TEST_DATA", "")) / "corpus" / "cfn"
    if os.environ.get("KEYAKI_TEST_DATA"):
        templates += [path for path in sorted(corpus.iterdir()) if path.suffix in (".json", ".yaml", ".yml")]
    else:
        print("skipped: KEYAKI_TEST_DATA not set")
    for template in templates:
        done = subprocess.run(
            ["cfn-lint", "--format", "json", "--", str(template)], capture_output=True, text=True, timeout=SECONDS
        )
        errors = [match for match in json.loads(done.stdout or "[]") if match["Rule"]["Id"].startswith("E0")]
        read = json.loads(keyaki(folder, "extract", template))["errors"]
        if bool(errors) != bool(read):
            wrong.append(f"{template.name}: cfn-lint {errors}, keyaki {read}")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
