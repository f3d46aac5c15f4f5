//! Writes an image file: chapter 6.

use std::collections::BTreeMap;

use super::bytes::{PoolWriter, pad, put16, put32, put64};
use super::envelope::{Section, file};
use super::family::Family;
use super::image::LAYOUT;
use super::question::Place;
use super::write_table::{further_sections, types_section};

/// An image to write.
pub(crate) struct ImageQuestion<'a> {
    pub(crate) name: &'a str,
    pub(crate) creation_timestamp: u64,
    /// Each type of the build, and whether it is sealed.
    pub(crate) types: BTreeMap<String, bool>,
    /// Each family with a place for each entry.
    pub(crate) families: Vec<(Family, Vec<Option<Place>>)>,
}

/// Section `BLOB` while it grows.
#[derive(Default)]
struct Blob {
    bytes: Vec<u8>,
    pieces: Vec<(Vec<u8>, u32)>,
}

impl Blob {
    /// The offset of a piece, which is appended if it is new.
    fn offset(&mut self, piece: Vec<u8>) -> u32 {
        if piece.is_empty() {
            return 0;
        }
        if let Some((_, offset)) = self.pieces.iter().find(|(known, _)| *known == piece) {
            return *offset;
        }
        pad(&mut self.bytes);
        let offset = self.bytes.len() as u32;
        self.bytes.extend(&piece);
        self.pieces.push((piece, offset));
        offset
    }
}

/// The file of an image.
pub(crate) fn image_bytes(image: &ImageQuestion<'_>) -> Vec<u8> {
    let mut families: Vec<&(Family, Vec<Option<Place>>)> = image.families.iter().collect();
    families.sort_by_key(|(family, _)| (&family.name, family.arity));
    let (mut pool, mut blob) = (PoolWriter::default(), Blob::default());
    let name = pool.id(image.name);
    let types = types_section(image.types.iter().map(|(name, sealed)| (name.as_str(), *sealed)), &mut pool);
    let globals: Vec<&String> = image.types.keys().collect();
    let (mut rows, mut further, mut places) = (Vec::new(), Vec::new(), Vec::new());
    for (family, family_places) in &families {
        let first_place = (places.len() / 12) as u32;
        let mut ids = Vec::new();
        for (entry, place) in family.entries.iter().zip(family_places) {
            ids.push([pool.id(&entry.implementation), pool.id(&entry.module)]);
            let nowhere = Place { file: String::new(), line: 0, column: 0 };
            let place = place.as_ref().unwrap_or(&nowhere);
            put32(&mut places, pool.id(&place.file));
            put32(&mut places, place.line);
            put32(&mut places, place.column);
        }
        put32(&mut rows, pool.id(&family.name));
        rows.extend([family.arity, family.rule.code(), family.optimization, 0]);
        put64(&mut rows, family.table_hash);
        put32(&mut rows, u32::from(family.may_be_ambiguous));
        put32(&mut rows, family.entries.len() as u32);
        put32(&mut rows, family.types.len() as u32);
        put32(&mut rows, family.params.len() as u32);
        let global = |name: &String| globals.binary_search(&name).expect("the image lists every type") as u32;
        let type_map = family.types.iter().flat_map(|listed| global(&listed.name).to_le_bytes()).collect();
        let pieces = [
            type_map,
            family.params_section(),
            family.above_section(),
            family.patterns_section(),
            family.entries_section(&ids),
        ];
        for piece in pieces {
            put32(&mut rows, blob.offset(piece));
        }
        let first_further = (further.len() / 12) as u32;
        for (tag, piece) in further_sections(family) {
            further.extend(tag);
            let len = piece.len() as u32;
            put32(&mut further, blob.offset(piece));
            put32(&mut further, len);
        }
        put32(&mut rows, first_further);
        put32(&mut rows, (further.len() / 12) as u32 - first_further);
        put32(&mut rows, first_place);
    }
    let counts = [rows.len() / 64, types.len() / 8, places.len() / 12, 0, 0, further.len() / 12, 0];
    let mut header = LAYOUT.magic.to_vec();
    put16(&mut header, 1);
    let has_left_out = families.iter().any(|(family, _)| !family.left_out.is_empty());
    put16(&mut header, u16::from(has_left_out));
    put64(&mut header, image.creation_timestamp);
    put32(&mut header, name);
    header.extend(counts.iter().flat_map(|count| (*count as u32).to_le_bytes()));
    put64(&mut header, 0);
    put64(&mut header, 0);
    let sections = [
        (*b"STRS", pool.section()),
        (*b"TYPE", types),
        (*b"FAMI", rows),
        (*b"PIEC", further),
        (*b"BLOB", blob.bytes),
        (*b"PLAC", places),
    ];
    let sections = sections.map(|(tag, bytes)| Section { tag, required: true, bytes });
    file(header, &LAYOUT, &sections)
}
