//! `janus dispatch inspect`: what stands in a file, also in a damaged one.

use std::path::Path;

use janus_cache::format::TableView;
use janus_cache::fs::{FileAccess, FileBytes};
use janus_cache::image::inspect::{Field, FileKind, Inspection, Problem, inspect, kind_of};
use janus_cache::store::{EntryKind, PackInspection, inspect_pack, is_pack};
use serde::Serialize;

use super::inspect_text;
use crate::args::Format;
use crate::exit::{Exit, Failure};
use crate::json::{self, SCHEMA_VERSION};
use crate::picture_args::InspectArgs;
use crate::say;

#[derive(Serialize)]
struct Output<'a> {
    schema_version: u32,
    file: String,
    kind: &'static str,
    bytes: u64,
    sound: bool,
    problems: Vec<ProblemRow<'a>>,
    more_problems: usize,
    truncated: bool,
    header: Vec<FieldRow<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    footer: Vec<FieldRow<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checksums: Vec<ChecksumRow>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sections: Vec<SectionRow<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    types: Vec<TypeRow<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    families: Vec<FamilyRow<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    entries: Vec<PackEntryRow<'a>>,
}

#[derive(Serialize)]
struct ProblemRow<'a> {
    at_bytes: u64,
    what: &'a str,
}

#[derive(Serialize)]
struct FieldRow<'a> {
    name: &'a str,
    at_bytes: u64,
    value: Option<&'a str>,
}

#[derive(Serialize)]
struct ChecksumRow {
    what: &'static str,
    stored: String,
    computed: Option<String>,
    right: bool,
}

#[derive(Serialize)]
struct SectionRow<'a> {
    tag: &'a str,
    flags: u32,
    offset_bytes: u64,
    len_bytes: u64,
    present_bytes: u64,
}

#[derive(Serialize)]
struct TypeRow<'a> {
    name: &'a str,
    sealed: bool,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    under: &'a [String],
}

#[derive(Serialize)]
struct FamilyRow<'a> {
    name: &'a str,
    arity: u8,
    rule: &'a str,
    optimization: &'a str,
    table_hash: String,
    flags: u32,
    types: Vec<TypeRow<'a>>,
    entries: Vec<EntryRow<'a>>,
    classes: Vec<ClassRow<'a>>,
    root: Option<&'a str>,
    nodes: Vec<NodeRow<'a>>,
    pieces: Vec<PieceRow<'a>>,
}

#[derive(Serialize)]
struct EntryRow<'a> {
    pattern: &'a [String],
    implementation: &'a str,
    module: &'a str,
    specificity: u32,
    call_frequency: u32,
    default: bool,
    place: Option<&'a str>,
}

#[derive(Serialize)]
struct ClassRow<'a> {
    position: usize,
    class: u32,
    types: &'a [String],
}

#[derive(Serialize)]
struct NodeRow<'a> {
    word: u32,
    position: u8,
    children: &'a [String],
}

#[derive(Serialize)]
struct PieceRow<'a> {
    tag: &'a str,
    offset_bytes: u64,
    len_bytes: u64,
}

#[derive(Serialize)]
struct PackEntryRow<'a> {
    at_bytes: u64,
    key: String,
    kind: &'static str,
    codec: String,
    loose: bool,
    stored_bytes: u64,
    decoded_bytes: u64,
    created_unix_s: u64,
    rebuild_cost_ns: u64,
    project: &'a str,
    producer: &'a str,
    language: &'a str,
    content: Option<&'a str>,
    trace: Option<&'a str>,
}

/// What a file is taken for.
enum Taken {
    File(FileKind),
    Pack,
}

pub(crate) fn run(args: &InspectArgs) -> Result<Exit, Failure> {
    let unreadable =
        |error| Failure::usage(format!("cannot read {}: {error}; name a file", args.file.display()));
    let file = FileBytes::open(&args.file, FileAccess::Map).map_err(unreadable)?;
    let bytes = file.get(0, file.len_bytes()).map_err(unreadable)?;
    let Some(taken) = taken_for(&bytes, &args.file) else {
        return Err(Failure::usage(format!(
            "{} is no table, image or pack: its first bytes are {:02x?}, and its name ends in none of .jdt, .jdi, .pack",
            args.file.display(),
            bytes.get(..8).unwrap_or(&bytes)
        )));
    };
    let (text, is_sound) = match taken {
        Taken::File(kind) => {
            let found = inspect(kind, &bytes);
            let text = if args.format == Format::Json {
                json::print(&of_file(&args.file, &found))?;
                String::new()
            } else {
                inspect_text::file(&found)
            };
            (text, found.is_sound())
        }
        Taken::Pack => {
            let name = args.file.file_stem().and_then(|name| name.to_str());
            let found = inspect_pack(&bytes, name, &describe);
            let text = if args.format == Format::Json {
                json::print(&of_pack(&args.file, &found))?;
                String::new()
            } else {
                inspect_text::pack(&found)
            };
            (text, found.problems.is_empty())
        }
    };
    say::out(text)?;
    Ok(if is_sound { Exit::Success } else { Exit::Damaged })
}

/// By the first bytes, or where these are damaged by the name.
fn taken_for(bytes: &[u8], path: &Path) -> Option<Taken> {
    if is_pack(bytes) {
        return Some(Taken::Pack);
    }
    if let Some(kind) = kind_of(bytes) {
        return Some(Taken::File(kind));
    }
    match path.extension()?.to_str()? {
        "jdt" => Some(Taken::File(FileKind::Table)),
        "jdi" => Some(Taken::File(FileKind::Image)),
        "pack" => Some(Taken::Pack),
        _ => None,
    }
}

/// What is said of an entry's content.
fn describe(kind: EntryKind, content: &[u8]) -> Option<String> {
    if kind != EntryKind::DispatchTable {
        return None;
    }
    Some(match TableView::open(content) {
        Ok(table) => {
            let (name, header) = (table.name().unwrap_or("?"), table.header());
            let word = table.core().optimization().as_str();
            format!("{name}/{}, {} methods, {word}", header.arity, header.entry_count)
        }
        Err(error) => format!("no sound table: {error}"),
    })
}

fn fields(fields: &[Field]) -> Vec<FieldRow<'_>> {
    let rows = fields.iter();
    rows.map(|field| FieldRow { name: field.name, at_bytes: field.at_bytes, value: field.value.as_deref() })
        .collect()
}

fn problems(problems: &[Problem]) -> Vec<ProblemRow<'_>> {
    problems.iter().map(|problem| ProblemRow { at_bytes: problem.at_bytes, what: &problem.what }).collect()
}

fn of_file<'a>(path: &Path, found: &'a Inspection) -> Output<'a> {
    let types = |types: &'a [janus_cache::image::inspect::TypeDump]| -> Vec<TypeRow<'a>> {
        types.iter().map(|row| TypeRow { name: &row.name, sealed: row.sealed, under: &row.under }).collect()
    };
    let families = found.families.iter().map(|family| FamilyRow {
        name: &family.name,
        arity: family.arity,
        rule: &family.rule,
        optimization: &family.optimization,
        table_hash: format!("{:016x}", family.table_hash),
        flags: family.flags,
        types: types(&family.types),
        entries: family
            .entries
            .iter()
            .map(|entry| EntryRow {
                pattern: &entry.pattern,
                implementation: &entry.implementation,
                module: &entry.module,
                specificity: entry.specificity,
                call_frequency: entry.call_frequency,
                default: entry.default,
                place: entry.place.as_deref(),
            })
            .collect(),
        classes: family
            .classes
            .iter()
            .map(|row| ClassRow { position: row.position, class: row.class, types: &row.types })
            .collect(),
        root: family.root.as_deref(),
        nodes: family
            .nodes
            .iter()
            .map(|node| NodeRow { word: node.word, position: node.position, children: &node.children })
            .collect(),
        pieces: family
            .pieces
            .iter()
            .map(|row| PieceRow { tag: &row.tag, offset_bytes: row.offset_bytes, len_bytes: row.len_bytes })
            .collect(),
    });
    Output {
        schema_version: SCHEMA_VERSION,
        file: path.display().to_string(),
        kind: found.kind.as_str(),
        bytes: found.len_bytes,
        sound: found.is_sound(),
        problems: problems(&found.problems),
        more_problems: found.more_problems,
        truncated: found.truncated,
        header: fields(&found.fields),
        footer: Vec::new(),
        checksums: found
            .checksums
            .iter()
            .map(|checksum| ChecksumRow {
                what: checksum.what,
                stored: format!("{:08x}", checksum.stored),
                computed: checksum.computed.map(|computed| format!("{computed:08x}")),
                right: checksum.is_right(),
            })
            .collect(),
        sections: found
            .sections
            .iter()
            .map(|row| SectionRow {
                tag: &row.tag,
                flags: row.flags,
                offset_bytes: row.offset_bytes,
                len_bytes: row.len_bytes,
                present_bytes: row.present_bytes,
            })
            .collect(),
        types: types(&found.types),
        families: families.collect(),
        entries: Vec::new(),
    }
}

fn of_pack<'a>(path: &Path, found: &'a PackInspection) -> Output<'a> {
    let entries = found.entries.iter().map(|entry| PackEntryRow {
        at_bytes: entry.at_bytes,
        key: entry.key.to_string(),
        kind: entry.kind.name(),
        codec: inspect_text::codec(entry.codec),
        loose: entry.is_loose,
        stored_bytes: entry.stored_bytes,
        decoded_bytes: entry.decoded_bytes,
        created_unix_s: entry.created_unix_s,
        rebuild_cost_ns: entry.rebuild_cost_ns,
        project: &entry.project,
        producer: &entry.producer,
        language: &entry.language,
        content: entry.content.as_deref(),
        trace: entry.trace.as_deref(),
    });
    Output {
        schema_version: SCHEMA_VERSION,
        file: path.display().to_string(),
        kind: "pack",
        bytes: found.len_bytes,
        sound: found.problems.is_empty(),
        problems: problems(&found.problems),
        more_problems: 0,
        truncated: false,
        header: fields(&found.header),
        footer: fields(&found.footer),
        checksums: Vec::new(),
        sections: Vec::new(),
        types: Vec::new(),
        families: Vec::new(),
        entries: entries.collect(),
    }
}
