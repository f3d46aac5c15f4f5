//! `janus dispatch diff`: which calls are answered differently.

use std::path::Path;

use janus_cache::config::Defines;
use janus_cache::image::DispatchImage;
use janus_cache::image::diff::{
    DiffLimits, DiffMethod, FamilyDiff, ImageDiff, MethodNumber, Region, TypeSet, Verdict, diff,
};
use serde::Serialize;

use super::image::{damaged, open, view};
use super::{diff_text, revision};
use crate::exit::{Exit, Failure};
use crate::json::{self, SCHEMA_VERSION};
use crate::picture_args::{DiffArgs, DiffFormat};
use crate::say;

#[derive(Serialize)]
struct Output<'a> {
    schema_version: u32,
    before: &'a str,
    after: &'a str,
    differs: bool,
    types_added: &'a [String],
    types_removed: &'a [String],
    families: Vec<FamilyRow<'a>>,
    same_families: u32,
}

#[derive(Serialize)]
struct FamilyRow<'a> {
    family: &'a str,
    arity: u8,
    state: &'static str,
    /// The earlier and the later rule, where they differ.
    rules: Option<[&'static str; 2]>,
    methods_added: Vec<MethodRow<'a>>,
    methods_removed: Vec<MethodRow<'a>>,
    changed_tuples: u64,
    regions: Vec<RegionRow<'a>>,
    unreachable: Vec<MethodRow<'a>>,
    reachable: Vec<MethodRow<'a>>,
    truncated: bool,
}

#[derive(Serialize)]
struct MethodRow<'a> {
    pattern: &'a [String],
    implementation: &'a str,
    module: &'a str,
    place: Option<String>,
}

#[derive(Serialize)]
struct RegionRow<'a> {
    kind: &'static str,
    /// `both`, `added`, `removed`: which image lists the types.
    types_in: &'static str,
    tuples: u64,
    types: Vec<SetRow<'a>>,
    before: VerdictRow<'a>,
    after: VerdictRow<'a>,
}

#[derive(Serialize)]
struct SetRow<'a> {
    tops: &'a [String],
    except: &'a [String],
    types: &'a [String],
    any_other: bool,
    all: bool,
}

#[derive(Serialize)]
struct VerdictRow<'a> {
    outcome: &'static str,
    /// The method that answers, or the candidates of an ambiguity.
    methods: Vec<MethodRow<'a>>,
}

pub(crate) fn run(args: &DiffArgs) -> Result<Exit, Failure> {
    if let Some(revisions) = &args.rev {
        return between_revisions(args, revisions);
    }
    let [before, after] = &args.paths[..] else {
        return Err(Failure::usage(
            "two images are needed: `janus dispatch diff OLD.jdi NEW.jdi`, or two git revisions: `janus dispatch diff --rev OLD NEW [PROJECT]`",
        ));
    };
    let names = [before.display().to_string(), after.display().to_string()];
    compare(args, [&names[0], &names[1]], &open(before)?, &open(after)?)
}

fn between_revisions(args: &DiffArgs, revisions: &[String]) -> Result<Exit, Failure> {
    let path = match &args.paths[..] {
        [] => Path::new("."),
        [path] => path,
        _ => {
            let only_one = "with --rev only one path is possible, that of the project or of a corpus";
            return Err(Failure::usage(only_one));
        }
    };
    let [old, new] = revisions else {
        return Err(Failure::usage("--rev takes two revisions, the earlier and the later"));
    };
    let subject = revision::Subject::of(path);
    let project = subject.project(&args.settings)?;
    let defines = Defines::resolve(&args.define, project.file.as_ref())
        .map_err(|error| Failure::new(Exit::Usage, &error))?;
    for warning in &defines.warnings {
        say::note(format_args!("warning: {warning}"));
    }
    let repository = revision::Repository::of(subject.folder())?;
    // Both names are looked up before the first build.
    let commits = [repository.commit(old)?, repository.commit(new)?];
    let room = tempfile::tempdir().map_err(|error| {
        Failure::system(format!("cannot make a temporary folder for the revisions: {error}"))
    })?;
    let mut images = Vec::with_capacity(2);
    for ((side, name), commit) in ["old", "new"].into_iter().zip(revisions).zip(&commits) {
        let sources = room.path().join(side);
        repository.export(commit, name, subject.file_name(), &sources)?;
        let image = room.path().join(format!("{side}.jdi"));
        let frontend = subject.frontend(&sources);
        revision::build(&project, frontend.as_ref(), defines.clone(), name, &sources, &image)?;
        images.push(open(&image)?);
    }
    let [before, after] = &images[..] else { return Ok(Exit::Success) };
    compare(args, [old, new], before, after)
}

fn compare(
    args: &DiffArgs,
    names: [&str; 2],
    before: &DispatchImage,
    after: &DispatchImage,
) -> Result<Exit, Failure> {
    let found = diff(&view(before)?, &view(after)?, &DiffLimits::default());
    let found = found.map_err(|error| damaged(&error))?;
    let text = match args.format {
        DiffFormat::Human => diff_text::human(&found),
        DiffFormat::Markdown => diff_text::markdown(names, &found),
        DiffFormat::Json => {
            json::print(&output(names, &found))?;
            String::new()
        }
    };
    say::out(text)?;
    Ok(if args.exit_code && !found.is_empty() { Exit::Sources } else { Exit::Success })
}

fn output<'a>(names: [&'a str; 2], found: &'a ImageDiff) -> Output<'a> {
    Output {
        schema_version: SCHEMA_VERSION,
        before: names[0],
        after: names[1],
        differs: !found.is_empty(),
        types_added: &found.types_added,
        types_removed: &found.types_removed,
        families: found.families.iter().map(family_row).collect(),
        same_families: found.same_families,
    }
}

fn family_row(family: &FamilyDiff) -> FamilyRow<'_> {
    FamilyRow {
        family: &family.name,
        arity: family.arity,
        state: family.state.as_str(),
        rules: family.rules.map(|(old, new)| [old.as_str(), new.as_str()]),
        methods_added: family.added().map(method_row).collect(),
        methods_removed: family.removed().map(method_row).collect(),
        changed_tuples: family.changed_tuples,
        regions: family.regions.iter().map(|region| region_row(family, region)).collect(),
        unreachable: method_rows(family, &family.unreachable),
        reachable: method_rows(family, &family.reachable),
        truncated: family.truncated,
    }
}

fn method_row(method: &DiffMethod) -> MethodRow<'_> {
    MethodRow {
        pattern: &method.pattern,
        implementation: &method.implementation,
        module: &method.module,
        place: diff_text::place(method),
    }
}

fn method_rows<'a>(family: &'a FamilyDiff, numbers: &[MethodNumber]) -> Vec<MethodRow<'a>> {
    numbers.iter().filter_map(|number| family.method(*number)).map(method_row).collect()
}

fn region_row<'a>(family: &'a FamilyDiff, region: &'a Region) -> RegionRow<'a> {
    RegionRow {
        kind: region.kind().as_str(),
        types_in: region.age.as_str(),
        tuples: region.tuples,
        types: region.types.iter().map(set_row).collect(),
        before: verdict_row(family, &region.before),
        after: verdict_row(family, &region.after),
    }
}

fn set_row(set: &TypeSet) -> SetRow<'_> {
    SetRow {
        tops: &set.tops,
        except: &set.except,
        types: &set.types,
        any_other: set.has_other,
        all: set.is_all,
    }
}

fn verdict_row<'a>(family: &'a FamilyDiff, verdict: &Verdict) -> VerdictRow<'a> {
    match verdict {
        Verdict::Method(number) => {
            VerdictRow { outcome: "method", methods: method_rows(family, std::slice::from_ref(number)) }
        }
        Verdict::NoMethod => VerdictRow { outcome: "no-method", methods: Vec::new() },
        Verdict::Ambiguous(numbers) => {
            VerdictRow { outcome: "ambiguous", methods: method_rows(family, numbers) }
        }
    }
}
