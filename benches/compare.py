#!/usr/bin/env python3
"""keyaki beside other tools, in one run: cvc5's strings on the questions of `benches/engines.rs`, checkov on the plan of
`benches/scan.rs`. Wants `pip install cvc5 checkov` (neither is used by keyaki itself) and an otherwise idle machine.

    cargo bench --bench scan && python3 benches/compare.py [--limit N] [--questions N]

cvc5 is asked whether some request is allowed by the one policy and not by the other, in plain strings and regular
expressions, with the same limit of resource units for each question; a question it gives up on counts with the time it
took. Numbers, dates and addresses are one Boolean for each comparison, the same on both sides. A definite answer that
differs from keyaki's is an error (exit status 1).
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

PROJECT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target")).resolve()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=int, default=200_000, help="resource units of cvc5 for a question")
    parser.add_argument("--questions", type=int, default=200, help="ask fewer")
    arguments = parser.parse_args()
    differences = engines(arguments)
    checkov()
    return 1 if differences else 0


def engines(arguments):
    try:
        import cvc5  # noqa: F401
    except ImportError:
        print("skipped: no cvc5 (pip install cvc5)")
        return 0
    exported = TARGET / "tmp" / "questions.jsonl"
    exported.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["cargo", "bench", "--locked", "--bench", "engines"],
        cwd=PROJECT,
        env={**os.environ, "KEYAKI_BENCH_EXPORT": str(exported)},
        check=True,
    )
    questions = [json.loads(line) for line in exported.read_text(encoding="utf-8").splitlines()]
    glob, other, ratios, unknown, differences = [], [], [], 0, 0
    for question in questions[: arguments.questions]:
        expected = {True: "sat", False: "unsat", None: "unknown"}[question["violated"]]
        started = time.perf_counter()
        answer = ask(json.loads(question["new"]), json.loads(question["old"]), arguments.limit)
        seconds = time.perf_counter() - started
        glob.append(question["seconds"])
        other.append(seconds)
        ratios.append(seconds / question["seconds"])
        unknown += answer == "unknown"
        if "unknown" not in (answer, expected) and answer != expected:
            differences += 1
            print(f"cvc5 says {answer}, keyaki {expected}: {question['new'][:200]}")
    for name, times in [("glob", glob), ("cvc5", other)]:
        print(f"{name}: {len(times)} questions, total {sum(times):.3f} s, {spread(times, 1000)} ms")
    print(f"cvc5: {unknown} undecided at {arguments.limit} resource units")
    print(f"cvc5 / glob: total {sum(other) / sum(glob):.0f} x, {spread(ratios, 1)} x")
    return differences


def spread(values, scale):
    ordered = sorted(values)
    at = {percent: ordered[(len(ordered) - 1) * percent // 100] * scale for percent in (50, 90, 99, 100)}
    return f"median {at[50]:.2f}, p90 {at[90]:.2f}, p99 {at[99]:.2f}, worst {at[100]:.2f}"


def ask(new, old, limit):
    import cvc5

    solver = cvc5.Solver(cvc5.TermManager())
    solver.setLogic("QF_S")
    solver.setOption("rlimit", str(limit))
    solver.setOption("produce-models", "false")
    request = Request(solver)
    allowed, refused = request.allowed(new), solver.getTermManager().mkTerm(cvc5.Kind.NOT, request.allowed(old))
    request.assert_possible()
    solver.assertFormula(allowed)
    solver.assertFormula(refused)
    result = solver.checkSat()
    return "sat" if result.isSat() else "unsat" if result.isUnsat() else "unknown"


class Request:
    """The variables of a request, and what statements say of them."""

    def __init__(self, solver):
        import cvc5

        self.solver, self.terms, self.kinds = solver, solver.getTermManager(), cvc5.Kind
        self.texts, self.facts = {}, {}

    def term(self, kind, *parts):
        return self.terms.mkTerm(getattr(self.kinds, kind), *parts)

    def join(self, kind, parts, empty):
        parts = list(parts)
        if len(parts) < 2:
            return parts[0] if parts else self.terms.mkBoolean(empty)
        return self.term(kind, *parts)

    def text(self, name):
        if name not in self.texts:
            self.texts[name] = self.terms.mkConst(self.terms.getStringSort(), name)
        return self.texts[name]

    def fact(self, name):
        if name not in self.facts:
            self.facts[name] = self.terms.mkConst(self.terms.getBooleanSort(), name)
        return self.facts[name]

    def glob(self, pattern, wildcards=True):
        every, one = self.terms.mkRegexpAll(), self.terms.mkRegexpAllchar()
        parts, literal = [], ""
        for c in pattern + "\0":
            if c == "\0" or (wildcards and c in "*?"):
                if literal:
                    parts.append(self.term("STRING_TO_REGEXP", self.terms.mkString(literal)))
                literal = ""
                parts += [every] if c == "*" else [one] if c == "?" else []
            else:
                literal += c
        if not parts:
            return self.term("STRING_TO_REGEXP", self.terms.mkString(""))
        return parts[0] if len(parts) == 1 else self.term("REGEXP_CONCAT", *parts)

    def matches(self, name, patterns, wildcards=True):
        """Whether the text matches one of the patterns."""
        text = self.text(name)
        return self.join(
            "OR", (self.term("STRING_IN_REGEXP", text, self.glob(pattern, wildcards)) for pattern in patterns), False
        )

    def allowed(self, policy):
        statements = listed(policy["Statement"])
        allows = [self.statement(each) for each in statements if each["Effect"] == "Allow"]
        denies = [self.statement(each) for each in statements if each["Effect"] == "Deny"]
        return self.join(
            "AND",
            [self.join("OR", allows, False), self.term("NOT", self.join("OR", denies, False))],
            True,
        )

    def statement(self, statement):
        parts = []
        for element, name, lower in [("Action", "action", True), ("Resource", "resource", False)]:
            for negated in (False, True):
                patterns = statement.get(("Not" if negated else "") + element)
                if patterns is None:
                    continue
                patterns = [each.lower() if lower else each for each in listed(patterns)]
                found = self.matches(name, patterns)
                parts.append(self.term("NOT", found) if negated else found)
        for operator, lines in statement.get("Condition", {}).items():
            parts += [self.condition(operator, key.lower(), listed(values)) for key, values in lines.items()]
        return self.join("AND", parts, True)

    def condition(self, operator, key, values):
        values = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
        present = self.fact(f"present {key}")
        base = operator.removesuffix("IfExists")
        if base == "Null":
            return self.term("NOT", present) if values == ["true"] else present
        if base in ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "ArnLike", "ArnNotLike",
                    "ArnEquals", "ArnNotEquals", "Bool"):
            held = self.matches(f"key {key}", values, "Like" in base or "Arn" in base)
        else:
            # Sets of values, numbers, dates and addresses: the comparison as a whole.
            return self.fact(f"{operator} {key} {sorted(values)}")
        if "Not" in base:
            return self.term("OR", self.term("NOT", present), self.term("NOT", held))
        if base != operator:
            return self.term("OR", self.term("NOT", present), held)
        return self.term("AND", present, held)

    def assert_possible(self):
        letters = self.term(
            "REGEXP_UNION",
            self.term("REGEXP_RANGE", self.terms.mkString("a"), self.terms.mkString("z")),
            self.term("REGEXP_RANGE", self.terms.mkString("0"), self.terms.mkString("9")),
        )
        hyphen = self.term("REGEXP_UNION", letters, self.term("STRING_TO_REGEXP", self.terms.mkString("-")))
        colon = self.term("STRING_TO_REGEXP", self.terms.mkString(":"))
        action = self.term(
            "REGEXP_CONCAT", self.term("REGEXP_PLUS", hyphen), colon, self.term("REGEXP_PLUS", letters)
        )
        self.solver.assertFormula(self.term("STRING_IN_REGEXP", self.text("action"), action))
        resource = self.term("REGEXP_UNION", self.glob("*", False), self.glob("arn:*:*:*:*:*"))
        self.solver.assertFormula(self.term("STRING_IN_REGEXP", self.text("resource"), resource))


def listed(value):
    return value if isinstance(value, list) else [value]


def checkov():
    """The whole of checkov's Terraform-plan checks beside five standards: they look for different things, so this says
    how long a reader waits, no more."""
    other, keyaki = shutil.which("checkov") or pathlib.Path(sys.executable).with_name("checkov"), TARGET / "release" / "keyaki"
    folder = TARGET / "tmp" / "bench-scan"
    if not pathlib.Path(other).exists():
        print("skipped: no checkov (pip install checkov)")
        return
    if not (folder / "plan.json").exists() or not keyaki.exists():
        print("skipped: no plan or no binary (cargo build --release && cargo bench --bench scan)")
        return
    commands = {
        "keyaki": [keyaki, "check", "plan.json", "--standards", "keyaki.yaml"],
        "checkov": [other, "--file", "plan.json", "--framework", "terraform_plan", "--quiet", "--compact"],
    }
    seconds = {}
    for name, command in commands.items():
        started = time.perf_counter()
        subprocess.run(command, cwd=folder, capture_output=True, check=False)
        seconds[name] = time.perf_counter() - started
        print(f"{name}: {seconds[name]:.2f} s for the plan of {(folder / 'plan.json').stat().st_size} bytes")
    print(f"checkov / keyaki: {seconds['checkov'] / seconds['keyaki']:.0f} x")


if __name__ == "__main__":
    sys.exit(main())
