//! The key of a dispatch table: a hash of everything that can change its bytes.

use std::fmt;

use super::trace::{InputGroup, Trace};
use crate::dispatch::{CallProfile, OptimizerChoice, Redundancy};
use crate::format::layout::{VERSION_MAJOR, VERSION_MINOR};
use crate::format::{LogicalRule, LogicalTable, ParamRef};

/// Names a question about a dispatch table. Equal keys mean equal questions, and so equal bytes.
///
/// What was asked is not what the bytes are: a key is never taken for a [`ContentDigest`](crate::digest::ContentDigest), nor a digest
/// for a key, although both are 32 bytes.
///
/// ```
/// # use janus_cache::key::TableKey;
/// fn look_up(key: TableKey) {}
/// look_up(TableKey::from_bytes([0; 32]));
/// ```
///
/// ```compile_fail,E0308
/// # use janus_cache::{digest::ContentDigest, key::TableKey};
/// fn look_up(key: TableKey) {}
/// look_up(ContentDigest::of(b"the bytes of a table"));
/// ```
///
/// ```compile_fail,E0308
/// # use janus_cache::{digest::ContentDigest, key::TableKey};
/// fn is_the_answer(key: TableKey, digest: ContentDigest) -> bool {
///     key == digest
/// }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableKey([u8; 32]);

impl TableKey {
    /// A key that was computed before, read back from where it was kept.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for TableKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TableKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TableKey({self})")
    }
}

/// What enters a table's key beside the table's own question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySettings {
    /// Which optimizer to use.
    pub optimizer: OptimizerChoice,
    /// What becomes of methods that no call selects.
    pub redundancy: Redundancy,
    /// How often methods were called. Only the counts of a table's own methods enter its key.
    pub profile: CallProfile,
    /// Seconds that are written into the header; 0 unless `SOURCE_DATE_EPOCH` is set.
    pub creation_timestamp: u64,
    /// Name and version of the compiler or front end that reads the sources.
    pub compiler: String,
    /// Build configuration that changes the answer, as name and value.
    pub configuration: Vec<(String, String)>,
    /// Namespace of the cache.
    pub namespace: String,
}

/// Room for a type's or a method's line, so that a trace rarely grows.
const USUAL_LINE_BYTES: usize = 96;

/// The key of `table` under `settings`, and its trace. Cost: proportional to the question.
pub fn table_key(table: &LogicalTable, settings: &KeySettings) -> (TableKey, Trace) {
    let mut trace = Trace::with_capacity(USUAL_LINE_BYTES * (table.types.len() + table.entries.len()));
    trace.push(InputGroup::Family, "name", &table.name);
    trace.push(InputGroup::Family, "arity", &table.arity.to_string());
    trace.push(InputGroup::Rule, "", table.rule.rule().as_str());
    push_rule(&mut trace, table);
    for entry in &table.entries {
        let value = [
            entry.implementation.as_str(),
            " in ",
            &entry.module,
            if entry.default { ", default" } else { "" },
        ];
        trace.push_pieces(InputGroup::Methods, [table.pattern_text(&entry.pattern).as_str()], value);
    }
    push_types(&mut trace, table);
    trace.push(InputGroup::Optimizer, "choice", settings.optimizer.as_str());
    trace.push(InputGroup::Optimizer, "redundancy", settings.redundancy.as_str());
    push_calls(&mut trace, table, &settings.profile.calls_of(table));
    trace.push(InputGroup::Codec, "", "none");
    trace.push(InputGroup::Format, "version", &format!("{VERSION_MAJOR}.{VERSION_MINOR}"));
    trace.push(InputGroup::Format, "creation timestamp", &settings.creation_timestamp.to_string());
    trace.push(InputGroup::Compiler, "cache", env!("CARGO_PKG_VERSION"));
    trace.push(InputGroup::Compiler, "front end", &settings.compiler);
    let mut configuration: Vec<&(String, String)> = settings.configuration.iter().collect();
    configuration.sort_unstable();
    for (name, value) in configuration {
        trace.push(InputGroup::Configuration, name, value);
    }
    trace.push(InputGroup::Namespace, "", &settings.namespace);
    (TableKey(trace.hash("janus-cache 2026-11 dispatch table key v2")), trace)
}

/// The calls of those methods that have some: a profile of other families is no part of the question.
fn push_calls(trace: &mut Trace, table: &LogicalTable, calls: &[u32]) {
    trace.push(InputGroup::Profile, "", if calls.is_empty() { "none" } else { "calls counted" });
    for (entry, calls) in table.entries.iter().zip(calls).filter(|(_, calls)| **calls > 0) {
        trace.push(InputGroup::Profile, &table.pattern_text(&entry.pattern), &calls.to_string());
    }
}

/// Each type with the parameters above it. Under rule `precedence` their order is the type's own.
fn push_types(trace: &mut Trace, table: &LogicalTable) {
    let nearest = match &table.rule {
        LogicalRule::Precedence { nearest, .. } => nearest.as_slice(),
        _ => &[],
    };
    for (local, row) in table.types.iter().enumerate() {
        let above = nearest.get(local).unwrap_or(&row.above);
        let openness = if row.sealed { "sealed, under " } else { "open, under " };
        let value = std::iter::once(openness).chain(names(table, above));
        trace.push_pieces(InputGroup::Types, [&*row.name], value);
    }
}

/// What the rule knows beside methods and types.
fn push_rule(trace: &mut Trace, table: &LogicalTable) {
    match &table.rule {
        LogicalRule::Symmetric => {}
        LogicalRule::Precedence { argument_order, .. } => {
            let order: Vec<String> = argument_order.iter().map(u8::to_string).collect();
            trace.push(InputGroup::Rule, "argument order", &order.join(" "));
        }
        LogicalRule::Levels { counts_as } => {
            for (param, uppers) in counts_as.iter().enumerate() {
                let item = [table.param_name(ParamRef(param as u16 + 1)), " counts as"];
                trace.push_pieces(InputGroup::Rule, item, names(table, uppers));
            }
        }
        LogicalRule::Custom { name } => trace.push(InputGroup::Rule, "name", name),
    }
}

/// The parameters' names with ` + ` between them, in pieces.
fn names<'t>(table: &'t LogicalTable, params: &'t [u16]) -> impl Iterator<Item = &'t str> {
    params
        .iter()
        .enumerate()
        .flat_map(|(at, param)| [if at == 0 { "" } else { " + " }, table.param_name(ParamRef(param + 1))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::{Family, Method, TypeDecl, TypeGraph, restrict};

    fn question() -> LogicalTable {
        let graph = TypeGraph::new([TypeDecl::new("Shape", &[]), TypeDecl::new("Circle", &["Shape"])]);
        let family = Family::new("area", 1, vec![Method::new(&["Shape"], "area(Shape)", "geometry")]);
        restrict(&graph.expect("acyclic"), &family).expect("a family")
    }

    #[test]
    fn every_group_of_inputs_changes_the_key_and_stands_in_the_trace() {
        let settings = KeySettings::default();
        let (key, before) = table_key(&question(), &settings);
        let mut groups = Vec::new();
        let mut expect_change = |table: &LogicalTable, settings: &KeySettings| {
            let (other, after) = table_key(table, settings);
            assert_ne!(key, other);
            groups.extend(after.changes_since(&before).into_iter().map(|change| change.group));
        };
        let changed = |change: &dyn Fn(&mut LogicalTable)| {
            let mut table = question();
            change(&mut table);
            table
        };
        expect_change(&changed(&|table| table.name.push('s')), &settings);
        expect_change(&changed(&|table| table.entries[0].module.push('s')), &settings);
        expect_change(&changed(&|table| table.entries[0].default = true), &settings);
        expect_change(&changed(&|table| table.types[0].sealed = true), &settings);
        let optimizer = OptimizerChoice::Force(crate::format::Optimization::Linear);
        let mut profile = CallProfile::default();
        profile.add("area", 1, "area(Shape)", 7);
        let configuration = vec![("target".to_owned(), "wasm".to_owned())];
        for other in [
            KeySettings { optimizer, ..settings.clone() },
            KeySettings { redundancy: Redundancy::LeaveOut, ..settings.clone() },
            KeySettings { profile, ..settings.clone() },
            KeySettings { creation_timestamp: 1, ..settings.clone() },
            KeySettings { compiler: "janus 2".to_owned(), ..settings.clone() },
            KeySettings { configuration, ..settings.clone() },
            KeySettings { namespace: "ci".to_owned(), ..settings.clone() },
        ] {
            expect_change(&question(), &other);
        }
        groups.sort_unstable();
        groups.dedup();
        // One rule and one codec exist as yet, so these two groups cannot differ; a package's and a unit's do not occur.
        let fixed = [
            InputGroup::Rule,
            InputGroup::Codec,
            InputGroup::Package,
            InputGroup::Unit,
            InputGroup::Sources,
            InputGroup::Dependencies,
        ];
        let expected: Vec<InputGroup> =
            InputGroup::ALL.into_iter().filter(|group| !fixed.contains(group)).collect();
        assert_eq!(groups, expected);
    }

    #[test]
    fn the_order_of_the_configuration_does_not_matter() {
        let pair = |name: &str| (name.to_owned(), String::new());
        let one = KeySettings { configuration: vec![pair("a"), pair("b")], ..KeySettings::default() };
        let other = KeySettings { configuration: vec![pair("b"), pair("a")], ..KeySettings::default() };
        assert_eq!(table_key(&question(), &one).0, table_key(&question(), &other).0);
    }
}
