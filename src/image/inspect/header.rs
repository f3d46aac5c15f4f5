//! Header, section directory and checksums.

use std::mem::offset_of;

use super::content::Content;
use super::dump::{Checksum, Field, FileKind, SectionDump};
use super::read::{Notes, Part};
use crate::digest::{crc32, crc32_of};
use crate::format::layout::{SECTION_ALIGN, SectionRow, TABLE_MAGIC, TableHeader, VERSION_MAJOR};
use crate::format::{FileCodec, Optimization, Rule, Tag};
use crate::image::layout::{IMAGE_MAGIC, ImageHeader};

/// How a field's bytes are read.
#[derive(Clone, Copy)]
enum Shape {
    Magic,
    U8,
    U16,
    U24,
    U32,
    U64,
    Hex32,
    Hex64,
    Rule,
    Optimization,
    Codec,
}

type Fields = &'static [(&'static str, usize, Shape)];

macro_rules! fields {
    ($header:ty { $($name:ident: $shape:ident),* $(,)? }) => {
        &[$((stringify!($name), offset_of!($header, $name), Shape::$shape)),*]
    };
}

const TABLE_FIELDS: Fields = fields!(TableHeader {
    magic: Magic,
    version_major: U16,
    version_minor: U16,
    table_hash: Hex64,
    creation_timestamp: U64,
    name_len: U32,
    type_signature_len: U32,
    entry_count: U32,
    optimization: Optimization,
    arity: U8,
    rule: Rule,
    codec: Codec,
    type_count: U32,
    param_count: U32,
    compression_ratio_ppm: U32,
    section_count: U32,
    memory_saved: U64,
    total_len: U64,
    flags: Hex32,
    data_len: U32,
    data_crc: Hex32,
    metadata_crc: Hex32,
});

const IMAGE_FIELDS: Fields = fields!(ImageHeader {
    magic: Magic,
    version_major: U16,
    version_minor: U16,
    creation_timestamp: U64,
    name: U32,
    family_count: U32,
    type_count: U32,
    place_count: U32,
    section_count: U32,
    flags: Hex32,
    piece_count: U32,
    codec: Codec,
    reserved: U24,
    total_len: U64,
    data_crc: Hex32,
    metadata_crc: Hex32,
});

/// `1 (symmetric)`.
pub(super) fn rule_text(code: u8) -> String {
    format!("{code} ({})", Rule::from_code(code).map_or("unknown", Rule::as_str))
}

/// `3 (dag)`.
pub(super) fn optimization_text(code: u8) -> String {
    format!("{code} ({})", Optimization::from_code(code).map_or("unknown", Optimization::as_str))
}

/// `3 (columnar)`.
pub(super) fn codec_text(code: u8) -> String {
    format!("{code} ({})", FileCodec::from_code(code).map_or("unknown", FileCodec::as_str))
}

/// The fields of a kind of file, and the length of its header.
const fn layout(kind: FileKind) -> (Fields, usize) {
    match kind {
        FileKind::Table => (TABLE_FIELDS, size_of::<TableHeader>()),
        FileKind::Image => (IMAGE_FIELDS, size_of::<ImageHeader>()),
    }
}

fn place_of(fields: Fields, name: &str) -> Option<usize> {
    fields.iter().find(|(known, ..)| *known == name).map(|(_, at, _)| *at)
}

/// The byte that says the codec, and where it stands.
pub(super) fn codec_of(kind: FileKind, file: Part<'_>) -> Option<(u8, u64)> {
    let at = place_of(layout(kind).0, "codec")?;
    Some((*file.bytes.get(at)?, at as u64))
}

/// How long the file is or would be if it were stored as it is.
pub(super) fn total_len(kind: FileKind, file: Part<'_>) -> Option<u64> {
    file.u64(place_of(layout(kind).0, "total_len")?)
}

/// A file's fixed part, its directory and its sections.
pub(super) struct Envelope<'a> {
    pub(super) fields: Vec<Field>,
    pub(super) checksums: Vec<Checksum>,
    pub(super) sections: Vec<SectionDump>,
    rows: Vec<(Tag, Part<'a>)>,
}

impl<'a> Envelope<'a> {
    /// What is there of a section; nothing where the directory has no such row.
    pub(super) fn section(&self, tag: Tag) -> Part<'a> {
        self.rows.iter().find(|(found, _)| *found == tag).map_or_else(Part::default, |(_, part)| *part)
    }

    pub(super) fn has(&self, tag: Tag) -> bool {
        self.rows.iter().any(|(found, _)| *found == tag)
    }
}

/// Reads what is there of it, and notes what is wrong with it. `content` is where sections lie.
pub(super) fn envelope<'a>(
    kind: FileKind,
    file: Part<'_>,
    content: Content<'a>,
    notes: &mut Notes,
) -> Envelope<'a> {
    let (fields, header_len) = layout(kind);
    let magic = match kind {
        FileKind::Table => TABLE_MAGIC,
        FileKind::Image => IMAGE_MAGIC,
    };
    let place = |name: &str| place_of(fields, name).unwrap_or(0);
    let found_bytes = file.bytes.len() as u64;
    let value = |(_, at, shape): &(&str, usize, Shape)| shown(file, *at, *shape);
    let told =
        fields.iter().map(|field| Field { name: field.0, at_bytes: field.1 as u64, value: value(field) });
    let told: Vec<Field> = told.collect();
    if file.bytes.len() < header_len {
        let what = format!("the header has {header_len} bytes, {found_bytes} are there");
        notes.problem(found_bytes, what);
    }
    if file.bytes.get(..4).is_some_and(|found| found != magic) {
        notes.problem(0, format!("the first bytes are not those of this format, {magic:02x?}"));
    }
    if let Some(version) = file.u16(place("version_major")).filter(|version| *version != VERSION_MAJOR) {
        notes.problem(4, format!("format version {version}, this program reads {VERSION_MAJOR}; what follows is read as if it were that"));
    }
    let is_pressed = !matches!(content, Content::AsItIs(_));
    let stated = total_len(kind, file);
    if let Some(stated) = stated.filter(|stated| !is_pressed && *stated != found_bytes) {
        let at = place("total_len") as u64;
        notes.problem(at, format!("the file should have {stated} bytes, {found_bytes} are there"));
    }
    let count = file.u32(place("section_count")).unwrap_or(0) as usize;
    let directory_end = count.saturating_mul(size_of::<SectionRow>()).saturating_add(header_len);
    let mut envelope =
        Envelope { fields: told, checksums: Vec::new(), sections: Vec::new(), rows: Vec::new() };
    envelope.checksums.extend(checksum(file, "metadata", place("metadata_crc"), |bytes| {
        let directory = bytes.get(header_len..directory_end)?;
        Some(crc32_of(&[bytes.get(..header_len - 4)?, directory]))
    }));
    // Of a stream only a table says how long it is.
    let is_whole = match place_of(fields, "data_len").filter(|_| is_pressed) {
        Some(at) => {
            let ends_at = |len: u32| (directory_end as u64).saturating_add(u64::from(len));
            file.u32(at).is_some_and(|len| ends_at(len) <= found_bytes)
        }
        None => is_pressed || stated.is_some_and(|stated| stated <= found_bytes),
    };
    envelope.checksums.extend(checksum(file, "data", place("data_crc"), |bytes| {
        bytes.get(directory_end..).filter(|_| is_whole).map(crc32)
    }));
    for (checksum, field) in envelope.checksums.iter().zip(["metadata_crc", "data_crc"]) {
        if let Some(computed) = checksum.computed.filter(|_| !checksum.is_right()) {
            let (what, stored) = (checksum.what, checksum.stored);
            let what = format!("the checksum of the {what} is {stored:08x}, the bytes have {computed:08x}");
            notes.problem(place(field) as u64, what);
        }
    }
    let directory = file.slice(header_len, directory_end.saturating_sub(header_len));
    let rows = directory.rows(size_of::<SectionRow>());
    if rows < count {
        notes
            .problem(directory.at_bytes, format!("the section directory has {count} rows, {rows} are there"));
    }
    for row in 0..notes.take(rows) {
        section(
            content,
            directory.slice(row * size_of::<SectionRow>(), size_of::<SectionRow>()),
            &mut envelope,
            notes,
        );
    }
    envelope
}

fn checksum(
    file: Part<'_>,
    what: &'static str,
    stored_at: usize,
    compute: impl Fn(&[u8]) -> Option<u32>,
) -> Option<Checksum> {
    Some(Checksum { what, stored: file.u32(stored_at)?, computed: compute(file.bytes) })
}

/// One row of the directory.
fn section<'a>(content: Content<'a>, row: Part<'_>, envelope: &mut Envelope<'a>, notes: &mut Notes) {
    let (Some(tag), Some(flags)) = (row.bytes.first_chunk::<4>(), row.u32(offset_of!(SectionRow, flags)))
    else {
        return;
    };
    let tag = Tag(*tag);
    let offset = row.u32(offset_of!(SectionRow, offset)).unwrap_or(0) as usize;
    let len = row.u32(offset_of!(SectionRow, len)).unwrap_or(0) as usize;
    let part = content.part().slice(offset, len);
    let at = row.at_bytes;
    if !offset.is_multiple_of(SECTION_ALIGN) {
        notes.problem(
            at,
            format!("section {tag} begins at {offset}, which is no multiple of {SECTION_ALIGN}"),
        );
    }
    let previous = envelope.sections.last().map_or(0, |before| before.offset_bytes + before.len_bytes);
    if (offset as u64) < previous {
        notes.problem(
            at,
            format!("section {tag} begins at {offset}, before the one in front of it ends at {previous}"),
        );
    }
    if part.bytes.len() < len && !matches!(content, Content::Closed) {
        let there = part.bytes.len();
        notes.problem(at, format!("section {tag} has {len} bytes from byte {offset} on, {there} are there"));
    }
    if envelope.has(tag) {
        notes.problem(at, format!("section {tag} is there twice; the first is read"));
    }
    envelope.sections.push(SectionDump {
        tag: tag.to_string(),
        flags,
        offset_bytes: offset as u64,
        len_bytes: len as u64,
        present_bytes: part.bytes.len() as u64,
    });
    envelope.rows.push((tag, part));
}

fn shown(file: Part<'_>, at: usize, shape: Shape) -> Option<String> {
    Some(match shape {
        Shape::Magic => file.bytes.get(at..at + 4)?.escape_ascii().to_string(),
        Shape::U8 => file.bytes.get(at)?.to_string(),
        Shape::U16 => file.u16(at)?.to_string(),
        Shape::U24 => {
            let bytes = file.bytes.get(at..at + 3)?;
            bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte)).to_string()
        }
        Shape::U32 => file.u32(at)?.to_string(),
        Shape::U64 => file.u64(at)?.to_string(),
        Shape::Hex32 => format!("{:08x}", file.u32(at)?),
        Shape::Hex64 => format!("{:016x}", file.u64(at)?),
        Shape::Rule => rule_text(*file.bytes.get(at)?),
        Shape::Codec => codec_text(*file.bytes.get(at)?),
        Shape::Optimization => optimization_text(*file.bytes.get(at)?),
    })
}
