//! Hundreds of random changes to a project, its image and its cache, and whatever changed, `janus build` does what a build
//! without anything from before does: the same image, exit code, diagnostics and counts. Half of the changes are of bodies
//! and comments alone, for which a build has short cuts.
//!
//! `JANUS_RANDOM_STEPS=20000` makes so many steps, `JANUS_RANDOM_SEED=7` begins with that seed. A failure names its seed
//! and what was done; `JANUS_RANDOM_KEEP=FOLDER` keeps the project there as it was then.

#![allow(clippy::format_push_string, reason = "sources are short")]

mod kit;
mod random_world;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use kit::{Project, text};
use random_world::World;

const ANSWERED: &str = "nothing changed since this was built";
/// Edits of bodies and comments that took no build.
const SETTLED: &str = " edited, ";
/// So many steps with one project: a project that is changed for long is like no project any more.
const STEPS_OF_A_SEED: u64 = 150;

/// A way to call a build.
#[derive(Clone, Copy, Debug)]
struct Call {
    /// Said to the clean build too.
    answer: &'static [&'static str],
    /// About the cache, which a clean build does not have.
    cache: &'static [&'static str],
    from: From,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    Project,
    /// With the project as an argument.
    Above,
}

const fn call(answer: &'static [&'static str], cache: &'static [&'static str]) -> Call {
    Call { answer, cache, from: From::Project }
}

const USUAL: Call = call(&[], &[]);
const OTHERS: [Call; 13] = [
    call(&["--explain"], &[]),
    call(&["--plan"], &[]),
    call(&["--keep-going"], &[]),
    call(&["--deny", "ambiguity"], &[]),
    call(&["--deny", "unresolved-import"], &[]),
    call(&["--codec", "lz4"], &[]),
    call(&["--optimizer", "linear"], &[]),
    call(&["--define", "a=b"], &[]),
    call(&["--format", "json"], &[]),
    call(&[], &["--recache"]),
    call(&[], &["--verify", "always"]),
    call(&[], &["--read-only"]),
    Call { answer: &[], cache: &[], from: From::Above },
];

impl Call {
    fn is_plan(&self) -> bool {
        self.answer.contains(&"--plan")
    }

    fn command(&self, project: &Project, more: &[&str]) -> Command {
        let mut command = project.command(&[&["build"], self.answer, more].concat());
        if self.from == From::Above {
            command.arg("game").current_dir(project.root().parent().expect("in a folder"));
        }
        command
    }
}

/// One project, and what happened to it.
struct Run {
    world: World,
    seed: u64,
    step: u64,
    /// What was done last.
    trail: Vec<String>,
    tally: BTreeMap<&'static str, u64>,
    watch: Option<Watch>,
}

impl Run {
    fn new(seed: u64, is_watched: bool) -> Self {
        let world = World::new(seed);
        let watch = is_watched.then(|| Watch::start(&world.project));
        Self { world, seed, step: 0, trail: vec![], tally: BTreeMap::new(), watch }
    }

    fn note(&mut self, what: String) {
        const LAST: usize = 25;
        if self.trail.len() == LAST {
            self.trail.remove(0);
        }
        self.trail.push(what);
    }

    fn count(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }

    #[track_caller]
    fn hold(&self, is_so: bool, what: &str, told: impl FnOnce() -> String) {
        if is_so {
            return;
        }
        if let Some(folder) = std::env::var_os("JANUS_RANDOM_KEEP") {
            self.world.copy_to(&PathBuf::from(folder).join(format!("seed{}", self.seed)));
        }
        let trail = self.trail.join("\n");
        panic!("seed {}, step {}: {what}\n{trail}\n{}", self.seed, self.step, told());
    }

    fn step(&mut self) {
        self.step += 1;
        let is_meanwhile = self.world.random.one_in(12);
        let done = if is_meanwhile { self.step_meanwhile() } else { self.world.step() };
        self.note(format!("step {}{}: {done:?}", self.step, if is_meanwhile { " meanwhile" } else { "" }));
        for what in &done {
            self.count(what);
        }
        let is_other = self.watch.is_none() && self.world.random.one_in(4);
        if is_other {
            let other = *self.world.random.of(&OTHERS);
            self.build(other);
        }
        if !is_other || self.world.random.one_in(2) {
            let is_sound = self.build(USUAL);
            self.world.ended(is_sound);
            if is_sound && self.world.random.one_in(2) {
                self.build_again();
            }
        }
        if let Some(watch) = &mut self.watch {
            watch.restart_if_ended(&self.world.project);
        }
    }

    /// Changes while a build runs, which sees some of them or none: the next one has to see all.
    fn step_meanwhile(&mut self) -> Vec<&'static str> {
        // Often what the build reads and what it does not see are of one tick of the clock, and of one size.
        let in_a_tick = self.world.random.one_in(2).then(|| self.world.edit_in_place());
        let mut early = USUAL.command(&self.world.project, &[]);
        early.stdout(Stdio::null()).stderr(Stdio::null());
        let mut early = early.spawn().expect("runs");
        let longest_us = if in_a_tick.is_some() { 4_000 } else { 15_000 };
        std::thread::sleep(Duration::from_micros(self.world.random.below(longest_us) as u64));
        let is_killed = self.world.random.one_in(4);
        let done = match in_a_tick {
            Some(again) => {
                self.world.edit_in_place_of(&again);
                vec!["edited twice in a tick"]
            }
            None => self.world.step(),
        };
        if is_killed {
            early.kill().expect("killed");
        }
        early.wait().expect("ended");
        done
    }

    /// Builds, and holds it equal to a clean build. Whether that went well.
    fn build(&mut self, call: Call) -> bool {
        let image = self.world.image();
        let before = std::fs::read(&image).ok();
        let project = &self.world.project;
        let built = Project::finish(call.command(project, call.cache));
        let mut after = std::fs::read(&image).ok();
        let clean_image = project.root().with_extension("clean.jdi");
        let clean_cache = project.root().with_extension("clean");
        let is_cached = self.world.random.one_in(8);
        let (output, cache) = (clean_image.to_str().expect("text"), clean_cache.to_str().expect("text"));
        let without: &[&str] = if is_cached { &["--cache-dir", cache] } else { &["--no-cache"] };
        let clean = Project::finish(call.command(project, &[without, &["--output", output]].concat()));
        let expected = std::fs::read(&clean_image).ok();
        let _ = std::fs::remove_file(&clean_image);
        let _ = std::fs::remove_dir_all(&clean_cache);
        let first = text(&built.stdout).lines().next().unwrap_or_default().to_owned();
        let is_sound = built.status.success();
        self.note(format!("    {:?} {:?}: {:?} {first}", call.answer, call.cache, built.status.code()));
        self.count(if is_sound { "sound builds" } else { "builds with errors" });
        if text(&built.stdout).contains(ANSWERED) {
            self.count("answered builds");
        }
        if text(&built.stdout).contains(SETTLED) {
            self.count("settled builds");
        }
        let both = || format!("{}\n---- a clean build:\n{}", said(&built), said(&clean));
        self.hold(built.status.code() == clean.status.code(), "another exit code", both);
        self.hold(built.stderr == clean.stderr, "other diagnostics", both);
        if !call.answer.contains(&"json") {
            self.hold(counts(&built) == counts(&clean), "other counts", both);
        }
        // A build of the watcher that began before the change may end after ours; the watcher then builds once more.
        for _ in 0..500 {
            if self.watch.is_none() || expected.is_none() || after == expected {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
            after = std::fs::read(&image).ok();
        }
        match expected {
            Some(_) => self.hold(after == expected, "another image", both),
            None if self.watch.is_some() => {}
            None => self.hold(after == before, "an image that was changed", both),
        }
        self.hold(!call.is_plan() || after == before || self.watch.is_some(), "a plan that writes", both);
        is_sound
    }

    /// Builds what was built: nothing is to be done.
    fn build_again(&mut self) {
        let image = self.world.image();
        let looked_at =
            || (std::fs::read(&image).ok(), std::fs::metadata(&image).and_then(|it| it.modified()).ok());
        let before = looked_at();
        let again = Project::finish(USUAL.command(&self.world.project, &[]));
        let after = looked_at();
        let is_answered = text(&again.stdout).contains(ANSWERED);
        self.note(format!("    again, answered: {is_answered}"));
        if text(&again.stdout).contains("as the watcher says") {
            self.count("builds that the watcher answered");
        }
        if self.watch.is_none() {
            self.hold(is_answered == self.world.settings.is_answered(), "answered or not", || said(&again));
            self.hold(before == after, "an image that was written again", || said(&again));
        }
        let clean = USUAL.command(&self.world.project, &["--plan", "--no-cache"]).output().expect("runs");
        self.hold(again.stderr == clean.stderr, "other diagnostics", || said(&again));
        self.hold(counts(&again).first() == counts(&clean).first(), "other counts", || said(&again));
    }
}

/// The lines of a report that depend on the sources alone.
fn counts(output: &Output) -> Vec<String> {
    let is_counted =
        |line: &&str| line.contains(" of ") && line.contains(" file") || line.starts_with("problems ");
    text(&output.stdout).lines().filter(is_counted).map(str::to_owned).collect()
}

fn said(output: &Output) -> String {
    format!("{:?}\n{}{}", output.status, text(&output.stdout), text(&output.stderr))
}

/// A running `janus watch`, killed at the end.
struct Watch(Child);

impl Watch {
    fn start(project: &Project) -> Self {
        let mut command = project.command(&["watch"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().expect("runs"))
    }

    /// Some changes end it, such as another folder for the cache.
    fn restart_if_ended(&mut self, project: &Project) {
        if let Some(status) = self.0.try_wait().expect("asked") {
            assert_ne!(status.code(), Some(101), "the watcher panicked");
            *self = Self::start(project);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Makes the steps, with as many projects as that takes, and returns how often what happened.
fn make_steps(steps: u64, is_watched: bool) -> BTreeMap<&'static str, u64> {
    let steps = number("JANUS_RANDOM_STEPS").unwrap_or(steps);
    let first = number("JANUS_RANDOM_SEED").unwrap_or(1);
    let mut tally = BTreeMap::new();
    for (seed, done) in (first..).zip((0..steps).step_by(STEPS_OF_A_SEED as usize)) {
        let mut run = Run::new(seed, is_watched);
        run.build(USUAL);
        for _ in 0..STEPS_OF_A_SEED.min(steps - done) {
            run.step();
        }
        for (what, count) in run.tally {
            *tally.entry(what).or_default() += count;
        }
    }
    println!("{steps} steps: {tally:#?}");
    tally
}

#[test]
fn whatever_changed_a_build_is_a_clean_build() {
    let tally = make_steps(900, false);
    for what in
        ["sound builds", "builds with errors", "answered builds", "body of the same size", "taken back"]
    {
        assert!(tally.contains_key(what), "{what} never happened: {tally:?}");
    }
}

#[cfg(unix)]
#[test]
fn whatever_changed_a_build_beside_a_watcher_is_a_clean_build() {
    let tally = make_steps(150, true);
    assert!(tally.contains_key("sound builds"), "{tally:?}");
}
