#!/usr/bin/env python3
"""Tests any reader of dispatch tables and images that is given as a command: see README.md.

    run.py [--only PART] [--keep FOLDER] -- COMMAND...

The command is run once for each file, with the file's path behind its own arguments. Needs Python 3.9
or later and nothing else.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

# The kit leaves nothing beside its files.
sys.dont_write_bytecode = True

from cases import all_cases  # noqa: E402

VECTORS = pathlib.Path(__file__).resolve().parent.parent / "vectors"

# A reader that does not end is a finding too.
TIME_LIMIT_S = 60

# Mismatches that are printed in full; the others are counted.
MOST_PRINTED = 20


def questions_of(case):
    """What the reader is asked: the answers' fields that are questions."""
    keys = ("family", "arity", "args")
    return [{key: row[key] for key in keys if key in row} for row in case.answers]


def expected_lines(case):
    if case.refused:
        return [{"refused": case.refused}]
    answer_keys = ("outcome", "implementation", "candidates", "place")
    answers = [{key: row[key] for key in answer_keys if key in row} for row in case.answers]
    errors = ["error" in row for row in case.answers]
    return [{"opened": case.kind},
            *({"error": "..."} if is_error else answer for is_error, answer in zip(errors, answers))]


def differs(found, expected):
    """Why a line is not the expected one, or nothing. Fields that nobody asked for are left alone."""
    if not isinstance(found, dict):
        return "is no JSON object"
    if "error" in expected:
        return None if "error" in found else "is no error"
    for key in ("opened", "refused", "error", "outcome", "implementation", "candidates", "place"):
        if found.get(key) != expected.get(key) or (key in found) != (key in expected):
            return f"differs in `{key}`"
    return None


def run_case(command, path, case):
    """Mismatches of one case, as texts."""
    questions = "".join(json.dumps(question) + "\n" for question in questions_of(case))
    try:
        done = subprocess.run([*command, str(path)], input=questions.encode(), capture_output=True,
                              timeout=TIME_LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return [f"no end after {TIME_LIMIT_S} s"]
    problems = []
    if done.returncode != 0:
        words = done.stderr.decode(errors="replace").strip().splitlines()
        problems.append(f"exit code {done.returncode}: {words[-1] if words else 'no message'}")
    try:
        found = [json.loads(line) for line in done.stdout.decode().splitlines()]
    except ValueError as error:
        return [*problems, f"output is no JSON: {error}"]
    expected = expected_lines(case)
    first = found[0] if found and isinstance(found[0], dict) else {}
    if case.may_refuse and first.get("refused") == case.may_refuse:
        expected = [{"refused": case.may_refuse}]
    for index, (have, want) in enumerate(zip(found, expected)):
        why = differs(have, want)
        if why:
            asked = "the first line" if index == 0 else json.dumps(questions_of(case)[index - 1])
            problems.append(f"{asked}: {why}: expected {json.dumps(want)}, found {json.dumps(have)}")
    if len(found) != len(expected):
        problems.append(f"{len(found)} lines, expected {len(expected)}")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="PART", default="", help="run cases whose name contains this")
    parser.add_argument("--keep", metavar="FOLDER", help="leave the cases' files in this folder")
    parser.add_argument("command", nargs="+", help="the reader; put -- before it")
    options = parser.parse_args()
    cases = [case for case in all_cases(VECTORS) if options.only in case.name]
    if not cases:
        parser.error(f"no case has {options.only!r} in its name")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(options.keep or folder)
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / case.name for case in cases]
        for path, case in zip(paths, cases):
            path.write_bytes(case.data)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            results = list(pool.map(lambda pair: run_case(options.command, *pair), zip(paths, cases)))
    ran, failed, answers = collections.Counter(), collections.Counter(), 0
    printed = 0
    for case, problems in zip(cases, results):
        ran[case.group] += 1
        failed[case.group] += bool(problems)
        answers += len(case.answers)
        for problem in problems[:3]:
            if printed < MOST_PRINTED:
                print(f"MISMATCH {case.name}: {problem}")
            printed += 1
    for group, count in sorted(ran.items()):
        print(f"{group:12} {count:5} files, {failed[group]} with mismatches")
    print(f"{'questions':12} {answers:5}")
    if sum(failed.values()):
        print(f"FAILED: {sum(failed.values())} of {len(cases)} files")
        return 1
    print(f"passed: {len(cases)} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
