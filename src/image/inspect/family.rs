//! What a table and a family of an image have alike: types, parameters, patterns, entries, classes,
//! nodes. What its rule and the other optimizers need have files of their own.

use std::mem::offset_of;

use zerocopy::FromBytes;
use zerocopy::little_endian::U32;

use super::dump::{ClassDump, EntryDump, FamilyDump, NodeDump, TypeDump};
use super::outcomes::Outcomes;
use super::read::{Notes, Part, Pool, UNREADABLE, set_bits};
use super::{left_out, rule};
use crate::format::core::above_stride_bytes;
use crate::format::layout::{CLAS, ClassRow, DDAG, ENTR, ENTRY_DEFAULT, EntryRow, LEAF, PARM, PATT};
use crate::format::{Outcome, Rule, TOP_TYPE, Tag};
use crate::image::dag::{answer, classes_at, heads, split};

/// Where the parts of a family lie, and how many rows they should have.
pub(super) struct Parts<'a> {
    pub(super) strings: Pool<'a>,
    pub(super) entry_count: u32,
    pub(super) type_count: u32,
    pub(super) param_count: u32,
    pub(super) params: Part<'a>,
    pub(super) above: Part<'a>,
    pub(super) patterns: Part<'a>,
    pub(super) entries: Part<'a>,
    pub(super) further: Further<'a>,
    /// Names of the local types, and whether they are sealed; as many as could be read.
    pub(super) types: Vec<(String, bool)>,
}

/// The parts that only some families have; empty where one has not.
#[derive(Clone, Copy, Default)]
pub(super) struct Further<'a> {
    pub(super) rule: Part<'a>,
    pub(super) classes: Part<'a>,
    pub(super) nodes: Part<'a>,
    pub(super) matrix: Part<'a>,
    pub(super) hash: Part<'a>,
    pub(super) left_out: Part<'a>,
}

/// Reads them into `family`, whose arity is known.
pub(super) fn read(parts: &Parts<'_>, rule: Option<Rule>, family: &mut FamilyDump, notes: &mut Notes) {
    let params = param_names(parts, notes);
    let stride = above_stride_bytes(parts.param_count);
    for (local, (name, sealed)) in parts.types.iter().enumerate() {
        let row = parts.above.slice(local.saturating_mul(stride), stride);
        let set = set_bits(row, params.len(), notes).into_iter();
        let under = set.filter_map(|at| params.get(at)).map(|name| notes.text(name)).collect();
        family.types.push(TypeDump { name: notes.text(name), sealed: *sealed, under });
    }
    entries(parts, &params, family, notes);
    classes(parts, family, notes);
    nodes(parts, family, notes);
    family.rule_data = rule.and_then(|rule| rule::read(rule, parts, &params, family.arity, notes));
    let outcomes =
        Outcomes { classes: parts.further.classes, arity: family.arity, entry_count: parts.entry_count };
    family.matrix = outcomes.matrix(parts.further.matrix, notes);
    family.hash = outcomes.hash(parts.further.hash, notes);
    family.left_out = left_out::read(parts.further.left_out, family.arity, &params, notes);
}

/// How many of `stated` rows are there; fewer is a problem.
pub(super) fn rows(tag: Tag, part: Part<'_>, row_bytes: usize, stated: u32, notes: &mut Notes) -> usize {
    let there = part.rows(row_bytes).min(stated as usize);
    if there < stated as usize {
        notes.problem(part.at_bytes, format!("{tag} should have {stated} rows, {there} are there"));
    }
    notes.take(there)
}

fn param_names(parts: &Parts<'_>, notes: &mut Notes) -> Vec<String> {
    let count = rows(PARM, parts.params, 4, parts.param_count, notes);
    let name = |at: usize| {
        let local = parts.params.u32(4 * at)?;
        parts.types.get(local as usize).map(|(name, _)| name.as_str())
    };
    (0..count).map(|at| notes.text(name(at).unwrap_or(UNREADABLE))).collect()
}

/// The name of the type that a reference in `part` means.
pub(super) fn param_name(
    reference: u16,
    params: &[String],
    (tag, at_bytes): (Tag, u64),
    notes: &mut Notes,
) -> String {
    let Some(ordinal) = reference.checked_sub(1) else { return TOP_TYPE.to_owned() };
    if let Some(name) = params.get(usize::from(ordinal)) {
        notes.text(name)
    } else {
        notes.problem(at_bytes, format!("{tag}: parameter {reference} of {}", params.len()));
        UNREADABLE.to_owned()
    }
}

fn entries(parts: &Parts<'_>, params: &[String], family: &mut FamilyDump, notes: &mut Notes) {
    let arity = usize::from(family.arity);
    let count = rows(ENTR, parts.entries, size_of::<EntryRow>(), parts.entry_count, notes);
    for entry in 0..count {
        let row = parts.entries.slice(entry * size_of::<EntryRow>(), size_of::<EntryRow>());
        let mut pattern = Vec::new();
        for position in 0..notes.take(arity) {
            let at = 2 * entry.saturating_mul(arity).saturating_add(position);
            pattern.push(if let Some(reference) = parts.patterns.u16(at) {
                param_name(reference, params, (PATT, parts.patterns.at_bytes + at as u64), notes)
            } else {
                notes.problem(
                    parts.patterns.at_bytes,
                    format!("{PATT}: the pattern of entry {entry} is missing"),
                );
                UNREADABLE.to_owned()
            });
        }
        let implementation = row.u32(offset_of!(EntryRow, implementation));
        let module = row.u32(offset_of!(EntryRow, module));
        family.entries.push(EntryDump {
            pattern,
            implementation: parts.strings.get(implementation, row.at_bytes, notes),
            module: parts.strings.get(module, row.at_bytes, notes),
            specificity: row.u32(offset_of!(EntryRow, specificity)).unwrap_or(0),
            call_frequency: row.u32(offset_of!(EntryRow, call_frequency)).unwrap_or(0),
            default: row.u32(offset_of!(EntryRow, flags)).unwrap_or(0) & ENTRY_DEFAULT != 0,
            place: None,
        });
    }
}

fn classes(parts: &Parts<'_>, family: &mut FamilyDump, notes: &mut Notes) {
    if parts.further.classes.bytes.is_empty() {
        return;
    }
    // Runs promise a class to any number of types; those that are listed take bytes.
    let types = parts.types.len().min(parts.type_count as usize);
    for position in 0..usize::from(family.arity) {
        let Some(classes) = classes_at(parts.further.classes.bytes, position, types) else {
            notes.problem(
                parts.further.classes.at_bytes,
                format!("{CLAS}: the classes of position {position} cannot be read"),
            );
            continue;
        };
        let row = position * size_of::<ClassRow>() + offset_of!(ClassRow, class_count);
        let class_count = parts.further.classes.u16(row).unwrap_or(0);
        let mut members: std::collections::BTreeMap<u32, Vec<String>> = std::collections::BTreeMap::new();
        let count = notes.take(classes.len());
        for (local, class) in classes.iter().enumerate().take(count) {
            if *class >= u32::from(class_count) {
                notes.problem(
                    parts.further.classes.at_bytes,
                    format!("{CLAS}: type {local} has class {class} of {class_count}"),
                );
            }
            let name = parts.types.get(local).map_or(UNREADABLE, |(name, _)| name);
            members.entry(*class).or_default().push(notes.text(name));
        }
        family.classes.extend(members.into_iter().map(|(class, types)| ClassDump { position, class, types }));
    }
}

fn nodes(parts: &Parts<'_>, family: &mut FamilyDump, notes: &mut Notes) {
    let whole = parts.further.nodes.bytes.len() / 4 * 4;
    let Ok(words) = <[U32]>::ref_from_bytes(parts.further.nodes.bytes.get(..whole).unwrap_or_default())
    else {
        return;
    };
    let Some(root) = words.first() else { return };
    let heads = heads(words);
    let target = |word: u32, parent: u32, notes: &mut Notes| {
        let wrong = if word & LEAF == 0 {
            if word > parent && heads.binary_search(&word).is_ok() {
                return format!("node {word}");
            }
            format!("{DDAG}: node {parent} leads to word {word}, where no node behind it begins")
        } else {
            match answer(word, parts.entry_count) {
                Ok(Outcome::Method(entry)) => return format!("entry {}", entry.0),
                Ok(Outcome::NoMethod) => return "no method".to_owned(),
                Ok(Outcome::Ambiguous) => return "ambiguous".to_owned(),
                Err(error) => error.to_string(),
            }
        };
        notes.problem(parts.further.nodes.at_bytes + 4 * u64::from(parent), wrong);
        UNREADABLE.to_owned()
    };
    family.root = Some(target(root.get(), 0, notes));
    let told = notes.take(heads.len());
    for head in heads.iter().take(told) {
        let at = *head as usize;
        let (position, count) = words.get(at).map_or((0, 0), |head| split(head.get()));
        let there = words.len().saturating_sub(at + 1).min(count);
        if there < count {
            notes.problem(
                parts.further.nodes.at_bytes + 4 * at as u64,
                format!("{DDAG}: node {head} has {count} children, {there} are there"),
            );
        }
        let told = notes.take(there);
        let children = words.iter().skip(at + 1).take(told);
        let children = children.map(|word| target(word.get(), *head, notes)).collect();
        family.nodes.push(NodeDump { word: *head, position, children });
    }
}
