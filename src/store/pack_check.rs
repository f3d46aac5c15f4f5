//! What each fixed part of a pack promises by itself: checked at every open and first read, and by the
//! deep check.

use zerocopy::FromBytes;

use super::entry::{EntryKind, MAX_CONTENT_BYTES};
use super::index;
use super::lookup::{Damage, MissReason};
use super::pack_codec::PackCodec;
use super::pack_format::{
    DictionaryHeader, ENTRY_HEADER_BYTES, ENTRY_LOOSE, EntryHeader, FOOTER_BYTES, FOOTER_MAGIC, HEADER_MAGIC,
    MAX_DICTIONARY_BYTES, PACK_SYNCED, PLAIN_VERSION, PackFooter, PackHeader, PackId, SECOND_VERSION,
    Sections,
};
use crate::codec::Codec;

const fn is_known(version: u32) -> bool {
    matches!(version, PLAIN_VERSION | SECOND_VERSION)
}

/// A header's own promises, and the identity it must have.
pub(super) fn check_header(bytes: &[u8], id: PackId) -> Result<PackHeader, MissReason> {
    let damaged = |what| MissReason::Damaged { pack: id, what };
    let header = PackHeader::read_from_bytes(bytes).map_err(|_| damaged(Damage::TooShort))?;
    let found = header.version.get();
    if header.magic != HEADER_MAGIC {
        return Err(damaged(Damage::Header));
    }
    // Another version may keep its checksum elsewhere, so its number is believed first.
    if !is_known(found) {
        return Err(MissReason::WrongVersion { pack: id, found, supported: SECOND_VERSION });
    }
    if header.crc32.get() != header.computed_crc() {
        return Err(damaged(Damage::Header));
    }
    if header.flags.get() & !PACK_SYNCED != 0 || header.reserved != [0; 4] {
        return Err(damaged(Damage::Header));
    }
    if header.pack_id != *id.as_bytes() {
        return Err(damaged(Damage::Structure));
    }
    Ok(header)
}

/// A footer's own promises, and that its numbers fit the file.
pub(super) fn check_footer(
    bytes: &[u8],
    id: PackId,
    file_bytes: u64,
) -> Result<(PackFooter, Sections), Damage> {
    let footer = PackFooter::read_from_bytes(bytes).map_err(|_| Damage::TooShort)?;
    let version = footer.version.get();
    // In the first version the dictionary's length is reserved bytes.
    let says_what_it_has = footer.dictionary_bytes.get() == 0 || version == SECOND_VERSION;
    let sound = footer.magic == FOOTER_MAGIC
        && footer.crc32.get() == footer.computed_crc()
        && is_known(version)
        && says_what_it_has;
    if !sound {
        return Err(Damage::Footer);
    }
    let sections = Sections::of(&footer).ok_or(Damage::Structure)?;
    let fits = footer.pack_id == *id.as_bytes()
        && footer.file_bytes.get() == file_bytes
        && sections.dictionary_bytes <= MAX_DICTIONARY_BYTES + size_of::<DictionaryHeader>() as u64
        && sections.footer_at.checked_add(FOOTER_BYTES) == Some(file_bytes)
        && u64::from(footer.slot_count.get()) == index::slot_count(u64::from(footer.entry_count.get()));
    if fits { Ok((footer, sections)) } else { Err(Damage::Structure) }
}

/// An entry header's own promises. Whether the pack has the dictionary that it may need is for the pack
/// to say.
pub(super) fn check_entry_header(header: &EntryHeader, id: PackId, at: u64) -> Result<(), Damage> {
    if header.header_crc32.get() != header.computed_crc(id, at) {
        return Err(Damage::EntryHeader);
    }
    let known = header.flags.get() & !ENTRY_LOOSE == 0
        && !(header.is_shared() && header.is_loose())
        && EntryKind::from_byte(header.kind).is_some()
        && PackCodec::from_byte(header.codec).is_some()
        && header.decoded_bytes.get() <= MAX_CONTENT_BYTES;
    // An object is a file of many packs, and none of their dictionaries is its.
    let known = known && !(header.is_loose() && header.codec == PackCodec::Dictionary.to_byte());
    let plain = header.codec != Codec::None.to_byte() || header.stored_bytes == header.decoded_bytes;
    if known && plain { Ok(()) } else { Err(Damage::Unknown) }
}

/// The bytes of an entry that shares those of an earlier one: a sound entry that holds as much, in the same codec.
pub(super) fn shared_bytes<'a>(
    bytes: &'a [u8],
    at: u64,
    header: &EntryHeader,
    before: &[(u64, EntryHeader)],
) -> Option<&'a [u8]> {
    let held = header.held_range(at)?;
    let owner_at = held.start - ENTRY_HEADER_BYTES;
    let (_, owner) = before.get(before.binary_search_by_key(&owner_at, |(at, _)| *at).ok()?)?;
    let is_alike = !owner.is_shared()
        && !owner.is_loose()
        && (owner.codec, owner.stored_bytes) == (header.codec, header.stored_bytes);
    bytes.get(held.start as usize..held.end as usize).filter(|_| is_alike)
}
