//! The types of a corpus: who is below whom, and what is wrong with that.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::document::{Document, Resolution, Top, Type};
use super::facts::Reader;
use crate::build::facts::{TOP_TYPE, TypeFact};
use crate::dispatch::{TypeDecl, TypeGraph, TypeGraphError};

/// The type that Rakudo pretends every role to be under when methods are compared.
const PRETENDED_SUPER: &str = "Cool";

/// What a corpus says about types.
pub(super) struct Types {
    /// Qualified names, in the order of the text; the top type is `any`, an unreadable one is empty.
    pub(super) names: Vec<String>,
    /// In name order, without the top type.
    pub(super) facts: Vec<TypeFact>,
    /// Whether nothing is wrong with them.
    pub(super) are_sound: bool,
    /// Name of the top type.
    top: Option<String>,
    /// Where each is declared.
    declared: HashMap<String, usize>,
}

impl Types {
    pub(super) fn has(&self, name: &str) -> bool {
        self.declared.contains_key(name)
    }

    /// The name by which the build knows a type.
    pub(super) fn qualified(&self, name: &str) -> String {
        qualified(self.top.as_deref(), name)
    }
}

fn qualified(top: Option<&str>, name: &str) -> String {
    if Some(name) == top { TOP_TYPE.to_owned() } else { name.to_owned() }
}

impl<'t> Reader<'t> {
    /// Reads the types, and tells what is wrong with them.
    pub(super) fn types(&mut self, document: &Document<'t>) -> Types {
        let told_before = self.told.len();
        let mut rows: Vec<(usize, Type)> = Vec::with_capacity(document.types.len());
        let mut declared: HashMap<String, usize> = HashMap::with_capacity(document.types.len());
        let mut names = Vec::with_capacity(document.types.len());
        for raw in &document.types {
            let at = self.offset(raw);
            let Some(row) = self.parse::<Type>(raw, "type") else {
                names.push(String::new());
                continue;
            };
            names.push(row.name.clone());
            if let Some(first) = declared.get(&row.name) {
                self.tell_again(at, *first, "duplicate-type", &format!("type {}", row.name));
            } else {
                declared.insert(row.name.clone(), at);
                rows.push((at, row));
            }
        }
        let top = self.top(&document.top, &rows);
        for (at, row) in &rows {
            self.type_row(*at, row, &declared, top.as_deref(), document.resolution);
        }
        for name in &mut names {
            *name = qualified(top.as_deref(), name);
        }
        let pretends = document.resolution == Resolution::Levels && declared.contains_key(PRETENDED_SUPER);
        let all = |these: &[String]| these.iter().map(|name| qualified(top.as_deref(), name)).collect();
        let mut facts = Vec::with_capacity(rows.len());
        for (at, row) in rows.iter().filter(|(_, row)| Some(&row.name) != top.as_ref()) {
            let mut supers: Vec<String> = all(&row.supers);
            supers.retain(|name| name != TOP_TYPE);
            let mut counts_as: Vec<String> = all(&row.counts_as);
            if pretends && row.kind == "role" {
                counts_as.push(qualified(top.as_deref(), PRETENDED_SUPER));
            }
            facts.push(TypeFact {
                name: row.name.clone(),
                supers,
                sealed: row.sealed,
                precedence: all(&row.precedence),
                counts_as,
                place: Some(self.place(*at)),
                related_in: vec![self.place(*at).file],
            });
        }
        facts.sort_by(|a, b| a.name.cmp(&b.name));
        if self.told.len() == told_before
            && let Err(error) = order(&mut facts)
        {
            self.disorder(&error, &facts, &declared);
        }
        Types { names, facts, are_sound: self.told.len() == told_before, top, declared }
    }

    /// Which type is above all others.
    fn top(&mut self, stated: &Top, rows: &[(usize, Type)]) -> Option<String> {
        let name = match stated {
            Top::Named(name) => name,
            Top::Absent => return None,
            Top::Unstated => {
                let mut roots = rows.iter().filter(|(_, row)| row.supers.is_empty());
                let (_, only) = roots.next()?;
                return roots.next().is_none().then(|| only.name.clone());
            }
        };
        match rows.iter().find(|(_, row)| row.name == *name) {
            None => {
                let message = format!("the top type {name} is not among the types");
                self.tell(0, "unknown-type", message, None);
            }
            Some((at, row)) if !row.supers.is_empty() => {
                let message = format!("the top type {name} has the supertype {}", row.supers.join(", "));
                let help = Some("name the type that is above all others, or say \"top\": null".to_owned());
                self.tell(*at, "top-type", message, help);
            }
            Some(_) => {}
        }
        Some(name.clone())
    }

    fn type_row(
        &mut self,
        at: usize,
        row: &Type,
        declared: &HashMap<String, usize>,
        top: Option<&str>,
        resolution: Resolution,
    ) {
        if !self.is_good_name(at, "type", &row.name) {
            return;
        }
        let mut others = row.supers.iter().chain(&row.precedence).chain(&row.counts_as);
        if let Some(unknown) = others.find(|name| !declared.contains_key(*name)) {
            let message = format!("type {} names {unknown}, which is not among the types", row.name);
            self.tell(at, "unknown-type", message, None);
        } else if row.name == TOP_TYPE && top != Some(TOP_TYPE) {
            let message = format!("the name `{TOP_TYPE}` means the top type");
            let help = Some(format!("rename the type, or say \"top\": \"{TOP_TYPE}\""));
            self.tell(at, "reserved-name", message, help);
        } else if resolution == Resolution::Precedence && row.precedence.is_empty() {
            let message =
                format!("type {} has no `precedence` list, by which this resolution compares", row.name);
            self.tell(at, "missing-precedence", message, None);
        }
    }

    /// Tells why the types make no graph.
    fn disorder(&mut self, error: &TypeGraphError, facts: &[TypeFact], declared: &HashMap<String, usize>) {
        let (of, code, message) = match error {
            TypeGraphError::Cycle { names } => {
                let cycle = cycle(facts, names);
                let message = format!("types are their own supertypes: {}", cycle.join(" is below "));
                (cycle.first().copied(), "cyclic-types", message)
            }
            TypeGraphError::Precedence { name } => {
                (Some(name.as_str()), "precedence-list", error.to_string())
            }
            _ => (None, "unordered-types", error.to_string()),
        };
        let at = of.and_then(|name| declared.get(name)).copied().unwrap_or(0);
        self.tell(at, code, message, None);
    }
}

/// Completes the supertypes, and sees whether the types can be ordered.
///
/// A list of precedence decides to what its type applies, so a type is under all of its list: what its
/// supertypes do not lead to is added to them.
fn order(types: &mut [TypeFact]) -> Result<(), TypeGraphError> {
    let decl = |fact: &TypeFact| TypeDecl {
        name: fact.name.clone(),
        supers: fact.supers.clone(),
        ..TypeDecl::default()
    };
    let graph = TypeGraph::new(types.iter().map(decl))?;
    for fact in types.iter_mut() {
        if !fact.precedence.is_empty() {
            let above = graph.get(&fact.name).map(|id| graph.above(id)).unwrap_or_default();
            let is_missing =
                |name: &&String| graph.get(name).is_some_and(|upper| above.binary_search(&upper).is_err());
            let missing: Vec<String> = fact.precedence.iter().filter(is_missing).cloned().collect();
            fact.supers.extend(missing);
        }
        fact.supers.sort_unstable();
    }
    let whole = |fact: &TypeFact| TypeDecl { precedence: fact.precedence.clone(), ..decl(fact) };
    TypeGraph::new(types.iter().map(whole)).map(drop)
}

/// One cycle among types that are on cycles or below one: each below the next, the first again at the
/// end.
fn cycle<'n>(facts: &'n [TypeFact], tangled: &[String]) -> Vec<&'n str> {
    let tangled: BTreeSet<&str> = tangled.iter().map(String::as_str).collect();
    // Each of them has a supertype among them, else it could be ordered.
    let upper = |fact: &'n TypeFact| fact.supers.iter().find(|name| tangled.contains(name.as_str()));
    let next: BTreeMap<&str, &str> = facts
        .iter()
        .filter(|fact| tangled.contains(fact.name.as_str()))
        .filter_map(|fact| Some((fact.name.as_str(), upper(fact)?.as_str())))
        .collect();
    let mut path: Vec<&str> = Vec::new();
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut at = next.keys().next().copied();
    while let Some(name) = at {
        if let Some(start) = seen.insert(name, path.len()) {
            path.drain(..start);
            path.push(name);
            return path;
        }
        path.push(name);
        at = next.get(name).copied();
    }
    path
}
