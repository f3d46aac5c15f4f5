//! `janus build`: sources in, cached dispatch tables and an image out.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use janus_cache::build::fast_path::Reply;
use janus_cache::build::{
    Action, BuildCacheManager, BuildError, BuildOutcome, BuildRequest, CLAIM_ABOVE_NS, Cache, Frontend,
    ManagerOptions, Reason, Step, build_project, describe, read_profile,
};
use janus_cache::clock::Clock;
use janus_cache::codec::Level;
use janus_cache::config::Defines;
use janus_cache::dispatch::{CallProfile, OptimizerChoice};
use janus_cache::format::{FileCodec, Optimization};
use janus_cache::frontend::{CorpusFrontend, JanusFrontend};
use janus_cache::key::KeySettings;
use janus_cache::store::Store;

use crate::args::{BuildArgs, Deny, Format, ImageCodec, Optimizer};
use crate::context::Project;
use crate::exit::{Exit, Failure};
use crate::fast::Call;
use crate::{human, json, say};

/// Folder of outputs, below the project's root.
pub(super) const OUTPUT_DIR: &str = "build";

pub(crate) fn run(args: &BuildArgs) -> Result<Exit, Failure> {
    let sources = Sources::of(&args.path);
    // Before any of these files is read.
    let is_told_alike = matches!(args.format, Format::Human) && !args.explain && !args.plan;
    let call = if is_told_alike { Call::begin(&sources.root, args.profile.as_deref()) } else { None };
    let mut project = Project::open(&sources.root, &args.settings)?;
    if let Some(name) = sources.name {
        project.name = name;
    }
    // A plan leaves no trace, not even that entries were looked at.
    project.settings.read_only.value |= args.plan;
    let defines = Defines::resolve(&args.define, project.file.as_ref())
        .map_err(|error| Failure::new(Exit::Usage, &error))?;
    for warning in &defines.warnings {
        say::note(format_args!("warning: {warning}"));
    }
    let frontend = sources.frontend;
    let image = match &args.output {
        Some(path) => path.clone(),
        // Said as the user said the project, so that the path can be copied from the report.
        None => sources.root.join(OUTPUT_DIR).join(format!("{}.jdi", project.name)),
    };
    let profile = args.profile.as_deref().map(read_profile).transpose();
    let profile = profile.map_err(|error| Failure::new(Exit::Usage, &error))?.unwrap_or_default();
    let options = manager_options(&project, frontend.as_ref(), args.optimizer, defines, profile)?;
    let manager = BuildCacheManager::new(Cache::of_settings(&project.settings, Clock::System), options);
    let (cache_dir, output_dir) = (&project.settings.dir.value, PathBuf::from(OUTPUT_DIR));
    let deny: Vec<String> = args.deny.iter().map(|deny| code(*deny).to_owned()).collect();
    let request = BuildRequest {
        root: &project.root,
        frontend: frontend.as_ref(),
        name: &project.name,
        image: &image,
        codec: codec(args.codec),
        excluded: &[cache_dir, &output_dir],
        plan_only: args.plan,
        explain: args.plan || args.explain,
        deny: &deny,
        keep_going: args.keep_going,
    };
    let began = call.as_ref().and_then(|_| Call::start(&project.settings, &project.root));
    let mut outcome = build_project(&request, &manager).map_err(|error| failure_of(&error))?;
    for warning in &outcome.session.warnings {
        say::note(format_args!("warning: {}; the build goes on without that", warning.message));
    }
    if let Some(warning) = warn_of_unknown_calls(&outcome.unknown_calls) {
        say::note(warning);
    }
    if project.settings.verbose.value {
        // Beside the result, not in it: what reads standard output must not depend on who set a variable.
        for line in explanation(&outcome, |_| true).lines() {
            say::note(line);
        }
    }
    match args.format {
        Format::Json => json::print(&json::Build::new(&project.name, &outcome, args.plan))?,
        Format::Human => print(&project.name, args, &outcome)?,
    }
    if let (Some(call), Some(began)) = (&call, began)
        && !outcome.has_errors()
        && outcome.session.warnings.is_empty()
    {
        let reply = reply(&project.name, args, &outcome);
        call.finish(&project.settings, &project.root, frontend.language(), began, &outcome, &reply);
    }
    outcome.end_turn();
    // The result is out: what follows keeps nobody waiting for it, and its failure is none of the build's.
    if let Some(Err(error)) = manager.cache().store().and_then(Store::maintain) {
        say::note(format_args!("warning: the cache was not cleaned up: {error}"));
    }
    Ok(if outcome.has_errors() { Exit::Sources } else { Exit::Success })
}

/// A profile of yesterday's program is still worth something: what it counts in vain is told in a line.
fn warn_of_unknown_calls(unknown: &[String]) -> Option<String> {
    const NAMED: usize = 3;
    let mut names =
        unknown.iter().take(NAMED).map(|name| human::printable(name)).collect::<Vec<_>>().join(", ");
    match unknown.len() {
        0 => return None,
        count if count > NAMED => {
            let _ = write!(names, " and {} more", count - NAMED);
        }
        _ => {}
    }
    Some(format!("warning: the profile counts calls of {names}, which the sources do not have; profile anew"))
}

/// What is built, and where its outputs go.
struct Sources {
    frontend: Box<dyn Frontend>,
    root: PathBuf,
    /// The project's name where the sources give it one.
    name: Option<String>,
}

impl Sources {
    /// A file of JSON is a corpus, an input that may lie anywhere: its project is the current folder.
    fn of(path: &Path) -> Self {
        let is_corpus = path.is_file() && path.extension().is_some_and(|extension| extension == "json");
        if is_corpus {
            let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            Self { frontend: Box::new(CorpusFrontend::new(path)), root: PathBuf::from("."), name }
        } else {
            Self { frontend: Box::new(JanusFrontend::default()), root: path.to_owned(), name: None }
        }
    }
}

/// The project's folder that a path stands for.
#[cfg(unix)]
pub(super) fn root_of(path: &Path) -> PathBuf {
    Sources::of(path).root
}

/// How a project's tables are asked for; whatever asks for them so shares them.
pub(super) fn manager_options(
    project: &Project,
    frontend: &dyn Frontend,
    choice: Optimizer,
    defines: Defines,
    profile: CallProfile,
) -> Result<ManagerOptions, Failure> {
    Ok(ManagerOptions {
        keys: KeySettings {
            optimizer: optimizer(choice),
            redundancy: frontend.redundancy(),
            profile,
            creation_timestamp: source_date_epoch()?,
            compiler: format!("{} {}", frontend.language(), frontend.version()),
            configuration: defines.values.into_iter().collect(),
            namespace: project.settings.namespace.value.as_str().to_owned(),
        },
        project: project.name.clone(),
        language: frontend.language().to_owned(),
        verify: project.settings.verify.value,
        recache: project.settings.recache.value,
        claim_above_ns: CLAIM_ABOVE_NS,
        clock: Clock::System,
    })
}

pub(crate) const fn optimizer(choice: Optimizer) -> OptimizerChoice {
    match choice {
        Optimizer::Auto => OptimizerChoice::Auto,
        Optimizer::Single => OptimizerChoice::Force(Optimization::Single),
        Optimizer::Linear => OptimizerChoice::Force(Optimization::Linear),
        Optimizer::Dag => OptimizerChoice::Force(Optimization::DecisionDag),
        Optimizer::Matrix => OptimizerChoice::Force(Optimization::Matrix),
        Optimizer::Hash => OptimizerChoice::Force(Optimization::Hash),
    }
}

const fn codec(choice: ImageCodec) -> FileCodec {
    match choice {
        ImageCodec::None => FileCodec::None,
        ImageCodec::Lz4 => FileCodec::Lz4,
        ImageCodec::Zstd => FileCodec::Zstd(Level::DEFAULT),
        ImageCodec::Columnar => FileCodec::Columnar,
    }
}

const fn code(deny: Deny) -> &'static str {
    match deny {
        Deny::Ambiguity => "ambiguous-dispatch",
        Deny::UnresolvedImport => "unresolved-import",
    }
}

/// The time that reproducible builds write into outputs: 0, or what the convention's variable says.
fn source_date_epoch() -> Result<u64, Failure> {
    let Some(text) = std::env::var_os("SOURCE_DATE_EPOCH").filter(|text| !text.is_empty()) else {
        return Ok(0);
    };
    let seconds = text.to_str().and_then(|text| text.parse().ok());
    seconds.ok_or_else(|| {
        let found = text.to_string_lossy();
        Failure::usage(format!(
            "SOURCE_DATE_EPOCH expects whole seconds since 1970, found {found:?}; unset it"
        ))
    })
}

pub(super) fn failure_of(error: &BuildError) -> Failure {
    let exit = match error {
        BuildError::Frontend(_) | BuildError::OutputIsSource { .. } => Exit::Usage,
        // Another place would do; the place itself is what is wrong.
        BuildError::Output { source, .. }
            if matches!(source.kind(), ErrorKind::InvalidInput | ErrorKind::IsADirectory) =>
        {
            Exit::Usage
        }
        BuildError::Output { .. } => Exit::System,
        _ => Exit::Sources,
    };
    Failure::new(exit, error)
}

fn print(name: &str, args: &BuildArgs, outcome: &BuildOutcome) -> Result<(), Failure> {
    for diagnostic in &outcome.diagnostics {
        say::note(human::diagnostic(diagnostic));
    }
    let mut text = String::new();
    if args.explain || args.plan {
        text = explanation(outcome, |step| step.reason != Reason::Unchanged);
        text += &summary_by_file(outcome, args.plan);
    }
    report(&mut text, name, args, outcome);
    say::out(text)
}

/// What is done with each table that is `told`, and why, and which families are gone.
fn explanation(outcome: &BuildOutcome, told: impl Fn(&Step) -> bool) -> String {
    let mut text = String::new();
    for step in outcome.plan.steps.iter().filter(|step| told(step)) {
        let _ = writeln!(text, "{}", human::printable(&step.to_string()));
        let inputs = step.reason.change().map_or(&[][..], |change| &change.inputs);
        let is_said = matches!(step.reason, Reason::QuestionChanged(_)) && inputs.len() == 1;
        for input in inputs.iter().filter(|_| !is_said) {
            let _ = writeln!(text, "  {}", human::printable(&describe(input, &step.family)));
        }
    }
    for family in &outcome.plan.removed {
        let _ = writeln!(text, "gone {family}: no method is left");
    }
    for method in &outcome.never_selected {
        let place = method
            .place
            .as_ref()
            .map_or_else(String::new, |place| format!("  {}:{}:{}", place.file, place.line, place.column));
        let line = format!("{}({}){place}", method.family.name, method.params.join(", "));
        let _ = writeln!(text, "unused {}: no call selects it", human::printable(&line));
    }
    text
}

/// For each changed file that explains something, how many tables were built because of it, and how many
/// others did not ask anew; nothing where no file does.
fn summary_by_file(outcome: &BuildOutcome, plan_only: bool) -> String {
    let mut by_file: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for step in &outcome.plan.steps {
        for file in step.reason.change().map_or(&[][..], |change| &change.because) {
            let (rebuilt, known) = by_file.entry(&file.path).or_default();
            match step.action {
                Action::Build => *rebuilt += 1,
                Action::Reuse => *known += 1,
            }
        }
    }
    let would = if plan_only { "would be " } else { "" };
    let mut text = String::new();
    for (path, (rebuilt, known)) in &by_file {
        let tables = human::count(*rebuilt, "table", "tables");
        let _ = write!(text, "{}: {tables} {would}rebuilt", human::printable(path));
        if *known > 0 {
            let _ = write!(text, ", {known} answered by the cache");
        }
        text.push('\n');
    }
    if !by_file.is_empty() {
        let (reused, _) = outcome.plan.counts();
        let _ = writeln!(text, "{} {would}reused", human::count(reused, "table", "tables"));
    }
    text
}

/// What this build prints when it is called again and nothing changed.
fn reply(name: &str, args: &BuildArgs, outcome: &BuildOutcome) -> Reply {
    let metrics = &outcome.session.metrics;
    let tables = metrics.tables_from_cache + metrics.tables_built;
    let again = Done { built: 0, reused: tables, hit_ratio: Some(1.0), is_written: false };
    let mut reply = Reply::default();
    for diagnostic in &outcome.diagnostics {
        let _ = writeln!(reply.stderr, "{}", human::diagnostic(diagnostic));
    }
    if let Some(warning) = warn_of_unknown_calls(&outcome.unknown_calls) {
        let _ = writeln!(reply.stderr, "{warning}");
    }
    report_result(&mut reply.stdout, name, args, outcome, again);
    // One that is pressed would have to be pressed anew.
    if matches!(args.codec, ImageCodec::None) {
        let moved = Done { is_written: true, ..again };
        report_result(reply.stdout_moved.insert(String::new()), name, args, outcome, moved);
    }
    reply
}

/// What a build did with its tables and its image, as it is told.
#[derive(Clone, Copy)]
struct Done {
    built: u64,
    reused: u64,
    hit_ratio: Option<f64>,
    is_written: bool,
}

fn report(text: &mut String, name: &str, args: &BuildArgs, outcome: &BuildOutcome) {
    let metrics = &outcome.session.metrics;
    let done = Done {
        built: metrics.tables_built,
        reused: metrics.tables_from_cache,
        hit_ratio: metrics.hit_ratio,
        is_written: outcome.image.as_ref().is_some_and(|image| image.written),
    };
    report_result(text, name, args, outcome, done);
    let mut line = |label: &str, value: String| {
        let _ = writeln!(text, "{label:<9} {value}");
    };
    let mut time = human::time_ns(outcome.elapsed_ns);
    if let Some(speed_up) = metrics.speed_up.filter(|_| metrics.tables_from_cache > 0 && !args.plan) {
        let _ = write!(time, ", tables {speed_up:.1} times as fast as building them");
    }
    line("time", time);
    for advice in &metrics.recommendations {
        line("advice", advice.to_string());
    }
}

fn report_result(text: &mut String, name: &str, args: &BuildArgs, outcome: &BuildOutcome, done: Done) {
    let BuildOutcome { files, functions, methods, families, ambiguities, .. } = outcome;
    let mut line = |label: &str, value: String| {
        let _ = writeln!(text, "{label:<9} {value}");
    };
    let files = human::count(*files, "file", "files");
    let families = human::count(*families, "family", "families");
    let functions = human::count(*functions, "function", "functions");
    let methods = human::count(*methods, "method", "methods");
    line(name, format!("{files}, {functions}, {families} of {methods}"));
    if args.plan {
        let (reused, built) = outcome.plan.counts();
        line("tables", format!("{built} would be built, {reused} would be reused"));
    } else {
        let Done { built, reused, hit_ratio, .. } = done;
        line("tables", format!("{built} built, {reused} reused, hit ratio {}", human::percent(hit_ratio)));
    }
    let errors = outcome.diagnostics.iter().filter(|one| one.severity.as_str() == "error").count();
    let errors = human::count(errors, "error", "errors");
    line("problems", format!("{errors}, {}", human::count(*ambiguities, "ambiguity", "ambiguities")));
    if !outcome.never_selected.is_empty() {
        let methods = human::count(outcome.never_selected.len(), "method", "methods");
        line(
            "unused",
            format!("{methods} that no call selects, left out of the tables (--explain names them)"),
        );
    }
    match &outcome.cache {
        Some(cache) => {
            let entries = human::count(cache.entries as usize, "entry", "entries");
            line("cache", format!("{entries}, {}, {}", human::bytes(cache.bytes), cache.dir.display()));
        }
        None => line("cache", "not used".to_owned()),
    }
    match &outcome.image {
        Some(image) => {
            let state = if done.is_written { "written" } else { "unchanged" };
            let (path, bytes) = (image.path.display(), human::bytes(image.bytes));
            let codec = match image.codec {
                FileCodec::None => String::new(),
                codec => format!(" in codec {}", codec.as_str()),
            };
            line("image", format!("{path}, {bytes}{codec}, {state}"));
        }
        None if args.plan => line("image", "not touched".to_owned()),
        None => line("image", "not written because of errors (--keep-going writes it)".to_owned()),
    }
}
