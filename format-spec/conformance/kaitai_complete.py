#!/usr/bin/env python3
"""Reads every readable vector with the generated parser, down to the last element, and fails where the
description leaves bytes of a section unread or has no type for a section that SPEC.md names."""

import pathlib
import sys

sys.dont_write_bytecode = True

from kaitaistruct import KaitaiStruct  # noqa: E402

from janus_dispatch import JanusDispatch  # noqa: E402

VECTORS = pathlib.Path(__file__).resolve().parent.parent / "vectors"

# `BLOB` is read through its families; the others are of versions to come.
WITHOUT_TYPE = {"BLOB", "LATE", "LATF"}
ELEMENT_BYTES = {"one_byte": 1, "two_bytes": 2}


def visit(value, seen):
    """Evaluates every instance below a parsed object, and counts the objects."""
    if isinstance(value, list):
        return sum(visit(element, seen) for element in value)
    if not isinstance(value, KaitaiStruct) or id(value) in seen:
        return 0
    seen[id(value)] = value
    instances = [name for name, kind in vars(type(value)).items() if isinstance(kind, property)]
    fields = [name for name in vars(value) if not name.startswith("_")]
    return 1 + sum(visit(getattr(value, name), seen) for name in {*instances, *fields})


def unread(tag, section, type_count):
    """Bytes of a section behind what its type has read; nothing if the type is missing."""
    body = section.body
    if not isinstance(body, KaitaiStruct):
        return None
    if tag != "CLAS":
        return body._io.size() - body._io.pos()
    arrays = {}
    for row in body.positions:
        runs = row.width.name == "runs"
        arrays[row.offset] = 4 + 6 * row.array.run_count if runs else type_count * ELEMENT_BYTES[row.width.name]
    return body._io.size() - 8 * len(body.positions) - sum(arrays.values())


def main():
    tags, objects, problems = set(), 0, []
    files = [path for path in sorted(VECTORS.glob("*.jd[ti]")) if path.with_suffix(".answers.json").exists()]
    for path in files:
        file = JanusDispatch.from_file(str(path))
        content = file.content
        parts = [(section.tag, section, content.type_count) for section in content.sections]
        if file.magic == JanusDispatch.Kinds.image:
            families = next(section.body for section in content.sections if section.tag == "FAMI")
            parts += [(piece.row.tag, piece, row.type_count) for row in families.rows for piece in row.pieces]
        for tag, section, type_count in parts:
            if tag in WITHOUT_TYPE:
                continue
            left = unread(tag, section, type_count)
            if left != 0:
                problems.append(f"{path.name}: {tag}: {'no type' if left is None else f'{left} bytes are left'}")
            tags.add(tag)
        objects += visit(file, {})
    for problem in problems:
        print(f"MISMATCH {problem}")
    print(f"{len(files)} vectors read whole: {objects} objects, sections {' '.join(sorted(tags))}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
