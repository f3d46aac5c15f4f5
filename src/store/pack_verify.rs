//! The deep check of a pack: finds every changed byte, and says which entries are sound in spite of
//! it. Works on any bytes, also where header or footer are of no use: sections follow each other
//! without gaps, and every part has a checksum of its own, so they are found again from the front.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use zerocopy::FromBytes;

use super::entry::EntryKey;
use super::lookup::{Damage, MissReason};
use super::pack_check::{check_entry_header, check_footer, check_header, shared_bytes};
use super::pack_codec::{Frame, PackCodec};
use super::pack_format::{
    ENTRY_ALIGN, ENTRY_HEADER_BYTES, EntryHeader, FOOTER_BYTES, HEADER_BYTES, NO_TRACE, PackFooter, PackId,
    Sections,
};
use super::{filter, index, pack_dictionary, pack_salvage, text};
use crate::codec::Dictionary;
use crate::digest::crc32;

/// One place that is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) at_bytes: u64,
    pub(super) key: Option<EntryKey>,
    pub(super) what: Damage,
}

/// A sound entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct SoundEntry {
    pub(super) at: u64,
    pub(super) header: EntryHeader,
    /// Its trace is sound, or it has none.
    pub(super) trace_is_sound: bool,
}

/// What the deep check found.
#[derive(Default)]
pub(super) struct Verified {
    pub(super) problems: Vec<Problem>,
    pub(super) sound: Vec<SoundEntry>,
    /// Set when the pack seems to be of another version.
    pub(super) version: Option<u32>,
    /// The dictionary, if there is one and it is sound.
    pub(super) dictionary: Option<Dictionary>,
    strings: Range<usize>,
    traces: Range<usize>,
}

impl Verified {
    fn report(&mut self, at_bytes: u64, what: Damage) {
        self.problems.push(Problem { at_bytes, key: None, what });
    }

    fn report_entry(&mut self, at_bytes: u64, header: &EntryHeader, what: Damage) {
        self.problems.push(Problem { at_bytes, key: Some(EntryKey::from_bytes(header.key)), what });
    }

    /// The strings section of the same bytes.
    pub(super) fn strings<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        bytes.get(self.strings.clone()).unwrap_or_default()
    }

    /// The traces section of the same bytes.
    pub(super) fn traces<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        bytes.get(self.traces.clone()).unwrap_or_default()
    }
}

/// Checks every byte of a pack that is named `id`.
pub(super) fn verify(bytes: &[u8], id: PackId) -> Verified {
    let mut found = Verified::default();
    let mut header_version = None;
    match check_header(bytes.get(..HEADER_BYTES as usize).unwrap_or(bytes), id) {
        Ok(header) => header_version = Some(header.version),
        Err(MissReason::WrongVersion { found: version, .. }) => {
            found.version = Some(version);
            found.report(0, Damage::Header);
        }
        Err(MissReason::Damaged { what, .. }) => found.report(0, what),
        Err(_) => found.report(0, Damage::Header),
    }
    let footer_at = (bytes.len() as u64).saturating_sub(FOOTER_BYTES);
    let known =
        match check_footer(bytes.get(footer_at as usize..).unwrap_or_default(), id, bytes.len() as u64) {
            Ok(known) => {
                if header_version.is_some_and(|version| version != known.0.version) {
                    found.report(footer_at, Damage::Structure);
                }
                Some(known)
            }
            Err(what) => {
                found.report(footer_at, what);
                None
            }
        };
    let limit = known.as_ref().map_or(bytes.len() as u64, |(_, sections)| sections.entries_end);
    let (entries, entries_end) = walk_entries(bytes, id, limit, known.is_some(), &mut found);
    let sections = match &known {
        Some((_, sections)) => *sections,
        None => pack_salvage::derive_sections(bytes, entries_end),
    };
    let section = bytes.get(as_range(sections.dictionary_at, sections.dictionary_bytes)).unwrap_or_default();
    found.dictionary = pack_dictionary::dictionary_of(section);
    if found.dictionary.is_none() && sections.dictionary_bytes > 0 {
        found.report(sections.dictionary_at, Damage::Dictionary);
    }
    found.traces = as_range(sections.traces_at, sections.traces_bytes);
    found.strings = as_range(sections.strings_at, sections.strings_bytes);
    if let Err(at) = text::verify_strings(found.strings(bytes)) {
        found.report(sections.strings_at + at, Damage::Name);
    }
    if let Err(at) = text::verify_traces(found.traces(bytes)) {
        found.report(sections.traces_at + at, Damage::Trace);
    }
    check_references(bytes, &entries, &mut found);
    if let Some((footer, sections)) = &known {
        check_lookup_tables(bytes, footer, sections, &entries, &mut found);
        check_totals(footer, sections, &entries, &mut found);
        check_gaps(bytes, sections, &mut found);
    }
    found
}

fn as_range(at: u64, bytes: u64) -> Range<usize> {
    at as usize..(at + bytes) as usize
}

fn header_at(bytes: &[u8], id: PackId, at: u64) -> Result<EntryHeader, Damage> {
    let rest = bytes.get(at as usize..).unwrap_or_default();
    let (header, _) = EntryHeader::read_from_prefix(rest).map_err(|_| Damage::TooShort)?;
    check_entry_header(&header, id, at)?;
    Ok(header)
}

/// Entries whose header and content are sound, and where the section ends.
fn walk_entries(
    bytes: &[u8],
    id: PackId,
    limit: u64,
    limit_is_known: bool,
    found: &mut Verified,
) -> (Vec<(u64, EntryHeader)>, u64) {
    let mut entries = Vec::new();
    let (mut at, mut end, mut next_ordinal) = (HEADER_BYTES, HEADER_BYTES, 0);
    while at < limit {
        let header = match header_at(bytes, id, at) {
            Ok(header) => header,
            Err(what) => {
                // A header is bound to its place, so the next sound one is really the next entry.
                let next = (at + ENTRY_ALIGN..limit).step_by(ENTRY_ALIGN as usize);
                let next = next.into_iter().find(|next| header_at(bytes, id, *next).is_ok());
                // Without a footer this is most likely the end of the entries.
                if limit_is_known || next.is_some() {
                    found.report(at, what);
                }
                match next {
                    Some(next) => at = next,
                    None => break,
                }
                next_ordinal = u32::MAX;
                continue;
            }
        };
        let start = at + ENTRY_HEADER_BYTES;
        let inline_end = start.saturating_add(header.inline_bytes());
        let next = header.next_at(at).unwrap_or(u64::MAX);
        let (Some(inline), Some(padding)) = (
            bytes.get(start as usize..inline_end as usize).filter(|_| inline_end <= limit),
            bytes.get(inline_end as usize..next as usize).filter(|_| next <= limit),
        ) else {
            found.report_entry(at, &header, Damage::Structure);
            at += ENTRY_ALIGN;
            continue;
        };
        if padding.iter().any(|byte| *byte != 0) {
            found.report(inline_end, Damage::Padding);
        }
        if next_ordinal != u32::MAX && header.ordinal.get() != next_ordinal {
            found.report_entry(at, &header, Damage::Structure);
        }
        next_ordinal = header.ordinal.get().saturating_add(1);
        let held = if header.is_shared() { shared_bytes(bytes, at, &header, &entries) } else { Some(inline) };
        if held.is_some_and(|held| crc32(held) == header.inline_crc32.get()) {
            entries.push((at, header));
        } else {
            found.report_entry(at, &header, Damage::Content);
        }
        at = next;
        end = next;
    }
    (entries, end)
}

/// Names, traces and the dictionary that entries refer to.
fn check_references(bytes: &[u8], entries: &[(u64, EntryHeader)], found: &mut Verified) {
    let mut blocks: HashMap<u32, Option<Vec<u8>>> = HashMap::new();
    for (at, header) in entries {
        let strings = found.strings(bytes);
        let names = [header.project, header.producer, header.language];
        if names.iter().any(|name| text::string_at(strings, name.get()).is_none()) {
            found.report_entry(*at, header, Damage::Name);
            continue;
        }
        if let Err(what) = check_frame(bytes, *at, header, found.dictionary.as_ref()) {
            found.report_entry(*at, header, what);
            continue;
        }
        let block_at = header.trace_block.get();
        let trace_is_sound = block_at == NO_TRACE || {
            let traces = found.traces(bytes);
            let block = blocks
                .entry(block_at)
                .or_insert_with(|| text::block_at(traces, block_at).map(|(block, _)| block));
            block.as_ref().is_some_and(|block| text::trace_in_block(block, header.trace_at.get()).is_some())
        };
        if !trace_is_sound {
            found.report_entry(*at, header, Damage::Trace);
        }
        found.sound.push(SoundEntry { at: *at, header: *header, trace_is_sound });
    }
}

/// An entry that needs the dictionary names it.
fn check_frame(
    bytes: &[u8],
    at: u64,
    header: &EntryHeader,
    dictionary: Option<&Dictionary>,
) -> Result<(), Damage> {
    if PackCodec::from_byte(header.codec) != Some(PackCodec::Dictionary) {
        return Ok(());
    }
    let dictionary = dictionary.ok_or(Damage::Dictionary)?;
    let held = header.held_range(at).ok_or(Damage::Structure)?;
    let stored = bytes.get(held.start as usize..held.end as usize).unwrap_or_default();
    Frame::of(dictionary, stored).map(|_| ())
}

/// The index leads to every entry and nowhere else; the filter lets every key through.
fn check_lookup_tables(
    bytes: &[u8],
    footer: &PackFooter,
    sections: &Sections,
    entries: &[(u64, EntryHeader)],
    found: &mut Verified,
) {
    let table = bytes.get(as_range(sections.index_at, sections.index_bytes)).unwrap_or_default();
    let bits = bytes.get(as_range(sections.filter_at, sections.filter_bytes)).unwrap_or_default();
    if crc32(table) != footer.index_crc32.get() {
        found.report(sections.index_at, Damage::Index);
    }
    if crc32(bits) != footer.filter_crc32.get() {
        found.report(sections.filter_at, Damage::Filter);
    }
    let mut keys = HashSet::new();
    for (at, header) in entries {
        let key = EntryKey::from_bytes(header.key);
        let reached = index::probe(table, &key, footer.max_probe.get()).any(|(_, place)| place == *at);
        if !reached || !keys.insert(key) {
            found.report_entry(*at, header, Damage::Index);
        }
        if !filter::may_hold(bits, &key) {
            found.report_entry(*at, header, Damage::Filter);
        }
    }
    if index::places(table).count() as u64 != u64::from(footer.entry_count.get()) {
        found.report(sections.index_at, Damage::Index);
    }
}

/// What the footer says about all entries. Says nothing new when entries are damaged.
fn check_totals(
    footer: &PackFooter,
    sections: &Sections,
    entries: &[(u64, EntryHeader)],
    found: &mut Verified,
) {
    if entries.len() as u64 != u64::from(footer.entry_count.get()) {
        if found.problems.is_empty() {
            found.report(sections.footer_at, Damage::Structure);
        }
        return;
    }
    let headers = || entries.iter().map(|(_, header)| header);
    let loose = || headers().filter(|header| header.is_loose());
    let sum = |of: &mut dyn Iterator<Item = u64>| of.fold(0, u64::saturating_add);
    let agrees = loose().count() as u64 == u64::from(footer.loose_count.get())
        && sum(&mut loose().map(|header| header.stored_bytes.get())) == footer.loose_bytes.get()
        && sum(&mut headers().map(|header| header.decoded_bytes.get())) == footer.decoded_bytes.get()
        && headers().map(|header| header.created_unix_s.get()).min().unwrap_or(u64::MAX)
            == footer.min_created_unix_s.get()
        && headers().map(|header| header.created_unix_s.get()).max().unwrap_or(0)
            == footer.max_created_unix_s.get();
    if !agrees {
        found.report(sections.footer_at, Damage::Structure);
    }
}

/// The bytes between sections.
fn check_gaps(bytes: &[u8], sections: &Sections, found: &mut Verified) {
    let gaps = [
        (sections.entries_end, sections.traces_at),
        (sections.traces_at + sections.traces_bytes, sections.strings_at),
        (sections.strings_at + sections.strings_bytes, sections.dictionary_at),
        (sections.dictionary_at + sections.dictionary_bytes, sections.index_at),
        (sections.index_at + sections.index_bytes, sections.filter_at),
        (sections.filter_at + sections.filter_bytes, sections.footer_at),
    ];
    for (from, to) in gaps {
        if bytes.get(from as usize..to as usize).is_none_or(|gap| gap.iter().any(|byte| *byte != 0)) {
            found.report(from, Damage::Padding);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::EntryKind;
    use super::super::pack_writer::{EntryFields, PackStamp, PackWriter, StoredContent, StoredEntry};
    use super::*;
    use crate::codec::Codec;
    use crate::digest::ContentDigest;

    const ID: PackId = PackId::from_bytes([3; 16]);

    fn pack() -> Vec<u8> {
        let mut writer = PackWriter::new();
        for n in 0..7_u8 {
            let content = vec![n; 5 + usize::from(n)];
            let trace = format!("method m::f/{n}\n");
            let fields = EntryFields {
                key: EntryKey::from_bytes(*ContentDigest::of(&[n]).as_bytes()),
                kind: EntryKind::ALL[usize::from(n) % 5],
                created_unix_s: 1000 + u64::from(n),
                rebuild_cost_ns: 17,
                project: if n % 2 == 0 { "even" } else { "odd" },
                producer: "",
                language: "janus",
                decoded_bytes: content.len() as u64,
                trace: trace.as_bytes(),
            };
            let content = StoredContent::Inline(&content);
            writer.push(&StoredEntry { fields, codec: Codec::None, content });
        }
        writer.finish(&PackStamp { id: ID, created_unix_s: 1007, boot_id: None, synced: false })
    }

    #[test]
    fn a_written_pack_has_no_problem_and_the_same_bytes_every_time() {
        let bytes = pack();
        let found = verify(&bytes, ID);
        assert_eq!(found.problems, []);
        assert_eq!(found.sound.len(), 7);
        assert_eq!(pack(), bytes);
    }

    #[test]
    fn every_flipped_bit_of_a_pack_is_found_and_at_most_its_own_entry_is_lost() {
        let sound = pack();
        let (mut bad, strings_at) = (sound.clone(), verify(&sound, ID).strings.start);
        for at in 0..sound.len() {
            for bit in [0x01, 0x80] {
                bad[at] ^= bit;
                let found = verify(&bad, ID);
                assert!(!found.problems.is_empty(), "byte {at}, bit {bit:#x}");
                let names_hit = (strings_at..strings_at + 64).contains(&at);
                let lost = 7 - found.sound.len();
                assert!(lost <= 1 || names_hit, "byte {at} lost {lost} entries");
                bad[at] ^= bit;
            }
        }
    }

    #[test]
    fn every_cut_and_an_appended_byte_are_found() {
        let sound = pack();
        for cut in 0..sound.len() {
            assert!(!verify(&sound[..cut], ID).problems.is_empty(), "cut at {cut}");
        }
        assert!(!verify(&[sound.as_slice(), &[0]].concat(), ID).problems.is_empty());
    }

    #[test]
    fn a_pack_under_another_name_is_found() {
        assert!(!verify(&pack(), PackId::from_bytes([4; 16])).problems.is_empty());
    }
}
