//! `janus cache explain`: why a table was built, what a file has to do with it, what a change would reach.

use std::fmt::Write as _;

use janus_cache::build::{
    FamilyId, Memory, Reach, ReachedFamily, TableEvent, families_named, known_families,
};
use janus_cache::key::Trace;
use janus_cache::store::{EntryKey, Lookup, Store};
use serde::Serialize;

use super::explain_text;
use crate::args::Format;
use crate::context::{Project, failure_of};
use crate::exit::{Exit, Failure};
use crate::explain_args::ExplainArgs;
use crate::json::{self, ChangeRow, SCHEMA_VERSION, change_rows};
use crate::say;

#[derive(Serialize)]
pub(super) struct Output {
    schema_version: u32,
    pub(super) language: String,
    /// The families that the target names, if it names several.
    pub(super) named: Vec<String>,
    pub(super) family: Option<FamilyOut>,
    pub(super) file: Option<FileOut>,
    pub(super) if_changed: Option<ReachOut>,
}

#[derive(Serialize)]
pub(super) struct FamilyOut {
    pub(super) family: String,
    pub(super) arity: u8,
    pub(super) key: String,
    /// Why the cache does not have its answer now; null if it has.
    pub(super) missing: Option<String>,
    pub(super) made_unix_s: Option<u64>,
    pub(super) rebuild_cost_ns: Option<u64>,
    pub(super) files: Vec<String>,
    pub(super) built: Option<EventOut>,
    pub(super) reused: Option<EventOut>,
    pub(super) inputs: Vec<InputOut>,
}

#[derive(Serialize)]
pub(super) struct EventOut {
    pub(super) at_unix_s: u64,
    pub(super) key: String,
    pub(super) reason: String,
    pub(super) text: String,
    pub(super) files: Vec<String>,
    pub(super) change_count: u32,
    pub(super) changes: Vec<ChangeRow>,
}

#[derive(Serialize)]
pub(super) struct InputOut {
    pub(super) group: &'static str,
    pub(super) item: String,
    pub(super) value: String,
}

#[derive(Serialize)]
pub(super) struct FileOut {
    pub(super) path: String,
    pub(super) digest: String,
    pub(super) imports: Vec<ImportOut>,
    pub(super) imported_by: Vec<String>,
    pub(super) imported_indirectly: usize,
    pub(super) types: Vec<String>,
    pub(super) families: Vec<ReachedOut>,
    pub(super) unknown: usize,
}

#[derive(Serialize)]
pub(super) struct ImportOut {
    pub(super) written: String,
    pub(super) resolved: Option<String>,
    pub(super) absent: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct ReachedOut {
    pub(super) family: String,
    pub(super) arity: u8,
    pub(super) methods: Vec<String>,
    pub(super) types: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct ReachOut {
    pub(super) file: String,
    /// The family that was asked about, and whether it is reached: `directly`, `through-imports` or `no`.
    pub(super) reached: Option<&'static str>,
    pub(super) families: Vec<ReachedOut>,
    pub(super) through_imports: Vec<String>,
    pub(super) importers: Vec<ImporterOut>,
    pub(super) not_reached: usize,
    pub(super) unknown: usize,
}

#[derive(Serialize)]
pub(super) struct ImporterOut {
    pub(super) file: String,
    /// From the file down to the one that changes, each importing the next.
    pub(super) chain: Vec<String>,
}

pub(crate) fn run(args: &ExplainArgs) -> Result<Exit, Failure> {
    let project = Project::open(&args.cache.project, &args.cache.settings)?;
    let dir = project.settings.dir.value.display();
    let Some(store) = project.existing_store(true)? else {
        return Err(Failure::usage(format!("no cache at {dir} yet; `janus build` fills one")));
    };
    let memories = Memory::of(&store, &project.root);
    if memories.is_empty() {
        return Err(nothing_remembered(&store, args.target.as_deref()));
    }
    let asked = Asked { project: &project, store: &store, memories: &memories };
    let output = asked.explain(args.target.as_deref(), args.if_changed.as_deref())?;
    match args.cache.format {
        Format::Json => json::print(&output)?,
        Format::Human => say::out(explain_text::text(&output))?,
    }
    Ok(Exit::Success)
}

/// Another checkout may have left answers here, which a plan compares with the questions of this one.
fn nothing_remembered(store: &Store, target: Option<&str>) -> Failure {
    let known = known_families(store, "janus");
    let families: Vec<FamilyId> = known.iter().map(|(family, _)| family.clone()).collect();
    let named = target.map(|target| families_named(&families, target)).unwrap_or_default();
    let elsewhere = known.iter().find(|(family, _)| named.contains(&family));
    let mut message = "no build of this project is remembered in this cache".to_owned();
    if let Some((family, count)) = elsewhere {
        let questions = crate::human::count(*count, "question", "questions");
        let _ = write!(message, "; it has answers to {questions} about {family} that were asked elsewhere");
    }
    Failure::usage(message + "; `janus build --plan --explain` tells what a build would do and why")
}

/// Where the answers come from.
struct Asked<'a> {
    project: &'a Project,
    store: &'a Store,
    memories: &'a [Memory],
}

impl<'a> Asked<'a> {
    fn explain(&self, target: Option<&str>, if_changed: Option<&str>) -> Result<Output, Failure> {
        let changed = if_changed.map(|path| self.find_file(path).ok_or_else(|| unknown(path, "file")));
        let changed = changed.transpose()?;
        let Some(target) = target else {
            let Some((memory, path)) = changed else { return Err(unknown("", "family or file")) };
            let mut output = empty(memory);
            output.if_changed = self.if_changed(memory, &path, None);
            return Ok(output);
        };
        if let Some((memory, path)) = self.find_file(target) {
            let mut output = empty(memory);
            output.file = self.file(memory, &path);
            output.if_changed = changed.and_then(|(memory, path)| self.if_changed(memory, &path, None));
            return Ok(output);
        }
        for memory in self.memories {
            let all: Vec<FamilyId> = memory.families().collect();
            let mut output = empty(memory);
            match families_named(&all, target).as_slice() {
                [] => continue,
                [family] => {
                    output.family = Some(self.family(memory, family)?);
                    output.if_changed =
                        changed.and_then(|(memory, path)| self.if_changed(memory, &path, Some(family)));
                }
                several => output.named = several.iter().map(ToString::to_string).collect(),
            }
            return Ok(output);
        }
        Err(unknown(target, "family or file"))
    }

    /// A source file as a user names it: from the root, or from where the command runs.
    fn find_file(&self, text: &str) -> Option<(&'a Memory, String)> {
        let plain = text.strip_prefix("./").unwrap_or(text).to_owned();
        let absolute = janus_cache::fs::canonical(std::path::Path::new(text)).ok();
        let from_root = absolute.and_then(|path| {
            let below = path.strip_prefix(&self.project.root).ok()?;
            Some(below.to_str()?.replace(std::path::MAIN_SEPARATOR, "/"))
        });
        let names: Vec<String> = std::iter::once(plain).chain(from_root).collect();
        self.memories.iter().find_map(|memory| {
            let found = names.iter().find(|name| memory.files().any(|path| path == name.as_str()))?;
            Some((memory, found.clone()))
        })
    }

    fn family(&self, memory: &Memory, family: &FamilyId) -> Result<FamilyOut, Failure> {
        let story = memory.table(family).ok_or_else(|| unknown(&family.to_string(), "family"))?;
        let mut output = FamilyOut {
            family: family.name.clone(),
            arity: family.arity,
            key: story.key.to_string(),
            missing: None,
            made_unix_s: None,
            rebuild_cost_ns: None,
            files: story.files.clone(),
            built: story.built.as_ref().map(|event| event_out(event, family)),
            reused: story.reused.as_ref().map(|event| event_out(event, family)),
            inputs: Vec::new(),
        };
        match self.store.get(&EntryKey::from_bytes(*story.key.as_bytes())) {
            Lookup::Miss(reason) => output.missing = Some(reason.to_string()),
            Lookup::Hit(entry) => {
                let trace = entry.trace().map_err(|error| failure_of(&error))?;
                let trace = Trace::parse(&String::from_utf8_lossy(&trace));
                let input = |line: janus_cache::key::TraceLine<'_>| InputOut {
                    group: line.group.as_str(),
                    item: line.item.to_owned(),
                    value: line.value.to_owned(),
                };
                output.inputs = trace.lines().map(input).collect();
                let meta = entry.meta();
                output.made_unix_s = Some(meta.created_unix_s);
                output.rebuild_cost_ns = Some(meta.rebuild_cost_ns);
            }
        }
        Ok(output)
    }

    fn file(&self, memory: &Memory, path: &str) -> Option<FileOut> {
        let story = memory.file(path)?;
        let reach = memory.if_changed(path, self.store)?;
        let (direct, indirect): (Vec<_>, Vec<_>) = reach.importers.iter().partition(|way| way.len() == 2);
        Some(FileOut {
            path: story.path,
            digest: story.digest.to_string(),
            imports: story
                .imports
                .into_iter()
                .map(|import| ImportOut {
                    written: import.written,
                    resolved: import.resolved,
                    absent: import.absent,
                })
                .collect(),
            imported_by: direct.into_iter().filter_map(|way| way.first().cloned()).collect(),
            imported_indirectly: indirect.len(),
            types: story.types,
            families: reach.families.iter().map(reached_out).collect(),
            unknown: reach.unknown,
        })
    }

    /// What a change of a file would reach, or whether it would reach one family.
    fn if_changed(&self, memory: &Memory, path: &str, family: Option<&FamilyId>) -> Option<ReachOut> {
        let reach: Reach = memory.if_changed(path, self.store)?;
        let all = memory.families().count();
        let not_reached = all.saturating_sub(reach.families.len() + reach.through_imports.len());
        let reached = family.map(|family| {
            if reach.of_family(family).is_some() {
                "directly"
            } else if reach.through_imports.contains(family) {
                "through-imports"
            } else {
                "no"
            }
        });
        let is_meant = |id: &FamilyId| family.is_none_or(|family| family == id);
        let importer = |chain: &Vec<String>| ImporterOut {
            file: chain.first().cloned().unwrap_or_default(),
            chain: chain.clone(),
        };
        Some(ReachOut {
            file: path.to_owned(),
            reached,
            families: reach.families.iter().filter(|one| is_meant(&one.family)).map(reached_out).collect(),
            through_imports: reach
                .through_imports
                .iter()
                .filter(|id| is_meant(id))
                .map(ToString::to_string)
                .collect(),
            importers: reach.importers.iter().map(importer).collect(),
            not_reached,
            unknown: reach.unknown,
        })
    }
}

fn empty(memory: &Memory) -> Output {
    Output {
        schema_version: SCHEMA_VERSION,
        language: memory.language().to_owned(),
        named: Vec::new(),
        family: None,
        file: None,
        if_changed: None,
    }
}

fn unknown(target: &str, what: &str) -> Failure {
    Failure::usage(format!(
        "no {what} of the last build is named {target:?}; `janus build` remembers what it builds"
    ))
}

fn event_out(event: &TableEvent, family: &FamilyId) -> EventOut {
    EventOut {
        at_unix_s: event.at_unix_s,
        key: event.key().to_string(),
        reason: event.reason.clone(),
        text: event.text.clone(),
        files: event.because.iter().map(|file| file.path.clone()).collect(),
        change_count: event.input_count,
        changes: change_rows(&event.inputs(), family),
    }
}

fn reached_out(reached: &ReachedFamily) -> ReachedOut {
    ReachedOut {
        family: reached.family.name.clone(),
        arity: reached.family.arity,
        methods: reached.methods.clone(),
        types: reached.types.clone(),
    }
}
