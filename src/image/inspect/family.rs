//! What a table and a family of an image have alike: types, parameters, patterns, entries, classes,
//! nodes.

use std::mem::offset_of;

use zerocopy::FromBytes;
use zerocopy::little_endian::U32;

use super::dump::{ClassDump, EntryDump, FamilyDump, NodeDump, TypeDump};
use super::read::{Notes, Part, Pool, UNREADABLE};
use crate::format::core::above_stride_bytes;
use crate::format::layout::{CLAS, ClassRow, DDAG, ENTR, ENTRY_DEFAULT, EntryRow, LEAF, PARM, PATT};
use crate::format::{Outcome, TOP_TYPE, Tag};
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
    pub(super) classes: Part<'a>,
    pub(super) nodes: Part<'a>,
    /// Names of the local types, and whether they are sealed; as many as could be read.
    pub(super) types: Vec<(String, bool)>,
}

/// Reads them into `family`, whose arity is known.
pub(super) fn read(parts: &Parts<'_>, family: &mut FamilyDump, notes: &mut Notes) {
    let params = param_names(parts, notes);
    let stride = above_stride_bytes(parts.param_count);
    for (local, (name, sealed)) in parts.types.iter().enumerate() {
        let row = parts.above.slice(local.saturating_mul(stride), stride);
        let is_under = |at: usize| row.bytes.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1);
        let names: Vec<&String> =
            params.iter().enumerate().filter(|(at, _)| is_under(*at)).map(|(_, name)| name).collect();
        let count = notes.take(names.len());
        let under = names.into_iter().take(count).cloned().collect();
        family.types.push(TypeDump { name: name.clone(), sealed: *sealed, under });
    }
    entries(parts, &params, family, notes);
    classes(parts, family, notes);
    nodes(parts, family, notes);
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
        parts.types.get(local as usize).map(|(name, _)| name.clone())
    };
    (0..count).map(|at| name(at).unwrap_or_else(|| UNREADABLE.to_owned())).collect()
}

fn entries(parts: &Parts<'_>, params: &[String], family: &mut FamilyDump, notes: &mut Notes) {
    let arity = usize::from(family.arity);
    let count = rows(ENTR, parts.entries, size_of::<EntryRow>(), parts.entry_count, notes);
    for entry in 0..count {
        let row = parts.entries.slice(entry * size_of::<EntryRow>(), size_of::<EntryRow>());
        let mut pattern = Vec::new();
        for position in 0..notes.take(arity) {
            let at = 2 * entry.saturating_mul(arity).saturating_add(position);
            pattern.push(match parts.patterns.u16(at) {
                Some(0) => TOP_TYPE.to_owned(),
                Some(reference) => params.get(usize::from(reference) - 1).cloned().unwrap_or_else(|| {
                    let place = parts.patterns.at_bytes + at as u64;
                    notes.problem(place, format!("{PATT}: parameter {reference} of {}", params.len()));
                    UNREADABLE.to_owned()
                }),
                None => {
                    notes.problem(
                        parts.patterns.at_bytes,
                        format!("{PATT}: the pattern of entry {entry} is missing"),
                    );
                    UNREADABLE.to_owned()
                }
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
    if parts.classes.bytes.is_empty() {
        return;
    }
    for position in 0..usize::from(family.arity) {
        let Some(classes) = classes_at(parts.classes.bytes, position, parts.type_count as usize) else {
            notes.problem(
                parts.classes.at_bytes,
                format!("{CLAS}: the classes of position {position} cannot be read"),
            );
            continue;
        };
        let row = position * size_of::<ClassRow>() + offset_of!(ClassRow, class_count);
        let class_count = parts.classes.u16(row).unwrap_or(0);
        let mut members: std::collections::BTreeMap<u32, Vec<String>> = std::collections::BTreeMap::new();
        let count = notes.take(classes.len());
        for (local, class) in classes.iter().enumerate().take(count) {
            if *class >= u32::from(class_count) {
                notes.problem(
                    parts.classes.at_bytes,
                    format!("{CLAS}: type {local} has class {class} of {class_count}"),
                );
            }
            let name = parts.types.get(local).map_or(UNREADABLE, |(name, _)| name);
            members.entry(*class).or_default().push(name.to_owned());
        }
        family.classes.extend(members.into_iter().map(|(class, types)| ClassDump { position, class, types }));
    }
}

fn nodes(parts: &Parts<'_>, family: &mut FamilyDump, notes: &mut Notes) {
    let whole = parts.nodes.bytes.len() / 4 * 4;
    let Ok(words) = <[U32]>::ref_from_bytes(parts.nodes.bytes.get(..whole).unwrap_or_default()) else {
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
        notes.problem(parts.nodes.at_bytes + 4 * u64::from(parent), wrong);
        UNREADABLE.to_owned()
    };
    family.root = Some(target(root.get(), 0, notes));
    for head in &heads {
        let at = *head as usize;
        let (position, count) = words.get(at).map_or((0, 0), |head| split(head.get()));
        let there = words.len().saturating_sub(at + 1).min(count);
        if there < count {
            notes.problem(
                parts.nodes.at_bytes + 4 * at as u64,
                format!("{DDAG}: node {head} has {count} children, {there} are there"),
            );
        }
        let told = notes.take(there);
        let children = words.iter().skip(at + 1).take(told);
        let children = children.map(|word| target(word.get(), *head, notes)).collect();
        family.nodes.push(NodeDump { word: *head, position, children });
    }
}
