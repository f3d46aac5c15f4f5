//! The executor: reads, plans, builds what the plan says, writes the image.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::check::{self, AMBIGUOUS, Methods, NeverSelected};
use super::error::BuildError;
use super::explain::SourceDiff;
use super::facts::{Diagnostic, Facts, Looked, Severity};
use super::frontend::Frontend;
use super::manager::{BuildCacheManager, SessionReport};
use super::metrics::BuildMetrics;
use super::nearest::KnownQuestions;
use super::outlines::Outlines;
use super::output::{ImageOutcome, write_image};
use super::parallel;
use super::past_builds::{PastBuild, PastBuilds};
use super::plan::{Action, Explain, Observed, Plan, plan};
use super::profile::unknown_calls;
use super::question::Question;
use super::reason::Reason;
use super::registry::{FamilyId, Registry};
use super::state::{State, StateFile};
use super::table::{MissCause, Table, TableOrigin};
use super::turn::Turn;
use crate::clock::Stopwatch;
use crate::dispatch::{Family, optimize};
use crate::format::FileCodec;
use crate::fs;
use crate::key::InputChange;
use crate::store::Store;
use crate::track::FileChange;

/// What to build.
pub struct BuildRequest<'a> {
    /// The project's root folder.
    pub root: &'a Path,
    /// Reads its sources.
    pub frontend: &'a dyn Frontend,
    /// The project's name, written into the image.
    pub name: &'a str,
    /// Where the image goes.
    pub image: &'a Path,
    /// How it is stored. In any other codec than [`FileCodec::None`] it is decoded when it is opened, not
    /// mapped.
    pub codec: FileCodec,
    /// Paths that are never sources: the cache, the outputs.
    pub excluded: &'a [&'a Path],
    /// Only plan: build nothing, write nothing.
    pub plan_only: bool,
    /// Where nothing is known of a last build here, look for the nearest questions that the cache knows. Costs
    /// a look at every entry of the cache, only then.
    pub explain: bool,
    /// Codes of warnings that count as errors.
    pub deny: &'a [String],
    /// Write the image in spite of errors.
    pub keep_going: bool,
}

/// What a build found and did.
#[derive(Clone, Debug)]
pub struct BuildOutcome {
    /// Source files of the language.
    pub files: usize,
    /// Functions of all kinds.
    pub functions: usize,
    /// Functions that take part in dispatch.
    pub methods: usize,
    /// Function families.
    pub families: usize,
    /// Maximal ambiguous tuples.
    pub ambiguities: usize,
    /// What was decided for each family, and why.
    pub plan: Plan,
    /// What is wrong with the sources, in order of place.
    pub diagnostics: Vec<Diagnostic>,
    /// Methods that no call selects, and that their tables therefore tell of and do not hold.
    pub never_selected: Vec<NeverSelected>,
    /// Families and methods that the call profile counts and the sources do not have.
    pub unknown_calls: Vec<String>,
    /// The image; none if only a plan was wanted, or if there were errors.
    pub image: Option<ImageOutcome>,
    /// The cache; none if it is off or unavailable.
    pub cache: Option<CacheSummary>,
    /// Metrics, and what went wrong with the cache.
    pub session: SessionReport,
    /// What the front end looked at.
    pub looked: Looked,
    /// What each source declares.
    pub outlines: Outlines,
    /// The whole build, in nanoseconds.
    pub elapsed_ns: u64,
    turn: Option<Arc<Turn>>,
}

/// The local cache after a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheSummary {
    /// Its directory.
    pub dir: PathBuf,
    /// Its size, as the size limit counts it.
    pub bytes: u64,
    /// Its entries, those of other projects included.
    pub entries: u64,
}

impl BuildOutcome {
    /// Lets the next build of the same image begin, as dropping the outcome does. Who seals the build does so before.
    pub fn end_turn(&mut self) {
        self.turn = None;
    }

    /// Whether the sources have errors, denied warnings included.
    pub fn has_errors(&self) -> bool {
        has_errors(&self.diagnostics)
    }
}

fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
}

/// Builds a project: facts in, plan, tables, image out.
///
/// What is wrong with the sources is in the outcome, not an error. The cache never fails a build. Waits for other builds of
/// the same image with the same cache, which may have begun with older sources, and makes others wait while the outcome
/// lives.
pub fn build_project(
    request: &BuildRequest<'_>,
    manager: &BuildCacheManager,
) -> Result<BuildOutcome, BuildError> {
    let watch = Stopwatch::start();
    let store = manager.cache().store().filter(|store| !request.plan_only && !store.is_read_only());
    let turn = store.map(|store| Arc::new(Turn::wait(&store.layout().state_dir(), request.image)));
    let facts = request.frontend.read(request.root, request.excluded)?;
    refuse_source_as_image(request, &facts)?;
    let registry = Registry::from_facts(&facts)?;
    manager.start_session()?;

    let mut diagnostics = facts.diagnostics.clone();
    let families: Vec<&Family> = registry.families().collect();
    let keys = &manager.options().keys;
    let asked =
        parallel::map(&families, parallel::available(), |family| Question::ask(&registry, family, keys));
    let mut questions = Vec::with_capacity(families.len());
    for (family, asked) in families.iter().zip(asked) {
        match asked {
            Ok(question) => questions.push(question),
            Err(error) => {
                let id = FamilyId { name: family.name.clone(), arity: family.arity };
                diagnostics.extend(check::family_error(request.root, &facts, &id, &error));
            }
        }
    }
    let state_file = manager
        .cache()
        .store()
        .map(|store| StateFile::new(&store.layout().state_dir(), request.root, request.frontend.language()));
    let old_state = state_file.as_ref().and_then(StateFile::load);
    let state = State::of(&facts);
    let mut planned = plan_questions(request, &state, &questions, old_state.as_ref(), manager);

    let tables = if request.plan_only {
        Vec::new()
    } else {
        let (tables, errors) = execute(&questions, &mut planned, manager);
        for (family, error) in errors {
            diagnostics.extend(check::family_error(request.root, &facts, &family, &error));
        }
        tables
    };
    diagnostics.extend(find_ambiguities(request, &facts, &registry, &questions, &tables));
    let ambiguities = diagnostics.iter().filter(|diagnostic| diagnostic.code == AMBIGUOUS).count();
    for diagnostic in &mut diagnostics {
        if request.deny.iter().any(|code| code == diagnostic.code) {
            diagnostic.severity = Severity::Error;
        }
    }
    diagnostics.sort_by(|a, b| (&a.place, a.code, &a.message).cmp(&(&b.place, b.code, &b.message)));

    let is_written = !request.plan_only && (request.keep_going || !has_errors(&diagnostics));
    let timestamp = manager.options().keys.creation_timestamp;
    let image = if is_written { Some(write_image(request, &facts, &tables, timestamp)?) } else { None };
    if let Some(file) = state_file.filter(|_| !request.plan_only) {
        let now_unix_s = manager.options().clock.unix_s();
        let state = state.with_plan(&planned, old_state.as_ref(), now_unix_s);
        let is_saved = save_state(&file, &state, old_state.as_ref(), manager);
        if let Some(store) = manager.cache().store().filter(|_| is_saved) {
            remember(request, &state, store, manager);
        }
    }
    let session = manager.end_session();
    let outlines = Outlines::of(&facts, &diagnostics);
    Ok(BuildOutcome {
        files: facts.sources.iter().filter(|source| !source.foreign).count(),
        functions: facts.functions.len(),
        methods: facts.methods.len(),
        families: registry.family_count(),
        ambiguities,
        plan: planned,
        diagnostics,
        never_selected: check::never_selected(&facts, &tables),
        unknown_calls: unknown_calls(&manager.options().keys.profile, &registry),
        image,
        cache: summary(manager),
        looked: facts.looked.clone(),
        outlines,
        session,
        elapsed_ns: watch.elapsed_ns(),
        turn,
    })
}

/// A slip such as `--output src/main.jan` must not cost a source.
fn refuse_source_as_image(request: &BuildRequest<'_>, facts: &Facts) -> Result<(), BuildError> {
    // A file that does not exist yet is no source.
    let (Ok(image), Ok(root)) = (fs::canonical(request.image), fs::canonical(request.root)) else {
        return Ok(());
    };
    let below = image.strip_prefix(&root).ok();
    if facts.sources.iter().any(|source| below == Some(Path::new(source.path.as_ref()))) {
        return Err(BuildError::OutputIsSource { path: request.image.to_owned() });
    }
    Ok(())
}

/// Without a last build nothing can be explained.
struct NothingKnown;

impl Explain for NothingKnown {
    fn because(&self, _: &FamilyId, _: &[InputChange]) -> Vec<FileChange> {
        Vec::new()
    }
}

fn plan_questions(
    request: &BuildRequest<'_>,
    state: &State,
    questions: &[Question<'_>],
    old_state: Option<&State>,
    manager: &BuildCacheManager,
) -> Plan {
    let last = old_state.map(State::last_build);
    let known = manager.cache().store().filter(|_| request.explain && old_state.is_none());
    let known = known.map(|store| KnownQuestions::of(store, request.frontend.language()));
    let observe = |question| -> Observed<'_> {
        let question: &Question<'_> = question;
        let missing = manager.look_up(question).err();
        let old_key = last.as_ref().and_then(|last| last.keys.get(&question.family).copied());
        let old_trace = old_key.filter(|old| *old != question.key).and_then(|old| manager.trace_of(old));
        let inputs = old_trace.and_then(|old| {
            let trace = question.trace(&manager.options().keys).ok()?;
            Some(trace.changes_since(&old))
        });
        let is_absent = matches!(missing, Some(MissCause::Miss(_)));
        let nearest = known.as_ref().filter(|_| is_absent);
        let inputs = inputs.or_else(|| nearest?.nearest(question, manager));
        Observed { question, missing, inputs: inputs.unwrap_or_default() }
    };
    let references: Vec<&Question<'_>> = questions.iter().collect();
    let observed = parallel::map(&references, parallel::available(), |question| observe(*question));
    match old_state {
        Some(old) => plan(&observed, last.as_ref(), &SourceDiff::new(old, state)),
        None => plan(&observed, None, &NothingKnown),
    }
}

type Failures = Vec<(FamilyId, BuildError)>;

/// Gets every table, in parallel. A table that turned out to be wrong in the cache changes its step.
fn execute(
    questions: &[Question<'_>],
    planned: &mut Plan,
    manager: &BuildCacheManager,
) -> (Vec<(FamilyId, Table)>, Failures) {
    let (_, to_build) = planned.counts();
    let threads = NonZeroUsize::new(to_build).unwrap_or(NonZeroUsize::MIN).min(parallel::available());
    let results = parallel::map(questions, threads, |question| manager.obtain(question, optimize));
    let (mut tables, mut failures) = (Vec::with_capacity(results.len()), Vec::new());
    for (question, result) in questions.iter().zip(results) {
        let family = question.family.clone();
        match result {
            Ok(table) => {
                if let TableOrigin::Built { cause: cause @ MissCause::Mismatch { .. } } = table.origin()
                    && let Some(step) = planned.steps.iter_mut().find(|step| step.family == family)
                {
                    (step.action, step.reason) = (Action::Build, Reason::Mismatch(cause.clone()));
                }
                tables.push((family, table));
            }
            Err(error) => failures.push((family, error)),
        }
    }
    (tables, failures)
}

/// Ambiguities depend on more of the world than a table's question, so they are found anew for every
/// table that may have some; its bytes say whether it may.
fn find_ambiguities(
    request: &BuildRequest<'_>,
    facts: &Facts,
    registry: &Registry,
    questions: &[Question<'_>],
    tables: &[(FamilyId, Table)],
) -> Vec<Diagnostic> {
    let is_clear = |question: &&Question<'_>| {
        let found = tables.binary_search_by(|(family, _)| family.cmp(&question.family)).ok();
        let table = found.and_then(|at| tables.get(at));
        table.is_some_and(|(_, table)| table.view().is_ok_and(|view| !view.may_be_ambiguous()))
    };
    let methods = Methods::of(facts);
    let unclear = questions.iter().filter(|question| !is_clear(question));
    unclear.flat_map(|question| check::ambiguities(request.root, registry, &methods, question)).collect()
}

/// Keeps the state of this build where it says something new, and tells whether it did.
fn save_state(file: &StateFile, new: &State, old: Option<&State>, manager: &BuildCacheManager) -> bool {
    let is_read_only = manager.cache().store().is_none_or(Store::is_read_only);
    if is_read_only || old == Some(new) {
        return false;
    }
    let saved = file.save(new);
    if let Err(error) = &saved {
        tracing::warn!(%error, "the state of this build was not kept; the next one explains less");
    }
    saved.is_ok()
}

/// Adds a manifest of this build to those of the builds before it.
fn remember(request: &BuildRequest<'_>, state: &State, store: &Store, manager: &BuildCacheManager) {
    let BuildMetrics { tables_built, tables_from_cache, .. } = manager.metrics();
    let options = manager.options();
    let build = PastBuild {
        number: 0,
        at_unix_s: options.clock.unix_s(),
        project: request.name.to_owned(),
        language: request.frontend.language().to_owned(),
        front_end: options.keys.compiler.clone(),
        built: tables_built,
        reused: tables_from_cache,
        files: state.file_digests(),
        families: state.family_keys(),
    };
    if let Err(error) = PastBuilds::of(store, request.root).add(&build) {
        tracing::warn!(%error, "the manifest of this build was not kept; builds cannot be compared with it");
    }
}

fn summary(manager: &BuildCacheManager) -> Option<CacheSummary> {
    let store = manager.cache().store()?;
    Some(CacheSummary {
        dir: store.layout().root().to_owned(),
        bytes: store.used_bytes().unwrap_or(0),
        entries: store.entry_count(),
    })
}
