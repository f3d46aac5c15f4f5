//! The dictionary of a pack: a section with a head, and the dictionary that it holds.

use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, IntoBytes};

use super::pack_format::{DictionaryHeader, MAX_DICTIONARY_BYTES};
use crate::codec::Dictionary;
use crate::digest::crc32_of;

/// The section that holds a dictionary.
pub(super) fn section_of(dictionary: &Dictionary) -> Vec<u8> {
    let bytes = U32::new(dictionary.bytes().len() as u32);
    let crc = crc32_of(&[bytes.as_bytes(), dictionary.bytes()]);
    let head = DictionaryHeader { bytes, crc32: crc.into() };
    [head.as_bytes(), dictionary.bytes()].concat()
}

/// The dictionary at the beginning of `bytes`, and how long its section is. `None` for damage.
pub(super) fn dictionary_at(bytes: &[u8]) -> Option<(Dictionary, u64)> {
    let (head, rest) = DictionaryHeader::read_from_prefix(bytes).ok()?;
    if u64::from(head.bytes.get()) > MAX_DICTIONARY_BYTES {
        return None;
    }
    let raw = rest.get(..head.bytes.get() as usize)?;
    if crc32_of(&[head.bytes.as_bytes(), raw]) != head.crc32.get() {
        return None;
    }
    let dictionary = Dictionary::from_bytes(raw.to_vec()).ok()?;
    Some((dictionary, (size_of::<DictionaryHeader>() + raw.len()) as u64))
}

/// The dictionary that fills a section. `None` for damage.
pub(super) fn dictionary_of(section: &[u8]) -> Option<Dictionary> {
    dictionary_at(section)
        .filter(|(_, bytes)| *bytes == section.len() as u64)
        .map(|(dictionary, _)| dictionary)
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::super::entry::{EntryKey, EntryKind};
    use super::super::lookup::Damage;
    use super::super::pack_codec::{Frame, alike, trained};
    use super::super::pack_format::{FOOTER_BYTES, HEADER_BYTES, PackFooter, PackHeader, PackId, Sections};
    use super::super::pack_verify::verify;
    use super::super::pack_writer::{EntryFields, PackStamp, PackWriter, StoredContent, StoredEntry};
    use super::*;
    use crate::codec::{Codec, Level};
    use crate::digest::ContentDigest;

    const ID: PackId = PackId::from_bytes([3; 16]);
    const STAMP: PackStamp = PackStamp { id: ID, created_unix_s: 1007, boot_id: None, synced: false };

    /// Entries 0 to 4 need the dictionary, 5 and 6 do not.
    fn pack_with_dictionary(salt: u32) -> Vec<u8> {
        let dictionary = trained(salt);
        let mut writer = PackWriter::with_dictionary(Some(dictionary.clone()));
        for n in 0..7_u8 {
            let content = alike(salt, u32::from(n));
            let fields = EntryFields {
                key: EntryKey::from_bytes(*ContentDigest::of(&[n]).as_bytes()),
                kind: EntryKind::DispatchTable,
                created_unix_s: 1000,
                rebuild_cost_ns: 17,
                project: "core",
                producer: "",
                language: "janus",
                decoded_bytes: content.len() as u64,
                trace: b"",
            };
            if n < 5 {
                let stored = dictionary.encode(&content, Level::default()).expect("memory");
                assert!(writer.push_frame(&fields, Frame::of(&dictionary, &stored).expect("its own")));
            } else {
                let content = StoredContent::Inline(&content);
                writer.push(&StoredEntry { fields, codec: Codec::None, content });
            }
        }
        writer.finish(&STAMP)
    }

    fn without_dictionary() -> Vec<u8> {
        PackWriter::new().finish(&STAMP)
    }

    fn sections(pack: &[u8]) -> Sections {
        let footer = PackFooter::read_from_bytes(&pack[pack.len() - FOOTER_BYTES as usize..]).expect("there");
        Sections::of(&footer).expect("fits")
    }

    fn dictionary_range(pack: &[u8]) -> Range<usize> {
        let Sections { dictionary_at, dictionary_bytes, .. } = sections(pack);
        dictionary_at as usize..(dictionary_at + dictionary_bytes) as usize
    }

    #[test]
    fn a_pack_with_a_dictionary_is_of_version_2_and_has_no_problem() {
        let bytes = pack_with_dictionary(1);
        assert_eq!((without_dictionary()[8], bytes[8]), (1, 2));
        let found = verify(&bytes, ID);
        assert_eq!(found.problems, []);
        assert_eq!(found.sound.len(), 7);
        assert_eq!(found.dictionary, Some(trained(1)));
        assert_eq!(pack_with_dictionary(1), bytes);
    }

    #[test]
    fn a_dictionary_that_no_entry_needs_is_left_out_and_the_pack_is_of_version_1() {
        let without = PackWriter::with_dictionary(Some(trained(1))).finish(&STAMP);
        assert_eq!((&without, without[8]), (&without_dictionary(), 1));
    }

    #[test]
    fn every_flipped_bit_of_a_pack_with_a_dictionary_is_found_and_takes_only_what_needs_it() {
        let sound = pack_with_dictionary(1);
        let (mut bad, dictionary) = (sound.clone(), dictionary_range(&sound));
        let strings_at = sections(&sound).strings_at as usize;
        for at in 0..sound.len() {
            for bit in [0x01, 0x80] {
                bad[at] ^= bit;
                let found = verify(&bad, ID);
                assert!(!found.problems.is_empty(), "byte {at}, bit {bit:#x}");
                let lost = 7 - found.sound.len();
                if dictionary.contains(&at) {
                    let named: Vec<_> =
                        found.problems.iter().filter(|problem| problem.what == Damage::Dictionary).collect();
                    assert_eq!((lost, named.len()), (5, 6), "byte {at}: {:?}", found.problems);
                } else {
                    let names_hit = (strings_at..dictionary.start).contains(&at);
                    assert!(lost <= 1 || names_hit, "byte {at} lost {lost} entries");
                }
                bad[at] ^= bit;
            }
        }
    }

    #[test]
    fn every_cut_of_a_pack_with_a_dictionary_is_found_and_spares_what_is_whole() {
        let sound = pack_with_dictionary(1);
        let dictionary = dictionary_range(&sound);
        for cut in 0..sound.len() {
            let found = verify(&sound[..cut], ID);
            assert!(!found.problems.is_empty(), "cut at {cut}");
            if cut >= dictionary.end {
                assert_eq!(found.sound.len(), 7, "cut at {cut}");
            } else if cut >= dictionary.start {
                assert_eq!(found.sound.len(), 2, "cut at {cut}");
            }
        }
        assert!(!verify(&[sound.as_slice(), &[0]].concat(), ID).problems.is_empty());
    }

    #[test]
    fn the_dictionary_of_another_pack_is_found_by_what_the_frames_name() {
        let (mut bytes, other) = (pack_with_dictionary(1), pack_with_dictionary(2));
        let (range, foreign) = (dictionary_range(&bytes), dictionary_range(&other));
        assert_eq!(range.len(), foreign.len(), "the test needs dictionaries of one length");
        bytes[range].copy_from_slice(&other[foreign]);
        let found = verify(&bytes, ID);
        assert_eq!(found.sound.len(), 2);
        let named = found.problems.iter().filter(|problem| problem.what == Damage::Dictionary);
        assert_eq!(named.filter(|problem| problem.key.is_some()).count(), 5);
    }

    /// Changes a field of the footer and makes its checksum right.
    fn with_footer(mut pack: Vec<u8>, edit: impl FnOnce(&mut PackFooter)) -> Vec<u8> {
        let at = pack.len() - FOOTER_BYTES as usize;
        let footer = PackFooter::mut_from_bytes(&mut pack[at..]).expect("there");
        edit(footer);
        footer.crc32 = footer.computed_crc().into();
        pack
    }

    #[test]
    fn versions_and_dictionaries_that_do_not_go_together_are_damage() {
        let reserved = with_footer(without_dictionary(), |footer| footer.dictionary_bytes = 9.into());
        assert_eq!(verify(&reserved, ID).problems[0].what, Damage::Footer);
        let none = with_footer(pack_with_dictionary(1), |footer| footer.dictionary_bytes = 0.into());
        assert_eq!(verify(&none, ID).problems[0].what, Damage::Structure);
        let unknown = with_footer(without_dictionary(), |footer| footer.version = 3.into());
        assert_eq!(verify(&unknown, ID).problems[0].what, Damage::Footer);
        let huge = with_footer(pack_with_dictionary(1), |footer| footer.dictionary_bytes = u32::MAX.into());
        assert_eq!(verify(&huge, ID).problems[0].what, Damage::Structure);
        let mut mixed = pack_with_dictionary(1);
        let header = PackHeader::mut_from_bytes(&mut mixed[..HEADER_BYTES as usize]).expect("there");
        header.version = 1.into();
        header.crc32 = header.computed_crc().into();
        assert_eq!(verify(&mixed, ID).problems[0].what, Damage::Structure);
    }
}
