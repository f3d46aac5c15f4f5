#!/usr/bin/env python3
"""A reader made of the parser that the Kaitai Struct compiler generates from ../janus_dispatch.ksy.

    kaitai_reader.py FILE < QUESTIONS

The parser knows where everything lies. What chapter 9 of SPEC.md checks is here, what chapter 7 answers
is in answers.py. The generated module and the package `kaitaistruct` are to be importable.
"""

import json
import pathlib
import sys
import zlib

sys.dont_write_bytecode = True

from kaitaistruct import KaitaiStructError, ValidationFailedError  # noqa: E402

from answers import (AMBIGUOUS, FIRST_ENTRY, NO_METHOD, BadFile, Classes, Family, look_into_slot, look_up,  # noqa: E402
                     walk)
from janus_dispatch import JanusDispatch  # noqa: E402

Kinds, Rules, Optimizations = JanusDispatch.Kinds, JanusDispatch.Rules, JanusDispatch.Optimizations
Forms, Widths = JanusDispatch.PrecedenceForms, JanusDispatch.ClassWidths

TABLE_TAGS = "NAME SIGN STRS TYPE PARM ABOV PATT ENTR RULE CLAS DDAG MTRX PHSH LEFT".split()
IMAGE_TAGS = "STRS TYPE FAMI PIEC BLOB PLAC".split()
OWN_SECTION = {Optimizations.dag: "DDAG", Optimizations.matrix: "MTRX", Optimizations.hash: "PHSH"}

# What the parser itself refuses, by where it stands behind the field that it does not accept.
REFUSED_FIELDS = {4: "magic", 6: "version_major"}


class Refused(Exception):
    """The file is not opened; the argument is the word for it."""


def need(holds):
    if not holds:
        raise Refused("damaged")


def parse(data):
    """The parsed file: items 1 to 3 of what a reader checks, but for `total_len`. Knows no codec but 0."""
    is_image = data[:4] == b"JDI\n"
    header_len, codec_at = (64, 44) if is_image else (88, 39)
    need(len(data) >= header_len)
    try:
        parsed = JanusDispatch.from_bytes(data)
        if parsed.content.codec != JanusDispatch.Codecs.none:
            raise Refused("codec")
        return parsed, header_len
    except ValidationFailedError as error:
        raise Refused(REFUSED_FIELDS.get(error.io.pos(), "damaged")) from error
    except (KaitaiStructError, EOFError) as error:
        raise Refused("damaged") from error


def check_envelope(content, data, header_len, known, needed):
    """Items 3 to 5; the sections by tag."""
    directory_end = header_len + 16 * content.section_count
    need(content.total_len == len(data))
    need(content.metadata_crc == zlib.crc32(data[:header_len - 4] + data[header_len:directory_end]))
    need(content.data_crc == zlib.crc32(data[directory_end:]))
    sections, free_from = {}, directory_end
    for section in content.sections:
        need(section.offset % 8 == 0 and section.offset >= free_from)
        free_from = section.offset + section.len
        need(free_from <= len(data))
        if section.tag not in known:
            if section.is_required:
                raise Refused("required_section")
            continue
        need(section.tag not in sections)
        sections[section.tag] = section
    need(all(tag in sections for tag in needed))
    return sections


def check_pool(section, data):
    """Whether the offsets have room; the strings are looked at when they are asked for."""
    need(section.len >= 8)
    count = int.from_bytes(data[section.offset:section.offset + 4], "little")
    need(section.len >= 8 + 4 * count)


def lens(head):
    """Lengths of the sections that a table has and an image has as pieces."""
    return {"PARM": 4 * head.param_count, "ABOV": head.type_count * ((head.param_count + 7) // 8),
            "PATT": 2 * head.entry_count * head.arity, "ENTR": 20 * head.entry_count}


class Missing:
    """A piece that an image has not: its length is 0."""

    len = 0

    @property
    def body(self):
        raise EOFError("a piece is missing")


def check_rule(head, ruling):
    """`ruling` is a section or piece, with a length and a body."""
    if not isinstance(head.rule, Rules):
        raise Refused("rule")
    if head.rule == Rules.symmetric:
        return
    if head.rule == Rules.levels:
        need(ruling.len == head.param_count * ((head.param_count + 7) // 8))
    if head.rule == Rules.custom:
        need(head.optimization in OWN_SECTION)
    if head.rule == Rules.precedence:
        rule = body_of(ruling).parameters
        need(sorted(rule.order) == list(range(head.arity)))
        fixed = 4 + head.arity + len(rule.padding)
        if rule.form == Forms.one_order:
            need(ruling.len == fixed + 2 * head.param_count)
        else:
            need(ruling.len == fixed + 4 * len(rule.offsets) + 2 * rule.offsets[-1])


def check_finder(head, classes, own):
    """Sections of optimizations 3 to 5."""
    if head.optimization not in OWN_SECTION:
        return
    need(classes.len >= 8 * head.arity)
    tuples = body_of(classes).tuple_count if head.arity else 1
    if head.optimization == Optimizations.dag:
        need(own.len > 0 and own.len % 4 == 0)
    elif head.optimization == Optimizations.matrix:
        need(own.len == 4 + (tuples * body_of(own).cell_bits + 7) // 8 + 7)
    else:
        found = body_of(own)
        need(own.len == 8 + 2 * found.bucket_count + len(found.padding) + 8 * found.slot_count)
        need(tuples <= 0xFFFFFFFF)


def body_of(section):
    """A section's parsed body, of which the reader knows that it is needed."""
    try:
        return section.body
    except (KaitaiStructError, EOFError, UnicodeDecodeError) as error:
        raise Refused("damaged") from error


class Strings:
    """A string pool, read when the first string is asked for."""

    def __init__(self, section):
        self.section = section

    def __getitem__(self, index):
        strings = self.section.body.strings
        if index >= len(strings):
            raise BadFile("a string id is outside the pool")
        return strings[index].value


def family_of(head, params, above, patterns, entries, ruling, classes, own):
    """A family from its parsed parts."""
    family = Family(
        arity=head.arity,
        rule=head.rule.name,
        params=params.types,
        above=[row.is_under for row in above.rows],
        patterns=[row.references for row in patterns.rows],
        specificities=[row.specificity for row in entries.rows],
        defaults=[row.is_default for row in entries.rows],
    )
    if any(param >= head.type_count for param in family.params):
        raise BadFile("a parameter's type is not listed")
    if any(reference > head.param_count for pattern in family.patterns for reference in pattern):
        raise BadFile("a parameter reference is not listed")
    if head.rule == Rules.precedence:
        rule = ruling.body.parameters
        family.order = rule.order
        if rule.form == Forms.one_order:
            under = [[param for param, bit in enumerate(row) if bit] for row in family.above]
            family.lists = [sorted(row, key=lambda param: rule.ranks[param]) for row in under]
        else:
            family.lists = [row.parameters for row in rule.lists]
    if head.optimization in OWN_SECTION:
        positions = classes.body.positions if head.arity else []
        of_types = [classes_of(position, head.type_count) for position in positions]
        found = Classes([position.class_count for position in positions], of_types)
        if head.optimization == Optimizations.dag:
            family.find = walk(found, own.body.words)
        elif head.optimization == Optimizations.matrix:
            family.find = look_up(found, own.body.cell_bits, own.body.cells)
        else:
            slots = [(slot.tuple, slot.outcome) for slot in own.body.slots]
            family.find = look_into_slot(found, own.body.displacements, slots)
    return family


def classes_of(position, type_count):
    """The class of each local type."""
    if position.width != Widths.runs:
        return position.array.of_types
    ends = [*position.array.begins[1:], type_count]
    runs = zip(position.array.classes, position.array.begins, ends)
    return [found for found, begin, end in runs for _ in range(begin, end)]


def further_tags(head):
    """What rule and optimization need: `RULE`, `CLAS` and the section of the optimization, or nothing."""
    own = OWN_SECTION.get(head.optimization)
    return [None if head.rule == Rules.symmetric else "RULE", "CLAS" if own else None, own]


class Table:
    kind = "table"

    def __init__(self, content, data, header_len):
        further = further_tags(content)
        sections = check_envelope(content, data, header_len, TABLE_TAGS, TABLE_TAGS[:8])
        if not isinstance(content.rule, Rules):
            raise Refused("rule")
        need(all(tag in sections for tag in further if tag))
        parts = [sections.get(tag) for tag in further]
        need(content.data_len == len(data) - header_len - 16 * content.section_count)
        expected = {"NAME": content.name_len, "SIGN": content.type_signature_len, "TYPE": 8 * content.type_count,
                    **lens(content)}
        need(all(sections[tag].len == length for tag, length in expected.items()))
        check_pool(sections["STRS"], data)
        check_rule(content, parts[0])
        check_finder(content, *parts[1:])
        self.content, self.sections, self.parts, self.read = content, sections, parts, None

    def ask(self, question):
        if self.read is None:
            bodies = [self.sections[tag].body for tag in ("PARM", "ABOV", "PATT", "ENTR")]
            strings = Strings(self.sections["STRS"])
            names = [strings[row.name] for row in self.sections["TYPE"].body.rows]
            symbols = [strings[row.implementation] for row in bodies[3].rows]
            self.read = family_of(self.content, *bodies, *self.parts), names, symbols
        family, names, symbols = self.read
        types = [names.index(name) if name in names else None for name in question["args"]]
        return answer(family, types, symbols)[0]


class Image:
    kind = "image"

    def __init__(self, content, data, header_len):
        sections = check_envelope(content, data, header_len, IMAGE_TAGS, IMAGE_TAGS)
        expected = {"TYPE": 8 * content.type_count, "FAMI": 64 * content.family_count,
                    "PIEC": 12 * content.piece_count, "PLAC": 12 * content.place_count}
        need(all(sections[tag].len == length for tag, length in expected.items()))
        check_pool(sections["STRS"], data)
        self.content, self.sections, self.strings = content, sections, Strings(sections["STRS"])

    def ask(self, question):
        wanted = (question["family"], question["arity"])
        rows = self.sections["FAMI"].body.rows
        row = next((row for row in rows if (self.strings[row.name], row.arity) == wanted), None)
        if row is None:
            raise BadFile(f"the image has no family {wanted[0]}/{wanted[1]}")
        parts = self.check_family(row)
        family = family_of(row, row.params, row.above, row.patterns, row.entries, *parts)
        names = [self.strings[self.sections["TYPE"].body.rows[listed].name] for listed in row.type_map]
        symbols = [self.strings[entry.implementation] for entry in row.entries.rows]
        types = [names.index(name) if name in names else None for name in question["args"]]
        found, entry = answer(family, types, symbols)
        if entry is not None:
            at = row.places[entry]
            known = {"file": self.strings[at.file], "line": at.line, "column": at.column}
            found["place"] = known if at.line else None
        return found

    def check_family(self, row):
        """What is checked when a family is first looked up; its further pieces."""
        blob_len = self.sections["BLOB"].len
        within = lambda offset, length: need(offset + length <= blob_len)
        within(row.ofs_type_map, 4 * row.type_count)
        offsets = {"PARM": row.ofs_params, "ABOV": row.ofs_above, "PATT": row.ofs_patterns, "ENTR": row.ofs_entries}
        for tag, length in lens(row).items():
            within(offsets[tag], length)
        need(row.first_piece + row.piece_count <= self.content.piece_count)
        need(row.first_place + row.entry_count <= self.content.place_count)
        pieces = {}
        for piece in row.pieces:
            piece.len = piece.row.len
            pieces.setdefault(piece.row.tag, piece)
        # Pieces that neither rule nor optimization needs may lie anywhere.
        parts = [pieces.get(tag, Missing()) for tag in further_tags(row)]
        for tag in filter(pieces.get, further_tags(row)):
            within(pieces[tag].row.offset, pieces[tag].row.len)
        check_rule(row, parts[0])
        check_finder(row, *parts[1:])
        return parts


def answer(family, types, symbols):
    """The answer in the protocol's words, and the selected entry."""
    if len(types) != family.arity:
        raise BadFile(f"{len(types)} arguments for {family.arity} positions")
    outcome = family.outcome(types)
    if outcome == NO_METHOD:
        return {"outcome": "none"}, None
    if outcome == AMBIGUOUS:
        candidates = sorted((symbols[entry] for entry in family.candidates(types)), key=str.encode)
        return {"outcome": "ambiguous", "candidates": candidates}, None
    entry = outcome - FIRST_ENTRY
    return {"outcome": "method", "implementation": symbols[entry]}, entry


def main():
    data = pathlib.Path(sys.argv[1]).read_bytes()
    try:
        parsed, header_len = parse(data)
        file = (Table if parsed.magic == Kinds.table else Image)(parsed.content, data, header_len)
    except Refused as refused:
        print(json.dumps({"refused": str(refused)}))
        return
    print(json.dumps({"opened": file.kind}))
    for line in sys.stdin:
        try:
            print(json.dumps(file.ask(json.loads(line))))
        except (BadFile, Refused, KaitaiStructError, EOFError, IndexError, ValueError) as error:
            # An index that leads nowhere and a name that is not in a list are the file's fault too.
            print(json.dumps({"error": str(error) or type(error).__name__}))


if __name__ == "__main__":
    main()
