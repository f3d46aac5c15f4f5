"""Readers of what lies beside packs in a cache: removal records, history and recency."""

import struct
import zlib

from pack_bytes import check_crc, file_name, record, require

DEAD_MAGIC = bytes.fromhex("4A4344440D0A1A00")
HISTORY_MAGIC = bytes.fromhex("4A4348530D0A1A00")
REASONS = {1: "damaged", 2: "evicted"}
DEAD_HEADER = ("<8sIIQII", "magic version record_count created_unix_s reserved crc32")
DEAD_RECORD = ("<16s32sB7s", "pack_id key reason reserved")
HISTORY_HEADER = ("<8sIIQQQQQII", "magic version access_count ended_unix_s hits misses failures saved_ns left_out"
                  " crc32")
HISTORY_ACCESS = ("<6sHHH", "key stored_bytes rebuild_cost_ns hits")


def read_dead(data):
    head = record(data, 0, DEAD_HEADER, "header")
    require(head["magic"] == DEAD_MAGIC, 0, "not the magic of removal records")
    require(head["version"] == 1, 8, f"version {head['version']} is not known")
    require(len(data) == 32 + 56 * head["record_count"], 12, f"{head['record_count']} records in {len(data)} bytes")
    check_crc(head["crc32"], data[:28] + data[32:], 28, "file")
    require(head["reserved"] == 0, 24, "reserved bytes are not zero")
    told = []
    for at in range(32, len(data), 56):
        removal = record(data, at, DEAD_RECORD, "record")
        require(removal["reason"] in REASONS, at + 48, f"reason {removal['reason']} is not known")
        require(removal["reserved"] == bytes(7), at + 49, "reserved bytes are not zero")
        told.append({"pack": file_name(removal["pack_id"]), "key": removal["key"].hex(),
                     "reason": REASONS[removal["reason"]]})
    return {"created_unix_s": head["created_unix_s"], "removed": told}


def read_recency(data, entry_count):
    """Nothing, where the file is not as long as its pack has entries."""
    if len(data) != 4 * entry_count:
        return {"ignored": f"{len(data)} bytes for {entry_count} entries"}
    return {"uses": [{"hour": word >> 10, "hits": word & 1023} for word, in struct.iter_unpack("<I", data)]}


def rounded(number):
    exponent, mantissa = number >> 10, number & 1023
    if exponent > 54:
        return 2**64 - 1
    return mantissa if exponent == 0 else (1024 + mantissa) << exponent - 1


def session(data, at):
    """The session's record that begins here, and its length; nothing if there is none."""
    if len(data) < at + 64:
        return None
    head = record(data, at, HISTORY_HEADER, "session")
    size = 64 + 12 * head["access_count"]
    covered = data[at:at + 60] + data[at + 64:at + size]
    if head["version"] != 1 or len(data) < at + size or zlib.crc32(covered) != head["crc32"]:
        return None
    told = {field: head[field] for field in HISTORY_HEADER[1].split()[3:-1]}
    told["accesses"] = [
        {"key": key.hex(), "stored_bytes": rounded(stored), "rebuild_cost_ns": rounded(cost), "hits": hits}
        for key, stored, cost, hits in struct.iter_unpack(HISTORY_ACCESS[0], data[at + 64:at + size])]
    return told, size


def read_history(data):
    """Sessions, and how many bytes were passed over because they are of none."""
    told, passed, at = [], 0, 0
    while at < len(data):
        found = session(data, at) if data.startswith(HISTORY_MAGIC, at) else None
        if found:
            told.append(found[0])
            at += found[1]
            continue
        following = data.find(HISTORY_MAGIC, at + 1)
        following = len(data) if following < 0 else following
        passed, at = passed + following - at, following
    return {"sessions": told, "passed_over_bytes": passed}
