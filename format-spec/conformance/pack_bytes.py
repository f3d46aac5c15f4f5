"""Bytes, checksums and codecs as PACK.md uses them: what every reader of its files needs."""

import importlib
import struct
import zlib

DICTIONARY_MAGIC = bytes.fromhex("37A430EC")
STORED, LZ4, ZSTD, ZSTD_DICTIONARY = 0, 1, 2, 4
CODECS = {STORED: "none", LZ4: "lz4", ZSTD: "zstd", ZSTD_DICTIONARY: "zstd+dictionary"}


class Damage(Exception):
    """What is wrong, and where."""


def require(fits, at, what):
    if not fits:
        raise Damage(f"byte {at}: {what}")


def take(data, at, size, what):
    """The bytes `at..at + size`, which have to be there."""
    require(at + size <= len(data), at, f"{what} of {size} bytes ends behind its section, at {len(data)}")
    return data[at:at + size]


def record(data, at, layout, what):
    form, names = layout
    return dict(zip(names.split(), struct.unpack(form, take(data, at, struct.calcsize(form), what))))


def check_crc(found, covered, at, what):
    actual = zlib.crc32(covered)
    require(found == actual, at, f"{what} has CRC-32 {actual:08x}, and states {found:08x}")


def check_zero(data, start, end, what):
    for at in range(start, end):
        require(data[at] == 0, at, f"{what} is {data[at]:#04x}, not zero")


def aligned(at, unit):
    return -(-at // unit) * unit


def module(name):
    """A package that may be missing."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def file_name(pack_id):
    return f"{pack_id[:8].hex()}-{pack_id[8:].hex()}"


def dictionary_number(dictionary):
    return struct.unpack_from("<I", dictionary, 4)[0]


def inflate(stored, size, dictionary):
    """Zstandard frames to at most one byte more than `size`."""
    zstandard = module("zstandard")
    named = zstandard.get_frame_parameters(stored).dict_id
    expected = dictionary_number(dictionary) if dictionary else 0
    if named != expected:
        raise ValueError(f"the frame names dictionary {named}, not {expected}")
    data = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
    reader = zstandard.ZstdDecompressor(dict_data=data).stream_reader(stored, read_across_frames=True)
    return reader.read(size + 1)


def decoded(stored, codec, size, at, dictionary=b""):
    """The content, or nothing where its decoder is missing."""
    if codec != STORED and not module("lz4.block" if codec == LZ4 else "zstandard"):
        return None
    try:
        if codec == STORED:
            content = stored
        elif codec == LZ4:
            content = module("lz4.block").decompress(stored, uncompressed_size=size)
        else:
            content = inflate(stored, size, dictionary)
    except Exception as error:  # Each package has its own classes for damage.
        raise Damage(f"byte {at}: {CODECS[codec]} content does not decode: {error}") from error
    require(len(content) == size, at, f"content decodes to {len(content)} bytes or more, and states {size}")
    return content


def digest(content):
    blake3 = module("blake3")
    return blake3.blake3(content).hexdigest() if blake3 and content is not None else None
