//! Bytes that a faulty writer could have made: changed, with the checksums made right again.

#![allow(dead_code, reason = "not every test that includes this file changes everything")]

use janus_cache::digest::crc32;
use janus_cache::format::layout::{SectionRow, TableHeader};
use janus_cache::image::layout::ImageHeader;

/// Where the fields of the envelope lie, from `SPEC.md`.
#[derive(Clone, Copy)]
pub(crate) struct Envelope {
    pub(crate) header_len: usize,
    pub(crate) section_count: usize,
    pub(crate) data_crc: usize,
}

pub(crate) const TABLES: Envelope =
    Envelope { header_len: size_of::<TableHeader>(), section_count: 52, data_crc: 80 };

pub(crate) const IMAGES: Envelope =
    Envelope { header_len: size_of::<ImageHeader>(), section_count: 32, data_crc: 56 };

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

pub(crate) fn put(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// Makes both checksums right again, for as much of the directory as there is.
pub(crate) fn reseal(bytes: &mut [u8], envelope: Envelope) {
    let rows = u32_at(bytes, envelope.section_count) as usize;
    let directory_end = rows.saturating_mul(16).saturating_add(envelope.header_len).min(bytes.len());
    let data_crc = crc32(&bytes[directory_end..]);
    put(bytes, envelope.data_crc, data_crc);
    let crc_field = envelope.header_len - 4;
    let covered = [&bytes[..crc_field], &bytes[envelope.header_len..directory_end]].concat();
    put(bytes, crc_field, crc32(&covered));
}

/// The row of the directory of `tag`: where it begins.
pub(crate) fn row_of(bytes: &[u8], envelope: Envelope, tag: &str) -> usize {
    let rows = u32_at(bytes, envelope.section_count) as usize;
    (0..rows)
        .map(|row| envelope.header_len + row * size_of::<SectionRow>())
        .find(|at| bytes[*at..*at + 4] == *tag.as_bytes())
        .expect("the section is there")
}

/// Where section `tag` begins.
pub(crate) fn section_at(bytes: &[u8], envelope: Envelope, tag: &str) -> usize {
    u32_at(bytes, row_of(bytes, envelope, tag) + 8) as usize
}

/// Gives the section `from` another tag and other flags.
pub(crate) fn rename(bytes: &mut [u8], from: &str, to: [u8; 4], flags: u32) {
    let row = row_of(bytes, TABLES, from);
    bytes[row..row + 4].copy_from_slice(&to);
    put(bytes, row + 4, flags);
}
