"""The cases of the kit: the golden vectors, and what is made of them by damaging them.

Nothing here is random, so a case's name means the same bytes everywhere.
"""

import dataclasses
import json
import struct
import zlib


@dataclasses.dataclass
class Case:
    """A file and what a reader says about it."""

    name: str
    group: str
    kind: str
    data: bytes
    # A word, if the file is to be refused.
    refused: str = ""
    # A word, if a reader may refuse the file and may as well answer.
    may_refuse: str = ""
    # Rows as in the vectors' answers; one with a field `error` is of a question that has no answer.
    answers: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Layout:
    """Where a kind of file has the fields of the envelope, from SPEC.md."""

    kind: str
    header_len: int
    section_count_at: int
    total_len_at: int
    data_crc_at: int
    codec_at: int


TABLE = Layout("table", 88, 52, 64, 80, codec_at=39)
IMAGE = Layout("image", 64, 32, 48, 56, codec_at=44)


def u32(data, at):
    return struct.unpack_from("<I", data, at)[0]


def put(data, at, value, width=4):
    data[at:at + width] = value.to_bytes(width, "little")


class Draft:
    """A vector's bytes to be changed and sealed again, so that no checksum gives the change away."""

    def __init__(self, data, layout):
        self.data, self.layout = bytearray(data), layout

    def row(self, tag):
        """Where the directory's row of a section begins; nothing if there is none."""
        for index in range(u32(self.data, self.layout.section_count_at)):
            at = self.layout.header_len + 16 * index
            if self.data[at:at + 4] == tag.encode():
                return at
        return None

    def section(self, tag):
        return u32(self.data, self.row(tag) + 8)

    def sealed(self):
        layout, data = self.layout, self.data
        directory_end = layout.header_len + 16 * u32(data, layout.section_count_at)
        put(data, layout.data_crc_at, zlib.crc32(data[directory_end:]))
        crc_at = layout.header_len - 4
        put(data, crc_at, zlib.crc32(data[:crc_at] + data[layout.header_len:directory_end]))
        return bytes(data)


# Compressed vectors, and the answers of those that they decode to. Who has no decoder refuses them.
COMPRESSED = {
    "columnar.jdt": "levels-dag.answers.json",
    "columnar-wide.jdt": "wide.answers.json",
    "columnar.jdi": "shared.answers.json",
    "lz4.jdt": "levels-dag.answers.json",
    "zstd.jdt": "levels-dag.answers.json",
}


def layout_of(name):
    return IMAGE if name.endswith(".jdi") else TABLE


def vector_cases(folder):
    for path in sorted(folder.glob("*.jd[ti]")):
        kind = layout_of(path.name).kind
        refused = path.with_suffix(".refused.json")
        answers = path.with_suffix(".answers.json")
        case = Case(path.name, "vectors", kind, path.read_bytes())
        if path.name in COMPRESSED:
            case.may_refuse = "codec"
            answers = folder / COMPRESSED[path.name]
        if refused.exists():
            case.refused = json.loads(refused.read_text("utf-8"))["refused"]
        else:
            case.answers = json.loads(answers.read_text("utf-8"))
        yield case


def flip_word(layout, byte):
    """What a file with a flipped bit is refused for: what is looked at before the checksums says more."""
    if byte < 4:
        return "magic"
    if byte < 6:
        return "version_major"
    return "codec" if byte == layout.codec_at else "damaged"


def flips(case):
    """A bit in an even choice of bytes; of two files in every byte of the header."""
    layout, size = layout_of(case.name), len(case.data)
    header = range(layout.header_len) if case.name in ("dag.jdt", "shared.jdi") else ()
    for byte in sorted({*header, *range(0, size, size // 16), size - 1}):
        data = bytearray(case.data)
        data[byte] ^= 1 << (byte * 5 % 8)
        # A flip of `section_count` or `total_len` is found by the one or the other, never earlier.
        yield Case(f"flip-{byte}-{case.name}", "flips", case.kind, bytes(data), flip_word(layout, byte))


def truncations(case):
    """Prefixes, and a file that is too long."""
    layout, size = layout_of(case.name), len(case.data)
    lengths = {0, 3, 4, layout.header_len - 1, layout.header_len, size // 2, size - 8, size - 1}
    for length in sorted(lengths):
        yield Case(f"first-{length}-{case.name}", "truncations", case.kind, case.data[:length], "damaged")
    longer = case.data + bytes(8)
    yield Case(f"longer-{case.name}", "truncations", case.kind, longer, "damaged")


# Header fields that count something, with values that are too large for the bytes that are there.
TABLE_COUNTS = {"name_len": 24, "type_signature_len": 28, "entry_count": 32, "type_count": 40, "param_count": 44}
IMAGE_COUNTS = {"family_count": 20, "type_count": 24, "place_count": 28, "piece_count": 40}


def over_counts(case):
    """Counts that say more than there is, in files whose checksums are right."""
    layout = layout_of(case.name)
    counts = TABLE_COUNTS if layout is TABLE else IMAGE_COUNTS

    def made(what, change):
        draft = Draft(case.data, layout)
        change(draft)
        return Case(f"{what}-{case.name}", "over-counts", case.kind, draft.sealed(), "damaged")

    for field, at in counts.items():
        # Eight more parameters make every row longer; one more might fit into the last byte.
        yield made(f"{field}-more", lambda draft, at=at: put(draft.data, at, u32(draft.data, at) + 8))
        yield made(f"{field}-most", lambda draft, at=at: put(draft.data, at, 0xFFFFFFFF))
    # Without the seal: the directory would end behind the file.
    data = bytearray(case.data)
    put(data, layout.section_count_at, 0x10000000)
    yield Case(f"section_count-most-{case.name}", "over-counts", case.kind, bytes(data), "damaged")
    for value in (0x7FFFFFFF, 0xFFFFFFFF):
        yield made(f"strings-{value}", lambda draft, value=value: put(draft.data, draft.section("STRS"), value))
    last_row = layout.header_len + 16 * (u32(case.data, layout.section_count_at) - 1)
    yield made("section-len", lambda draft: put(draft.data, last_row + 12, u32(draft.data, last_row + 12) + 8))
    yield made("section-at-end", lambda draft: put(draft.data, last_row + 8, 0xFFFFFFF8))


def structures(folder):
    """Contradictions of other kinds, each in a vector that shows it."""

    def made(what, file, change, refused="damaged"):
        data = (folder / file).read_bytes()
        draft = Draft(data, layout_of(file))
        change(draft)
        return Case(f"{what}-{file}", "structures", layout_of(file).kind, draft.sealed(), refused)

    def in_section(tag, at, value, width=4):
        return lambda draft: put(draft.data, draft.section(tag) + at, value, width)

    def in_row(tag, at, value):
        return lambda draft: put(draft.data, draft.row(tag) + at, value)

    def renamed(tag, to, flags=None):
        def change(draft):
            at = draft.row(tag)
            draft.data[at:at + 4] = to.encode()
            if flags is not None:
                put(draft.data, at + 4, flags)
        return change

    def shifted(draft):
        at = draft.row("STRS")
        put(draft.data, at + 8, u32(draft.data, at + 8) + 4)

    for file in ("dag.jdt", "shared.jdi"):
        yield made("unaligned", file, shifted)
        yield made("overlapping", file, lambda draft: put(draft.data, draft.row("TYPE") + 8, draft.section("STRS")))
        yield made("missing", file, renamed("TYPE", "LATE", 0))
        yield made("unknown-required", file, renamed("TYPE", "LATE", 1), "required_section")
    yield made("twice", "newer-minor.jdt", renamed("LATE", "STRS"))
    yield made("data_len", "dag.jdt", lambda draft: put(draft.data, 76, u32(draft.data, 76) + 8))
    yield made("without-nodes", "dag.jdt", renamed("DDAG", "LATE", 0))
    yield made("without-classes", "hash.jdt", renamed("CLAS", "LATE", 0))
    yield made("without-rule", "levels.jdt", renamed("RULE", "LATE", 0))
    yield made("width-3", "dag.jdt", in_section("CLAS", 6, 3, 2))
    yield made("odd-nodes", "dag.jdt", lambda draft: put(draft.data, draft.row("DDAG") + 12, 81))
    yield made("no-nodes", "dag.jdt", in_row("DDAG", 12, 0))
    for bits in (0, 33):
        yield made(f"cell_bits-{bits}", "matrix.jdt", in_section("MTRX", 0, bits))
    yield made("more-classes", "matrix.jdt", in_section("CLAS", 4, 200, 2))
    for field, at in (("bucket_count", 0), ("slot_count", 4)):
        for value in (0, 1, 200, 0xFFFFFFFF):
            yield made(f"{field}-{value}", "hash.jdt", in_section("PHSH", at, value))
    yield made("form-2", "precedence.jdt", in_section("RULE", 0, 2))
    yield made("order", "precedence.jdt", in_section("RULE", 4, 0, 2))
    for value in (5, 0x40000000):
        # The lists of four types have 6 elements.
        yield made(f"lists-{value}", "precedence-lists.jdt", in_section("RULE", 8 + 4 * 4, value))
    yield made("rule-of-other-length", "precedence.jdt", lambda draft: put(draft.data, 38, 3, 1))
    for optimization in (1, 2, 99):
        change = lambda draft, value=optimization: put(draft.data, 36, value, 1)
        yield made(f"scanned-{optimization}", "custom.jdt", change)


def bad_accesses(folder):
    """Files that open, for each count fits, and say something impossible where a question meets it."""

    def made(what, file, change, meets=lambda row: True):
        draft = Draft((folder / file).read_bytes(), layout_of(file))
        change(draft)
        rows = json.loads((folder / file).with_suffix(".answers.json").read_text("utf-8"))
        answers = [{**row, "error": True} if meets(row) else row for row in rows]
        return Case(f"{what}-{file}", "accesses", layout_of(file).kind, draft.sealed(), answers=answers)

    def root(value):
        return lambda draft: put(draft.data, draft.section("DDAG"), value)

    yield made("no-such-entry", "dag.jdt", root(0x80000002 + 4))
    yield made("no-such-word", "dag.jdt", root(0x7FFFFFFF))
    yield made("root-is-itself", "dag.jdt", root(0))

    def circle(draft):
        # The root's child of any other type is the root's node again.
        put(draft.data, draft.section("DDAG") + 8, 1)

    yield made("circle", "dag.jdt", circle, lambda row: row["args"][0] in (None, "geo::Unrelated"))
    yield made("no-such-position", "dag.jdt", lambda draft: put(draft.data, draft.section("DDAG") + 4, 0x402))
    yield made("no-classes", "dag.jdt", lambda draft: put(draft.data, draft.section("DDAG") + 4, 0))

    def full_cells(draft):
        at = draft.section("MTRX") + 4
        end = draft.section("MTRX") + u32(draft.data, draft.row("MTRX") + 12) - 7
        draft.data[at:end] = b"\xff" * (end - at)

    yield made("no-such-entry", "matrix.jdt", full_cells)

    def full_slots(draft):
        at, end = draft.section("PHSH"), draft.section("PHSH") + u32(draft.data, draft.row("PHSH") + 12)
        for slot in range(end - 8 * u32(draft.data, at + 4), end, 8):
            put(draft.data, slot + 4, 6)

    yield made("no-such-entry", "hash.jdt", full_slots, lambda row: row["outcome"] != "none")

    # One family of an image cannot be read; the others can. In name order `geo::area` is the first.
    def first_family(row):
        return row["family"] == "geo::area"

    def in_first_family(at, value, width=4):
        return lambda draft: put(draft.data, draft.section("FAMI") + at, value, width)

    yield made("rule-99", "mixed.jdi", in_first_family(5, 99, 1), first_family)
    yield made("owners-rule-without-name", "mixed.jdi", in_first_family(5, 255, 1), first_family)
    for field, at in (("entry_count", 20), ("type_count", 24), ("param_count", 28), ("piece_count", 56)):
        for value in (0x1000, 0xFFFFFFFF):
            yield made(f"{field}-{value}", "mixed.jdi", in_first_family(at, value), first_family)
    for field, at in (("type_map", 32), ("params", 36), ("above", 40), ("patterns", 44), ("entries", 48)):
        yield made(f"{field}-at-end", "mixed.jdi", in_first_family(at, 0xFFFFFFF8), first_family)

    def without_rules(draft):
        at, len_at = draft.section("PIEC"), draft.row("PIEC") + 12
        for row in range(at, at + u32(draft.data, len_at), 12):
            if draft.data[row:row + 4] == b"RULE":
                draft.data[row:row + 4] = b"LATE"

    ruled = ("k::meet", "k::found", "r::pick", "r::scanned")
    yield made("without-rules", "mixed.jdi", without_rules, lambda row: row["family"] in ruled)


def all_cases(folder):
    """Every case, with names that differ."""
    vectors = list(vector_cases(folder))
    cases = list(vectors)
    for case in vectors:
        # Damage to a file that is refused anyway says nothing; long ones are left to the others.
        if not case.refused and not case.may_refuse and len(case.data) < 4096:
            cases += [*flips(case), *truncations(case), *over_counts(case)]
        if case.may_refuse:
            damaged = [*flips(case), *truncations(case)]
            cases += [dataclasses.replace(one, may_refuse=case.may_refuse) for one in damaged]
    cases += [*structures(folder), *bad_accesses(folder)]
    names = [case.name for case in cases]
    assert len(names) == len(set(names)), "two cases have one name"
    return cases
