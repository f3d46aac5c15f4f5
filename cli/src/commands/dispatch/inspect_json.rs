//! What stands in a file, as JSON.

use std::path::Path;

use janus_cache::image::inspect::{
    FamilyDump, Field, Inspection, OutcomeCount, ParamList, Problem, RuleDump, TypeDump,
};
use janus_cache::store::PackInspection;
use serde::Serialize;

use crate::json::SCHEMA_VERSION;

#[derive(Serialize)]
pub(super) struct Output<'a> {
    schema_version: u32,
    file: String,
    kind: &'static str,
    bytes: u64,
    /// Of a table or image.
    #[serde(skip_serializing_if = "Option::is_none")]
    codec: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decoded_bytes: Option<u64>,
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
    rule_data: Option<RuleRow<'a>>,
    matrix: Option<MatrixPart<'a>>,
    hash: Option<HashPart<'a>>,
    left_out: Vec<LeftOutRow<'a>>,
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

/// What rule it is of is said beside it; what that rule has not is empty.
#[derive(Default, Serialize)]
struct RuleRow<'a> {
    argument_order: &'a [u8],
    ranks: Vec<RankRow<'a>>,
    lists: Vec<ParamListRow<'a>>,
    counts_as: Vec<ParamListRow<'a>>,
    name: Option<&'a str>,
}

#[derive(Serialize)]
struct RankRow<'a> {
    param: &'a str,
    rank: u16,
}

#[derive(Serialize)]
struct ParamListRow<'a> {
    #[serde(rename = "type")]
    name: &'a str,
    params: &'a [String],
}

#[derive(Serialize)]
struct MatrixPart<'a> {
    cell_bits: u32,
    cells: u64,
    outcomes: Vec<CountRow<'a>>,
    rows: Vec<MatrixRow<'a>>,
}

#[derive(Serialize)]
struct MatrixRow<'a> {
    classes: &'a [u32],
    outcomes: &'a [String],
}

#[derive(Serialize)]
struct HashPart<'a> {
    buckets: u32,
    slots: u32,
    occupied: u64,
    outcomes: Vec<CountRow<'a>>,
}

#[derive(Serialize)]
struct CountRow<'a> {
    outcome: &'a str,
    count: u64,
}

#[derive(Serialize)]
struct LeftOutRow<'a> {
    pattern: &'a [String],
    implementation: &'a str,
    module: &'a str,
    default: bool,
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
    codec: &'static str,
    loose: bool,
    shared: bool,
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

fn fields(fields: &[Field]) -> Vec<FieldRow<'_>> {
    let rows = fields.iter();
    rows.map(|field| FieldRow { name: field.name, at_bytes: field.at_bytes, value: field.value.as_deref() })
        .collect()
}

fn problems(problems: &[Problem]) -> Vec<ProblemRow<'_>> {
    problems.iter().map(|problem| ProblemRow { at_bytes: problem.at_bytes, what: &problem.what }).collect()
}

fn types(types: &[TypeDump]) -> Vec<TypeRow<'_>> {
    types.iter().map(|row| TypeRow { name: &row.name, sealed: row.sealed, under: &row.under }).collect()
}

fn counts(counts: &[OutcomeCount]) -> Vec<CountRow<'_>> {
    counts.iter().map(|row| CountRow { outcome: &row.outcome, count: row.count }).collect()
}

fn lists(lists: &[ParamList]) -> Vec<ParamListRow<'_>> {
    lists.iter().map(|row| ParamListRow { name: &row.name, params: &row.params }).collect()
}

fn rule(rule: &RuleDump) -> RuleRow<'_> {
    match rule {
        RuleDump::Precedence { argument_order, ranks, lists: own } => RuleRow {
            argument_order,
            ranks: ranks.iter().map(|row| RankRow { param: &row.param, rank: row.rank }).collect(),
            lists: lists(own),
            ..RuleRow::default()
        },
        RuleDump::Levels(counts_as) => RuleRow { counts_as: lists(counts_as), ..RuleRow::default() },
        RuleDump::Custom(name) => RuleRow { name: Some(name), ..RuleRow::default() },
    }
}

fn family(family: &FamilyDump) -> FamilyRow<'_> {
    FamilyRow {
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
        rule_data: family.rule_data.as_ref().map(rule),
        matrix: family.matrix.as_ref().map(|matrix| MatrixPart {
            cell_bits: matrix.cell_bits,
            cells: matrix.cells,
            outcomes: counts(&matrix.outcomes),
            rows: matrix
                .rows
                .iter()
                .map(|row| MatrixRow { classes: &row.classes, outcomes: &row.outcomes })
                .collect(),
        }),
        hash: family.hash.as_ref().map(|hash| HashPart {
            buckets: hash.buckets,
            slots: hash.slots,
            occupied: hash.occupied,
            outcomes: counts(&hash.outcomes),
        }),
        left_out: family
            .left_out
            .iter()
            .map(|method| LeftOutRow {
                pattern: &method.pattern,
                implementation: &method.implementation,
                module: &method.module,
                default: method.default,
            })
            .collect(),
        pieces: family
            .pieces
            .iter()
            .map(|row| PieceRow { tag: &row.tag, offset_bytes: row.offset_bytes, len_bytes: row.len_bytes })
            .collect(),
    }
}

/// A table or an image.
pub(super) fn file<'a>(path: &Path, found: &'a Inspection) -> Output<'a> {
    Output {
        schema_version: SCHEMA_VERSION,
        file: path.display().to_string(),
        kind: found.kind.as_str(),
        bytes: found.len_bytes,
        codec: found.codec.as_deref(),
        decoded_bytes: found.decoded_bytes,
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
        families: found.families.iter().map(family).collect(),
        entries: Vec::new(),
    }
}

/// A pack.
pub(super) fn pack<'a>(path: &Path, found: &'a PackInspection) -> Output<'a> {
    let entries = found.entries.iter().map(|entry| PackEntryRow {
        at_bytes: entry.at_bytes,
        key: entry.key.to_string(),
        kind: entry.kind.name(),
        codec: entry.codec.as_str(),
        loose: entry.is_loose,
        shared: entry.is_shared,
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
        codec: None,
        decoded_bytes: None,
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
