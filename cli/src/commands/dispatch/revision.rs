//! Git revisions of a project: exported beside it, and built.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use janus_cache::build::{
    BuildCacheManager, BuildRequest, Cache, Frontend, build_project, facts::Severity, store_options,
};
use janus_cache::clock::Clock;
use janus_cache::config::Defines;
use janus_cache::dispatch::CallProfile;
use janus_cache::format::FileCodec;
use janus_cache::frontend::{CorpusFrontend, JanusFrontend};
use janus_cache::store::Store;
use janus_cache::tiers::{Chain, ChainOptions, DiskLevel};

use crate::args::Optimizer;
use crate::commands::build::{self, OUTPUT_DIR};
use crate::context::Project;
use crate::exit::Failure;
use crate::settings::SettingFlags;
use crate::{human, say};

/// What is looked at in two revisions.
pub(super) enum Subject {
    /// The project in a folder.
    Project(PathBuf),
    /// One file; as in a build, its project is the current folder, wherever it lies.
    Corpus { folder: PathBuf, file_name: String },
}

impl Subject {
    /// A path that ends with `.json` is a corpus, also where the folder as it is has it no more.
    pub(super) fn of(path: &Path) -> Self {
        let is_corpus = path.extension().is_some_and(|extension| extension == "json") && !path.is_dir();
        match path.file_name().filter(|_| is_corpus) {
            None => Self::Project(path.to_owned()),
            Some(name) => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                let folder = folder.unwrap_or(Path::new(".")).to_owned();
                Self::Corpus { folder, file_name: name.to_string_lossy().into_owned() }
            }
        }
    }

    /// The project whose settings and cache are used.
    pub(super) fn project(&self, flags: &SettingFlags) -> Result<Project, Failure> {
        match self {
            Self::Project(root) => Project::open(root, flags),
            Self::Corpus { file_name, .. } => {
                let mut project = Project::open(Path::new("."), flags)?;
                file_name.strip_suffix(".json").unwrap_or(file_name).clone_into(&mut project.name);
                Ok(project)
            }
        }
    }

    /// The folder that is asked for its repository.
    pub(super) fn folder(&self) -> &Path {
        match self {
            Self::Project(folder) | Self::Corpus { folder, .. } => folder,
        }
    }

    /// The only file that is needed of the folder; none where all are.
    pub(super) fn file_name(&self) -> Option<&str> {
        match self {
            Self::Project(_) => None,
            Self::Corpus { file_name, .. } => Some(file_name),
        }
    }

    /// What reads it where it was exported to.
    pub(super) fn frontend(&self, exported: &Path) -> Box<dyn Frontend> {
        match self {
            Self::Project(_) => Box::new(JanusFrontend::default()),
            Self::Corpus { file_name, .. } => Box::new(CorpusFrontend::new(exported.join(file_name))),
        }
    }
}

/// The git repository that a project is in.
pub(super) struct Repository {
    git_dir: PathBuf,
    /// The project's folder from the repository's root, with slashes, none at its end.
    folder: String,
}

impl Repository {
    pub(super) fn of(project: &Path) -> Result<Self, Failure> {
        let mut git = git();
        git.arg("-C").arg(project).args(["rev-parse", "--absolute-git-dir", "--show-prefix"]);
        let said = output(&mut git)?;
        let (true, said) = (said.is_done, said.stdout) else {
            let (shown, said) = (project.display(), said.stderr);
            return Err(Failure::usage(format!("{shown} is in no git repository that can be read: {said}")));
        };
        let mut lines = said.lines();
        let git_dir = PathBuf::from(lines.next().unwrap_or_default());
        let folder = lines.next().unwrap_or_default().trim_end_matches('/').to_owned();
        Ok(Self { git_dir, folder })
    }

    /// The revision's name, in full.
    pub(super) fn commit(&self, revision: &str) -> Result<String, Failure> {
        let unknown = |said: &str| {
            let said = if said.is_empty() { String::new() } else { format!(": {said}") };
            Failure::usage(format!("the repository has no revision {revision}{said}; `git log` lists some"))
        };
        if revision.starts_with('-') {
            return Err(unknown(""));
        }
        let mut git = self.git();
        git.args(["rev-parse", "--verify", "--quiet"]).arg(format!("{revision}^{{commit}}"));
        let said = output(&mut git)?;
        if said.is_done { Ok(said.stdout.trim().to_owned()) } else { Err(unknown(&said.stderr)) }
    }

    /// Writes the folder's files of a commit, or `only` one of them, into `target`. An index of its own
    /// keeps the user's index and files as they are; submodules stay empty.
    pub(super) fn export(
        &self,
        commit: &str,
        revision: &str,
        only: Option<&str>,
        target: &Path,
    ) -> Result<(), Failure> {
        let index = target.with_extension("index");
        std::fs::create_dir(target).map_err(|error| {
            Failure::system(format!("cannot make the folder {}: {error}", target.display()))
        })?;
        if let Some(name) = only {
            let path =
                if self.folder.is_empty() { name.to_owned() } else { format!("{}/{name}", self.folder) };
            let mut look = self.git();
            look.args(["cat-file", "-e"]).arg(format!("{commit}:{path}"));
            if !output(&mut look)?.is_done {
                return Err(Failure::usage(format!("revision {revision} has no file `{path}`")));
            }
        }
        let tree =
            if self.folder.is_empty() { commit.to_owned() } else { format!("{commit}:{}", self.folder) };
        let mut read = self.git();
        read.env("GIT_INDEX_FILE", &index).arg("read-tree").arg(tree);
        let said = output(&mut read)?;
        if !said.is_done {
            let (folder, said) = (&self.folder, said.stderr);
            return Err(Failure::usage(format!("revision {revision} has no folder `{folder}`: {said}")));
        }
        let mut write = self.git();
        write.env("GIT_INDEX_FILE", &index).env("GIT_WORK_TREE", target).current_dir(target);
        write.args(["checkout-index", "--force"]);
        match only {
            Some(name) => write.args(["--", name]),
            None => write.arg("--all"),
        };
        let said = output(&mut write)?;
        if said.is_done {
            return Ok(());
        }
        let said = said.stderr;
        Err(Failure::system(format!(
            "git could not write revision {revision} to {}: {said}",
            target.display()
        )))
    }

    fn git(&self) -> Command {
        let mut git = git();
        git.env("GIT_DIR", &self.git_dir);
        git
    }
}

/// The program without what would make it look elsewhere, ask somebody, or run something.
fn git() -> Command {
    let mut git = Command::new("git");
    for name in
        ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE"]
    {
        git.env_remove(name);
    }
    git.args(["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"]);
    git.env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C").stdin(Stdio::null());
    git
}

struct Said {
    is_done: bool,
    stdout: String,
    stderr: String,
}

fn output(git: &mut Command) -> Result<Said, Failure> {
    let output = git.output().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Failure::usage(
            "the program `git` is needed to read revisions, and is not there; install it, or build both \
             images and compare their files",
        ),
        _ => Failure::system(format!("cannot run git: {error}")),
    })?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    // One line of what it says is enough.
    let stderr = text(&output.stderr).lines().next().unwrap_or_default().to_owned();
    Ok(Said { is_done: output.status.success(), stdout: text(&output.stdout), stderr })
}

/// Builds the project in `root` as of `revision` with the project's cache; the image's bytes go to
/// `image`. What is wrong with the sources is a warning: what can be built is compared.
pub(super) fn build(
    project: &Project,
    frontend: &dyn Frontend,
    defines: Defines,
    revision: &str,
    root: &Path,
    image: &Path,
) -> Result<(), Failure> {
    let options =
        build::manager_options(project, frontend, Optimizer::Auto, defines, CallProfile::default())?;
    let manager = BuildCacheManager::new(cache_without_state(project), options);
    let (cache_dir, output_dir) = (&project.settings.dir.value, PathBuf::from(OUTPUT_DIR));
    let request = BuildRequest {
        root,
        frontend,
        name: &project.name,
        image,
        excluded: &[cache_dir, &output_dir],
        codec: FileCodec::None,
        plan_only: false,
        explain: false,
        deny: &[],
        keep_going: true,
    };
    let outcome = build_project(&request, &manager).map_err(|error| {
        let failure = build::failure_of(&error);
        failure.about(&format!("revision {revision}"))
    })?;
    for warning in &outcome.session.warnings {
        say::note(format_args!("warning: {}; the build goes on without that", warning.message));
    }
    let errors = outcome.diagnostics.iter().filter(|one| one.severity == Severity::Error).count();
    if errors > 0 {
        let errors = human::count(errors, "error", "errors");
        say::note(format_args!(
            "warning: the sources of {revision} have {errors}; what could be built is compared"
        ));
    }
    Ok(())
}

/// The project's tables, but not what it knows of the last build: that is of the folder as it is, and
/// an exported folder is gone soon.
fn cache_without_state(project: &Project) -> Cache {
    if !project.settings.enabled.value {
        return Cache::off();
    }
    match Store::open(store_options(&project.settings, Clock::System)) {
        Ok(store) => {
            Cache::of_chain(Chain::new(vec![Arc::new(DiskLevel::new(store))], ChainOptions::default()))
        }
        Err(error) => {
            say::note(format_args!("warning: {error}; both revisions are built without the cache"));
            Cache::off()
        }
    }
}
