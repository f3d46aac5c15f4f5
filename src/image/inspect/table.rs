//! A whole file.

use std::mem::offset_of;

use super::content::{Content, Decoded, decode};
use super::dump::{FamilyDump, FileKind, Inspection, PieceDump, TypeDump};
use super::family::{self, Further, Parts, rows};
use super::header::{Envelope, codec_of, codec_text, envelope, optimization_text, rule_text};
use super::read::{Notes, Part, Pool, UNREADABLE};
use crate::format::core::above_stride_bytes;
use crate::format::layout::{
    ABOV, CLAS, DDAG, ENTR, EntryRow, LEFT, MTRX, NAME, PARM, PATT, PHSH, RULE, STRS, TABLE_MAGIC, TYPE,
    TYPE_SEALED, TableHeader, TypeRow,
};
use crate::format::{Rule, Tag, verify};
use crate::image::ImageView;
use crate::image::layout::{BLOB, FAMI, FamilyRow, IMAGE_MAGIC, ImageHeader, PIEC, PLAC, PieceRow, PlaceRow};

/// What a file's first bytes say it is.
pub fn kind_of(bytes: &[u8]) -> Option<FileKind> {
    match bytes.get(..4)? {
        magic if magic == TABLE_MAGIC => Some(FileKind::Table),
        magic if magic == IMAGE_MAGIC => Some(FileKind::Image),
        _ => None,
    }
}

/// Reads all that can be read, and proves the file if it opens. Never fails; what is wrong is told. A file
/// in a codec is decoded first, if it can be.
///
/// Cost: that of the deep proof. About a million rows and 256 MiB of text are told at most, and of what is
/// in a codec a GiB is decoded at most.
pub fn inspect(kind: FileKind, bytes: &[u8]) -> Inspection {
    let mut notes = Notes::new();
    let file = Part { at_bytes: 0, bytes };
    let decoded = decode(kind, file, &mut notes);
    let content = match &decoded {
        Decoded::AsItIs => Content::AsItIs(file),
        Decoded::Whole(bytes) => Content::Decoded(Part { at_bytes: 0, bytes }),
        Decoded::Refused => Content::Closed,
    };
    let envelope = envelope(kind, file, content, &mut notes);
    let (types, families) = match (kind, content) {
        (_, Content::Closed) => (Vec::new(), Vec::new()),
        (FileKind::Table, _) => (Vec::new(), vec![table(content.part(), &envelope, &mut notes)]),
        (FileKind::Image, _) => image(content.part(), &envelope, &mut notes),
    };
    let whole = content.part().bytes;
    let proof = match kind {
        FileKind::Table => verify(whole).map_err(|error| error.to_string()),
        FileKind::Image => match ImageView::open(whole) {
            Ok(view) => view.verify().map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        },
    };
    // What was found on the way says where; the proof says more only where nothing was.
    if let Err(what) = proof
        && notes.problems.is_empty()
    {
        notes.problem(0, what);
    }
    Inspection {
        kind,
        len_bytes: bytes.len() as u64,
        codec: codec_of(kind, file).map(|(code, _)| codec_text(code)),
        decoded_bytes: matches!(content, Content::Decoded(_)).then_some(whole.len() as u64),
        fields: envelope.fields,
        checksums: envelope.checksums,
        sections: envelope.sections,
        types,
        families,
        problems: notes.problems,
        more_problems: notes.more_problems,
        truncated: notes.truncated,
    }
}

fn missing(envelope: &Envelope<'_>, tags: &[Tag], notes: &mut Notes) {
    for tag in tags.iter().filter(|tag| !envelope.has(**tag)) {
        notes.problem(0, format!("section {tag} is missing"));
    }
}

fn table(file: Part<'_>, envelope: &Envelope<'_>, notes: &mut Notes) -> FamilyDump {
    missing(envelope, &[NAME, STRS, TYPE, PARM, ABOV, PATT, ENTR], notes);
    let byte = |at: usize| file.bytes.get(at).copied().unwrap_or(0);
    let count = |at: usize| file.u32(at).unwrap_or(0);
    let mut dump = FamilyDump {
        name: String::from_utf8_lossy(envelope.section(NAME).bytes).into_owned(),
        arity: byte(offset_of!(TableHeader, arity)),
        rule: rule_text(byte(offset_of!(TableHeader, rule))),
        optimization: optimization_text(byte(offset_of!(TableHeader, optimization))),
        table_hash: file.u64(offset_of!(TableHeader, table_hash)).unwrap_or(0),
        flags: count(offset_of!(TableHeader, flags)),
        ..FamilyDump::default()
    };
    let strings = Pool(envelope.section(STRS));
    let type_count = count(offset_of!(TableHeader, type_count));
    let types = types(envelope.section(TYPE), strings, type_count, notes);
    let parts = Parts {
        strings,
        entry_count: count(offset_of!(TableHeader, entry_count)),
        type_count,
        param_count: count(offset_of!(TableHeader, param_count)),
        params: envelope.section(PARM),
        above: envelope.section(ABOV),
        patterns: envelope.section(PATT),
        entries: envelope.section(ENTR),
        further: Further {
            rule: envelope.section(RULE),
            classes: envelope.section(CLAS),
            nodes: envelope.section(DDAG),
            matrix: envelope.section(MTRX),
            hash: envelope.section(PHSH),
            left_out: envelope.section(LEFT),
        },
        types,
    };
    family::read(&parts, Rule::from_code(byte(offset_of!(TableHeader, rule))), &mut dump, notes);
    dump
}

fn types(section: Part<'_>, strings: Pool<'_>, stated: u32, notes: &mut Notes) -> Vec<(String, bool)> {
    let count = rows(TYPE, section, size_of::<TypeRow>(), stated, notes);
    let mut types = Vec::with_capacity(count);
    for at in 0..count {
        let row = section.slice(at * size_of::<TypeRow>(), size_of::<TypeRow>());
        let name = strings.get(row.u32(offset_of!(TypeRow, name)), row.at_bytes, notes);
        types.push((name, row.u32(offset_of!(TypeRow, flags)).unwrap_or(0) & TYPE_SEALED != 0));
    }
    types
}

fn image(file: Part<'_>, envelope: &Envelope<'_>, notes: &mut Notes) -> (Vec<TypeDump>, Vec<FamilyDump>) {
    missing(envelope, &[STRS, TYPE, FAMI, PIEC, BLOB, PLAC], notes);
    let strings = Pool(envelope.section(STRS));
    let count = |at: usize| file.u32(at).unwrap_or(0);
    let types = types(envelope.section(TYPE), strings, count(offset_of!(ImageHeader, type_count)), notes);
    let section = envelope.section(FAMI);
    let stated = count(offset_of!(ImageHeader, family_count));
    let families = rows(FAMI, section, size_of::<FamilyRow>(), stated, notes);
    let mut told = Vec::with_capacity(families);
    for at in 0..families {
        if notes.is_full() {
            notes.truncated = true;
            break;
        }
        let row = section.slice(at * size_of::<FamilyRow>(), size_of::<FamilyRow>());
        told.push(image_family(row, envelope, strings, &types, notes));
    }
    let families = told;
    let told = types.into_iter().map(|(name, sealed)| TypeDump { name, sealed, under: Vec::new() });
    (told.collect(), families)
}

fn image_family(
    row: Part<'_>,
    envelope: &Envelope<'_>,
    strings: Pool<'_>,
    global: &[(String, bool)],
    notes: &mut Notes,
) -> FamilyDump {
    let byte = |at: usize| row.bytes.get(at).copied().unwrap_or(0);
    let number = |at: usize| row.u32(at).unwrap_or(0);
    let mut dump = FamilyDump {
        name: strings.get(row.u32(offset_of!(FamilyRow, name)), row.at_bytes, notes),
        arity: byte(offset_of!(FamilyRow, arity)),
        rule: rule_text(byte(offset_of!(FamilyRow, rule))),
        optimization: optimization_text(byte(offset_of!(FamilyRow, optimization))),
        table_hash: row.u64(offset_of!(FamilyRow, table_hash)).unwrap_or(0),
        flags: number(offset_of!(FamilyRow, flags)),
        ..FamilyDump::default()
    };
    let (types, params) =
        (number(offset_of!(FamilyRow, type_count)), number(offset_of!(FamilyRow, param_count)));
    let entry_count = number(offset_of!(FamilyRow, entry_count));
    let blob = envelope.section(BLOB);
    let piece = |field: usize, rows: u32, row_bytes: usize| {
        blob.slice(number(field) as usize, (rows as usize).saturating_mul(row_bytes))
    };
    let map = piece(offset_of!(FamilyRow, type_map), types, 4);
    let listed = rows(TYPE, map, 4, types, notes);
    let name = |at: usize| global.get(map.u32(4 * at)? as usize);
    let mut local = Vec::with_capacity(listed);
    for at in 0..listed {
        let (name, sealed) = name(at).map_or((UNREADABLE, false), |(name, sealed)| (name.as_str(), *sealed));
        local.push((notes.text(name), sealed));
    }
    let first = number(offset_of!(FamilyRow, first_piece)) as usize;
    let pieces = envelope.section(PIEC).slice(
        first.saturating_mul(size_of::<PieceRow>()),
        (number(offset_of!(FamilyRow, piece_count)) as usize).saturating_mul(size_of::<PieceRow>()),
    );
    let mut found = Further::default();
    let further =
        rows(PIEC, pieces, size_of::<PieceRow>(), number(offset_of!(FamilyRow, piece_count)), notes);
    for at in 0..further {
        let row = pieces.slice(at * size_of::<PieceRow>(), size_of::<PieceRow>());
        let Some(tag) = row.bytes.first_chunk::<4>().map(|tag| Tag(*tag)) else { continue };
        let offset = row.u32(offset_of!(PieceRow, offset)).unwrap_or(0) as usize;
        let len = row.u32(offset_of!(PieceRow, len)).unwrap_or(0) as usize;
        let part = blob.slice(offset, len);
        if part.bytes.len() < len {
            let there = part.bytes.len();
            notes.problem(row.at_bytes, format!("piece {tag} has {len} bytes, {there} are there"));
        }
        let known = match tag {
            RULE => Some(&mut found.rule),
            CLAS => Some(&mut found.classes),
            DDAG => Some(&mut found.nodes),
            MTRX => Some(&mut found.matrix),
            PHSH => Some(&mut found.hash),
            LEFT => Some(&mut found.left_out),
            _ => None,
        };
        if let Some(known) = known {
            *known = part;
        }
        let (offset_bytes, len_bytes) = (offset as u64, len as u64);
        dump.pieces.push(PieceDump { tag: tag.to_string(), offset_bytes, len_bytes });
    }
    let parts = Parts {
        strings,
        entry_count,
        type_count: types,
        param_count: params,
        params: piece(offset_of!(FamilyRow, params), params, 4),
        above: piece(offset_of!(FamilyRow, above), types, above_stride_bytes(params)),
        patterns: piece(offset_of!(FamilyRow, patterns), entry_count, 2 * usize::from(dump.arity)),
        entries: piece(offset_of!(FamilyRow, entries), entry_count, size_of::<EntryRow>()),
        further: found,
        types: local,
    };
    family::read(&parts, Rule::from_code(byte(offset_of!(FamilyRow, rule))), &mut dump, notes);
    let first_place = number(offset_of!(FamilyRow, first_place)) as usize;
    for (at, entry) in dump.entries.iter_mut().enumerate() {
        let start = first_place.saturating_add(at).saturating_mul(size_of::<PlaceRow>());
        let row = envelope.section(PLAC).slice(start, size_of::<PlaceRow>());
        let line = row.u32(offset_of!(PlaceRow, line)).unwrap_or(0);
        if line > 0 {
            let file = strings.get(row.u32(offset_of!(PlaceRow, file)), row.at_bytes, notes);
            let column = row.u32(offset_of!(PlaceRow, column)).unwrap_or(0);
            entry.place = Some(format!("{file}:{line}:{column}"));
        }
    }
    dump
}
