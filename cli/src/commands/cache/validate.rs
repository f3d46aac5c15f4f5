//! `janus cache validate`: every byte of the cache, checked.

use std::fmt::Write as _;

use janus_cache::build::validate_states;
use janus_cache::store::{Finding, Repair, Report, mend_places};
use serde::Serialize;

use crate::args::{Format, ValidateArgs};
use crate::context::{Project, failure_of};
use crate::exit::{Exit, Failure};
use crate::human;
use crate::json::{self, SCHEMA_VERSION};
use crate::say;

#[derive(Serialize)]
struct Output {
    schema_version: u32,
    dir: String,
    exists: bool,
    sound: bool,
    packs: u64,
    entries: u64,
    objects: u64,
    bytes: u64,
    findings: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    path: String,
    at_bytes: Option<u64>,
    key: Option<String>,
    problem: String,
    damage: bool,
    repair: Option<String>,
}

impl From<&Finding> for Row {
    fn from(finding: &Finding) -> Self {
        Self {
            path: finding.path.display().to_string(),
            at_bytes: finding.at_bytes,
            key: finding.key.map(|key| key.to_string()),
            problem: finding.problem.to_string(),
            damage: finding.problem.is_damage(),
            repair: finding.repair.map(repaired),
        }
    }
}

fn repaired(repair: Repair) -> String {
    match repair {
        Repair::Quarantined { salvaged: 0 } => "moved to quarantine".to_owned(),
        Repair::Quarantined { salvaged } => format!("moved to quarantine, {salvaged} entries saved"),
        Repair::Buried => "recorded as removed".to_owned(),
        Repair::Rewritten => "written anew".to_owned(),
        Repair::Removed => "removed".to_owned(),
        _ => "repaired".to_owned(),
    }
}

pub(crate) fn run(args: &ValidateArgs) -> Result<Exit, Failure> {
    let project = Project::open(&args.cache.project, &args.cache.settings)?;
    let mut report = Report::default();
    let looked_at = project.existing_store(true)?;
    if args.repair && looked_at.is_some() && !project.settings.read_only.value {
        // With these in the way nothing else can be mended.
        report.findings = mend_places(&project.settings.dir.value).map_err(|error| failure_of(&error))?;
    }
    let store = if args.repair { project.existing_store(false)? } else { looked_at };
    if let Some(store) = &store {
        let found = store.validate(args.repair).map_err(|error| failure_of(&error))?;
        report.checked = found.checked;
        report.findings.extend(found.findings);
        report.findings.extend(validate_states(store, args.repair).map_err(|error| failure_of(&error))?);
    }
    let dir = project.settings.dir.value.display().to_string();
    match args.cache.format {
        Format::Json => json::print(&Output {
            schema_version: SCHEMA_VERSION,
            dir,
            exists: store.is_some(),
            sound: report.is_sound(),
            packs: report.checked.packs,
            entries: report.checked.entries,
            objects: report.checked.objects,
            bytes: report.checked.bytes,
            findings: report.findings.iter().map(Row::from).collect(),
        })?,
        Format::Human => {
            let mut text = String::new();
            for finding in &report.findings {
                let word = if finding.problem.is_damage() { "damage" } else { "note" };
                let done =
                    finding.repair.map_or_else(String::new, |repair| format!(" ({})", repaired(repair)));
                let _ = writeln!(text, "{word}: {finding}{done}");
            }
            let _ = writeln!(text, "{}", verdict(&dir, store.is_some(), &report));
            say::out(text)?;
        }
    }
    Ok(if report.needs_repair() { Exit::Damaged } else { Exit::Success })
}

fn verdict(dir: &str, exists: bool, report: &Report) -> String {
    if !exists {
        return format!("no cache at {dir} yet");
    }
    let checked = &report.checked;
    let looked_at = format!(
        "{} in {}, {} read",
        human::count(checked.entries as usize, "entry", "entries"),
        human::packs_and_objects(checked.packs, checked.objects),
        human::bytes(checked.bytes)
    );
    let damage = report.findings.iter().filter(|finding| finding.problem.is_damage()).count();
    if damage == 0 {
        format!("sound: {looked_at}")
    } else if report.needs_repair() {
        let damage = human::count(damage, "problem", "problems");
        format!("damaged: {damage}; {looked_at}; `janus cache validate --repair` saves what is sound")
    } else {
        format!("repaired: {}; {looked_at}", human::count(damage, "problem", "problems"))
    }
}
