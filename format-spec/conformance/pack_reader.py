#!/usr/bin/env python3
"""A reader of packs, removal records, recency and history, written from ../PACK.md alone.

    python3 format-spec/conformance/pack_reader.py FILE...

Checks every byte of each file, and prints what it holds as JSON, a line for each file. Of a file that is damaged it
says in one line what is wrong and where, and exits with 1. What a file is, its name tells: `.pack`, `.dead`, or a
folder `recency` or `history`. Python 3.9 or later; to decode contents it needs the packages `zstandard` and `lz4`, and
`blake3` for their digests. Without them it checks all the rest, and the digest is null.
"""

import json
import pathlib
import re
import struct
import sys

from pack_bytes import (
    CODECS, DICTIONARY_MAGIC, ZSTD, ZSTD_DICTIONARY, Damage, aligned, check_crc, check_zero, decoded, dictionary_number,
    digest, file_name, module, record, require, take)
from pack_neighbours import read_dead, read_history, read_recency

MIB = 1 << 20
PACK_MAGIC = bytes.fromhex("4A43504B0D0A1A00")
FOOTER_MAGIC = bytes.fromhex("4A43504B454E440A")
KINDS = {1: "dispatch-table", 2: "file-ir", 3: "function-ir", 4: "combined-output", 5: "package-artifact"}
NO_TRACE = 0xFFFFFFFF

# The structs, field for field as in PACK.md.
PACK_HEADER = ("<8sII16sQ16sII", "magic version flags pack_id created_unix_s boot_id reserved crc32")
ENTRY_HEADER = ("<32sBBHIQQQQIIIIIIII", "key kind codec flags ordinal stored_bytes decoded_bytes created_unix_s"
                " rebuild_cost_ns project producer language trace_block trace_at shared_back inline_crc32 header_crc32")
TRACE_BLOCK = ("<IIB3sI", "decoded_bytes stored_bytes codec reserved crc32")
SIZED_RECORD = ("<II", "bytes crc32")
PACK_FOOTER = ("<16sIIIIQQQIIQQQQQIIII8s", "pack_id entry_count loose_count slot_count max_probe entries_bytes"
               " traces_bytes strings_bytes filter_blocks version file_bytes decoded_bytes loose_bytes"
               " min_created_unix_s max_created_unix_s index_crc32 filter_crc32 dictionary_bytes crc32 magic")


def pack_header(data, path):
    header = record(data, 0, PACK_HEADER, "pack header")
    require(header["magic"] == PACK_MAGIC, 0, "not the magic of a pack")
    require(header["version"] in (1, 2), 8, f"version {header['version']} is not known")
    check_crc(header["crc32"], data[:60], 60, "pack header")
    require(header["flags"] <= 1, 12, f"flags {header['flags']:#x} are not known")
    require(header["reserved"] == 0, 56, "reserved bytes are not zero")
    name, given = file_name(header["pack_id"]), path.stem
    named_by_identity = re.fullmatch("[0-9a-f]{16}-[0-9a-f]{16}", given)
    require(not named_by_identity or given == name, 16, f"the identity is {name}, the file's name {given}")
    return header


def pack_footer(data, header):
    at = len(data) - 128
    require(at >= 64, 0, f"{len(data)} bytes are too few for a header and a footer")
    footer = record(data, at, PACK_FOOTER, "pack footer")
    require(footer["magic"] == FOOTER_MAGIC, at + 120, "not the magic of a footer")
    check_crc(footer["crc32"], data[at:at + 116], at + 116, "pack footer")
    for field in ("pack_id", "version"):
        require(footer[field] == header[field], at, f"{field} of the footer is not the header's")
    require(footer["file_bytes"] == len(data), at + 64, f"file_bytes is not the file's length, {len(data)}")
    require(footer["dictionary_bytes"] == 0 or header["version"] == 2, at + 112, "a dictionary in version 1")
    return footer


def sections(data, footer):
    """Where each section begins and ends, after the bytes between them were found to be zero."""
    sizes = [("entries", footer["entries_bytes"]), ("traces", footer["traces_bytes"]),
             ("strings", footer["strings_bytes"]), ("dictionary", footer["dictionary_bytes"]),
             ("index", 8 * footer["slot_count"]), ("filter", 32 * footer["filter_blocks"])]
    places, end = {}, 64
    footer_at = len(data) - 128
    for name, size in sizes + [("footer", 128)]:
        start = aligned(end, 64)
        require(start + size <= len(data), footer_at, f"section {name} ends at {start + size}, behind the file")
        check_zero(data, end, start, f"the gap before section {name}")
        places[name], end = (start, start + size), start + size
    require(end == len(data), footer_at, f"the sections end at {end}, the file at {len(data)}")
    return places


def sized_records(data, place, limit, what):
    """`StringRecord`s and `DictionaryHeader`s: a length, a CRC, and the bytes; by offset in their section."""
    found, (at, end) = {}, place
    while at < end:
        head = record(data[:end], at, SIZED_RECORD, what)
        require(head["bytes"] <= limit, at, f"{what} of {head['bytes']} bytes; at most {limit}")
        body = take(data[:end], at + 8, head["bytes"], what)
        check_crc(head["crc32"], data[at:at + 4] + body, at + 4, what)
        found[at - place[0]] = body
        at += 8 + len(body)
    return found


def strings(data, place):
    try:
        return {at: text.decode() for at, text in sized_records(data, place, 4096, "string").items()}
    except UnicodeDecodeError as error:
        raise Damage(f"byte {place[0]}: a string in this section is not UTF-8: {error}") from error


def pack_dictionary(data, place):
    found = list(sized_records(data, place, MIB, "dictionary").values())
    if not found:
        return b""
    require(len(found) == 1, place[0], "more than one dictionary")
    known = len(found[0]) >= 8 and found[0][:4] == DICTIONARY_MAGIC
    require(known and dictionary_number(found[0]) != 0, place[0] + 8, "not a Zstandard dictionary with a number")
    return found[0]


def trace_blocks(data, place):
    """Texts of traces by the offset of their block and their offset in it."""
    found, (at, end) = {}, place
    while at < end:
        head = record(data[:end], at, TRACE_BLOCK, "trace block")
        stored = take(data[:end], at + 16, head["stored_bytes"], "trace block")
        check_crc(head["crc32"], data[at:at + 12] + stored, at + 12, "trace block")
        require(head["reserved"] == bytes(3), at + 9, "reserved bytes are not zero")
        require(head["codec"] <= ZSTD, at + 8, f"codec {head['codec']} of a trace block is not known")
        require(head["decoded_bytes"] <= 4_259_844, at, "a trace block of more than 4,259,844 bytes")
        block = decoded(stored, head["codec"], head["decoded_bytes"], at + 16)
        found[at - place[0]] = None if block is None else traces_of(block, at)
        at += 16 + len(stored)
    return found


def traces_of(block, block_at):
    found, at = {}, 0
    while at < len(block):
        size = int.from_bytes(block[at:at + 4], "little")
        require(at + 4 + size <= len(block), block_at, f"the trace at {at} of this block ends behind it")
        try:
            found[at] = block[at + 4:at + 4 + size].decode()
        except UnicodeDecodeError as error:
            raise Damage(f"byte {block_at}: the trace at {at} of this block is not UTF-8: {error}") from error
        at += 4 + size
    return found


def shared_content(head, at, before):
    """The inline bytes of the earlier entry that this one names."""
    owner = next((entry for entry in before if entry["at"] == at - 8 * head["shared_back"]), None)
    require(owner is not None, at + 92, "no entry begins where the shared content is said to be")
    alike = all(owner[field] == head[field] for field in ("codec", "stored_bytes"))
    require(alike and not (owner["shared_back"] or owner["flags"] or head["flags"]), at + 92,
            "an entry whose content cannot be shared")
    return owner["inline"]


def entry_headers(data, place, pack_id, version):
    """Headers and inline bytes, in file order."""
    found, (at, end) = [], place
    while at < end:
        head = record(data[:end], at, ENTRY_HEADER, "entry header")
        check_crc(head["header_crc32"], pack_id + struct.pack("<Q", at) + data[at:at + 100], at + 100, "entry header")
        require(head["kind"] in KINDS, at + 32, f"kind {head['kind']} is not known")
        require(head["codec"] in CODECS, at + 33, f"codec {head['codec']} is not known")
        require(head["flags"] <= 1, at + 34, f"flags {head['flags']:#x} are not known")
        require(head["ordinal"] == len(found), at + 36, f"ordinal {head['ordinal']} of entry {len(found)}")
        require(head["decoded_bytes"] <= 1024 * MIB, at + 48, "content of more than 1 GiB")
        require(not (head["flags"] and head["codec"] == ZSTD_DICTIONARY), at + 33, "a loose entry with the dictionary")
        if head["shared_back"]:
            require(version == 2, at + 92, "a shared content in version 1")
            inline, inline_end = shared_content(head, at, found), at + 104
        else:
            inline = take(data[:end], at + 104, 32 if head["flags"] else head["stored_bytes"], "inline bytes")
            inline_end = at + 104 + len(inline)
        check_crc(head["inline_crc32"], inline, at + 96, "inline bytes")
        check_zero(data, inline_end, aligned(inline_end, 8), "the byte behind an entry")
        found.append(dict(head, at=at, inline=inline))
        at = aligned(inline_end, 8)
    require(at == end, place[0], f"the entries end at {at}, their section at {end}")
    return found


def trace_text(head, traces):
    block, at = head["trace_block"], head["trace_at"]
    if block == NO_TRACE:
        require(at == 0, head["at"] + 88, "trace_at without a trace")
        return None
    require(block in traces, head["at"] + 84, f"no trace block begins at {block}")
    if traces[block] is None:
        return None
    require(at in traces[block], head["at"] + 88, f"no trace begins at {at} of block {block}")
    return traces[block][at]


def stored_content(head, path):
    """The stored bytes, or nothing where the loose object is not there, which is a miss and no damage."""
    if not head["flags"]:
        return head["inline"]
    name = head["inline"].hex()
    place = path.parent.parent / "objects" / name[:2] / name
    if not place.exists():
        return None
    stored = place.read_bytes()
    require(len(stored) == head["stored_bytes"], head["at"] + 40, f"object {name} has {len(stored)} bytes")
    require(digest(stored) in (None, name), head["at"] + 104, f"object {name} has other bytes than its name says")
    return stored


def entry(head, path, texts, traces, dictionary):
    """What is told of an entry, after all that it refers to was found."""
    at, stored = head["at"], stored_content(head, path)
    with_dictionary = head["codec"] == ZSTD_DICTIONARY
    require(dictionary or not with_dictionary, at + 33, "codec 4 in a pack without a dictionary")
    content = None if stored is None else decoded(
        stored, head["codec"], head["decoded_bytes"], at + 104, dictionary if with_dictionary else b"")
    told = {"key": head["key"].hex(), "kind": KINDS[head["kind"]], "codec": CODECS[head["codec"]],
            "bytes": head["decoded_bytes"], "stored_bytes": head["stored_bytes"], "blake3": digest(content),
            "loose": bool(head["flags"]), "missing": stored is None, "trace": trace_text(head, traces)}
    for field, offset in (("project", 72), ("producer", 76), ("language", 80)):
        require(head[field] in texts, at + offset, f"no string begins at {head[field]}")
        told[field] = texts[head[field]]
    return {**told, **{field: head[field] for field in ("created_unix_s", "rebuild_cost_ns")}}


def check_index(data, place, entries, footer):
    """Each entry is in one slot, where a probe finds it; each slot is of an entry."""
    start, count = place[0], footer["slot_count"]
    check_crc(footer["index_crc32"], data[slice(*place)], start, "index")
    require(count == footer["entry_count"] * 5 // 3 + 1, start, f"{count} slots for {len(entries)} entries")
    table = enumerate(struct.iter_unpack("<II", data[slice(*place)]))
    slots = {8 * at: (slot, mark) for slot, (mark, at) in table if at}
    used = {slot for slot, _ in slots.values()}
    require(len(used) == len(slots) == len(entries), start, f"{len(slots)} filled slots for {len(entries)} entries")
    most = 0
    for head in entries:
        require(head["at"] in slots, start, f"no slot has the entry at {head['at']}")
        slot, mark = slots[head["at"]]
        require(mark == int.from_bytes(head["key"][8:12], "little"), start + 8 * slot, "a fingerprint of another key")
        home = int.from_bytes(head["key"][:8], "little") * count >> 64
        steps = (slot - home) % count
        most = max(most, steps)
        require(all((home + step) % count in used for step in range(steps)), start + 8 * slot, "behind an empty slot")
    require(most == footer["max_probe"], start, f"max_probe is {footer['max_probe']}, {most} steps are needed")


def check_filter(data, place, entries, footer):
    """The filter has the bits of the keys and no others."""
    check_crc(footer["filter_crc32"], data[slice(*place)], place[0], "filter")
    require(footer["filter_blocks"] > 0, place[0], "no block in the filter")
    expected = [0] * (8 * footer["filter_blocks"])
    for head in entries:
        block, bits = (int.from_bytes(head["key"][at:at + 8], "little") for at in (16, 24))
        block = block * footer["filter_blocks"] >> 64
        for word in range(8):
            expected[8 * block + word] |= 1 << (bits >> 5 * word & 31)
    require(struct.pack(f"<{len(expected)}I", *expected) == data[slice(*place)], place[0], "other bits than the keys'")


def check_sums(entries, footer, footer_at):
    loose = [head for head in entries if head["flags"]]
    times = [head["created_unix_s"] for head in entries]
    expected = {"entry_count": len(entries), "loose_count": len(loose),
                "min_created_unix_s": min(times, default=2**64 - 1), "max_created_unix_s": max(times, default=0),
                "decoded_bytes": sum(head["decoded_bytes"] for head in entries),
                "loose_bytes": sum(head["stored_bytes"] for head in loose)}
    for field, value in expected.items():
        require(footer[field] == value, footer_at, f"{field} is {footer[field]}, the entries make it {value}")
    require(len({head["key"] for head in entries}) == len(entries), 64, "a key occurs twice")


def read_pack(data, path):
    header = pack_header(data, path)
    footer = pack_footer(data, header)
    places = sections(data, footer)
    entries = entry_headers(data, places["entries"], header["pack_id"], header["version"])
    check_sums(entries, footer, places["footer"][0])
    check_index(data, places["index"], entries, footer)
    check_filter(data, places["filter"], entries, footer)
    texts, traces = strings(data, places["strings"]), trace_blocks(data, places["traces"])
    dictionary = pack_dictionary(data, places["dictionary"])
    told = [entry(head, path, texts, traces, dictionary) for head in entries]
    return {"pack": file_name(header["pack_id"]), "version": header["version"], "synced": bool(header["flags"]),
            "created_unix_s": header["created_unix_s"], "dictionary_bytes": len(dictionary), "entries": told}


def entry_count(pack):
    data = pack.read_bytes()
    return pack_footer(data, pack_header(data, pack))["entry_count"]


def read(path):
    data, folder = path.read_bytes(), path.parent
    if path.suffix == ".pack":
        return read_pack(data, path)
    if path.suffix == ".dead":
        return read_dead(data)
    if folder.name == "history":
        return read_history(data)
    require(folder.name == "recency", 0, "neither .pack nor .dead, nor in a folder history or recency")
    return read_recency(data, entry_count(folder.parent / "packs" / f"{path.name}.pack"))


def main():
    for name in ("zstandard", "lz4.block", "blake3"):
        if not module(name):
            print(f"{name} is not installed: what needs it is not decoded", file=sys.stderr)
    wrong = 0
    for path in map(pathlib.Path, sys.argv[1:]):
        try:
            line = json.dumps({"file": path.name, **read(path)}, sort_keys=True)
        except (Damage, OSError) as error:
            line, wrong = f"{path}: {error}", 1
        print(line)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
