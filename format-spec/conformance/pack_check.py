"""Holds pack_reader.py to the golden packs: their answers, and that each changed byte and each cut is found.

    python3 format-spec/conformance/pack_check.py [CACHE]...

A CACHE is a cache's folder; every file in it that PACK.md describes has to be sound, and is counted.
"""

import json
import pathlib
import sys

import pack_reader

VECTORS = pathlib.Path(__file__).resolve().parent.parent / "pack-vectors"
REFUSALS = {"version": "byte 8: version"}


def refusal(data, path):
    """What the reader says is wrong with these bytes; nothing if it reads them."""
    try:
        pack_reader.read_pack(data, path)
    except pack_reader.Damage as damage:
        return str(damage)
    return ""


def answer_mismatches(path):
    expected = json.loads(path.with_suffix(".pack.answers.json").read_text("utf-8"))
    told = pack_reader.read(path)["entries"]
    if len(told) != len(expected):
        yield f"{path.name}: {len(told)} entries, expected {len(expected)}"
    for number, (row, answer) in enumerate(zip(told, expected)):
        found = {field: row[field] for field in answer}
        if found != answer:
            yield f"{path.name}: entry {number}: expected {answer}, found {found}"


def damage_mismatches(path):
    """A bit of each byte changed; each length below the whole, and one above."""
    data = bytearray(path.read_bytes())
    for at, byte in enumerate(data):
        data[at] ^= 1 << at % 8
        if not refusal(bytes(data), path):
            yield f"{path.name}: bit {at % 8} of byte {at} changed: not found"
        data[at] = byte
    for length in [*range(len(data)), len(data) + 1]:
        if not refusal(bytes(data[:length]).ljust(length, b"\0"), path):
            yield f"{path.name}: cut to {length} bytes: not found"


def refusal_mismatches(path):
    word = json.loads(path.with_suffix(".pack.refused.json").read_text("utf-8"))["refused"]
    found = refusal(path.read_bytes(), path)
    if not found.startswith(REFUSALS[word]):
        yield f"{path.name}: expected to be refused for its {word}, found {found or 'no refusal'}"


def vector_mismatches():
    for path in sorted(VECTORS.glob("*.pack")):
        if path.with_suffix(".pack.refused.json").exists():
            yield from refusal_mismatches(path)
        else:
            yield from answer_mismatches(path)
            yield from damage_mismatches(path)


def cache_mismatches(cache):
    folders = ("packs", "dead", "recency", "history")
    files = sorted(path for folder in folders for path in (cache / "v1" / folder).glob("*"))
    if not files:
        yield f"{cache}: no pack in it"
    for path in files:
        try:
            told = pack_reader.read(path)
        except pack_reader.Damage as damage:
            yield f"{path}: {damage}"
            continue
        if told.get("ignored") or told.get("passed_over_bytes"):
            yield f"{path}: not read whole: {told}"
        if any(row["missing"] for row in told.get("entries", ())):
            yield f"{path}: an object is not there"
    print(f"{cache}: {len(files)} files")


def main():
    for name in ("zstandard", "lz4.block", "blake3"):
        if not pack_reader.module(name):
            print(f"{name} is needed here", file=sys.stderr)
            return 2
    mismatches = list(vector_mismatches())
    for cache in sys.argv[1:]:
        mismatches += cache_mismatches(pathlib.Path(cache))
    for mismatch in mismatches:
        print(mismatch)
    print(f"packs: {len(mismatches)} mismatches")
    return 1 if mismatches else 0


if __name__ == "__main__":
    sys.exit(main())
