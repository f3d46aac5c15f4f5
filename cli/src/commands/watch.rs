//! `janus watch`: builds whenever something changes, and tells other builds what did.

use crate::args::WatchArgs;
use crate::exit::{Exit, Failure};

/// Watches need local sockets.
#[cfg(not(unix))]
pub(crate) fn run(_: &WatchArgs) -> Result<Exit, Failure> {
    Err(Failure::usage("janus watch needs local sockets, which are not used on this system; run janus build"))
}

#[cfg(unix)]
pub(crate) use on_unix::run;

#[cfg(unix)]
mod on_unix {
    use std::path::{Component, Path, PathBuf};
    use std::time::{Duration, Instant};

    use janus_cache::build::store_options;
    use janus_cache::clock::Clock;
    use janus_cache::fs;
    use janus_cache::store::Store;
    use janus_cache::track::{Changes, Token};
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    use super::{Exit, Failure, WatchArgs};
    use crate::args::Format;
    use crate::commands::build;
    use crate::context::{Project, failure_of};
    use crate::watch::{Eyes, NoServer, Place, Server, Woken};
    use crate::{fast, say};

    /// A burst of changes is over after so much quiet, or when it has lasted too long.
    const QUIET: Duration = Duration::from_millis(75);
    const LONGEST_BURST: Duration = Duration::from_secs(1);
    /// How often is looked whether the root and the socket are still there.
    const TICK: Duration = Duration::from_secs(1);

    pub(crate) fn run(args: &WatchArgs) -> Result<Exit, Failure> {
        if args.build.plan {
            return Err(Failure::usage(
                "--plan builds nothing, so there is nothing to watch for; run janus build",
            ));
        }
        let root = build::root_of(&args.build.path);
        let project = Project::open(&root, &args.build.settings)?;
        if fs::is_remote(&project.root) {
            let shown = project.root.display();
            return Err(Failure::usage(format!(
                "{shown} is on a file system that does not tell of other machines' changes; run janus build there"
            )));
        }
        let cache_dir = project.settings.dir.value.clone();
        make_cache(&project)?;
        let place = Place::of(&cache_dir, &project.root);
        place.prepare().map_err(|error| cannot("serve", &place.socket_file(), &error))?;
        let cache = fs::canonical(&cache_dir).map_err(|error| cannot("open", &cache_dir, &error))?;
        let eyes = Eyes::open(&project.root, std::slice::from_ref(&cache)).map_err(|error| {
            Failure::system(format!(
                "{}: see docs/watch.md for its limits",
                cannot_watch(&project.root, &error)
            ))
        })?;
        let server = start(&place, &eyes, &project.root)?;
        end_on_signals(&place)?;
        let output = project.root.join(build::OUTPUT_DIR);
        Watched { args, root: project.root, cache_dir, output, place, eyes }.follow(server)
    }

    /// What a watch tells is noted in the cache, and who opens it first makes it.
    fn make_cache(project: &Project) -> Result<(), Failure> {
        if !project.settings.enabled.value || project.settings.read_only.value {
            return Err(Failure::usage(
                "janus watch needs a cache that it may write; run janus build without one",
            ));
        }
        let options = store_options(&project.settings, Clock::System);
        Store::open(options).map(drop).map_err(|error| failure_of(&error))
    }

    fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
        Failure::system(format!("cannot {what} {}: {error}", path.display()))
    }

    fn cannot_watch(root: &Path, error: &notify::Error) -> String {
        format!("cannot watch {}: {error}", root.display())
    }

    fn start(place: &Place, eyes: &Eyes, root: &Path) -> Result<Server, Failure> {
        Server::start(place, eyes).map_err(|none| match none {
            NoServer::Taken => Failure::system(format!(
                "another janus watch holds the lock of {}; end that one",
                root.display()
            )),
            NoServer::Io(error) => cannot("serve", &place.socket_file(), &error),
        })
    }

    /// An interrupted watch takes its socket with it, and ends by the signal as it would without this.
    fn end_on_signals(place: &Place) -> Result<(), Failure> {
        let failed = |error| Failure::system(format!("cannot wait for signals: {error}"));
        let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(failed)?;
        let socket = place.socket_file();
        let wait = move || {
            for signal in &mut signals {
                let _ = fs::remove_file(&socket);
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
        };
        std::thread::Builder::new().name("signals".to_owned()).spawn(wait).map(drop).map_err(failed)
    }

    /// A project that is built whenever it changes.
    struct Watched<'a> {
        args: &'a WatchArgs,
        root: PathBuf,
        cache_dir: PathBuf,
        output: PathBuf,
        place: Place,
        eyes: Eyes,
    }

    impl Watched<'_> {
        fn follow(&self, mut server: Server) -> Result<Exit, Failure> {
            let identity = fs::identity(&self.root);
            let mut done = self.eyes.now();
            self.build()?;
            loop {
                match self.eyes.wait(&done, TICK) {
                    Woken::Changed => {
                        self.wait_for_quiet();
                        let before = self.eyes.now();
                        if self.wants_build(&done)? {
                            self.build()?;
                        }
                        done = before;
                    }
                    Woken::Timeout | Woken::RootGone => {}
                }
                if fs::identity(&self.root) != identity {
                    let shown = self.root.display();
                    return Err(Failure::system(format!("{shown} is gone, and with it what was watched")));
                }
                if !server.is_in_place() {
                    drop(server);
                    server = start(&self.place, &self.eyes, &self.root)?;
                }
            }
        }

        /// What is wrong with the sources or the settings is told, and may be mended.
        fn build(&self) -> Result<(), Failure> {
            if let Err(failure) = build::run(&self.args.build) {
                failure.print();
            }
            if matches!(self.args.build.format, Format::Human) {
                say::out(format!("{:<9} for changes in {}\n", "waiting", self.root.display()))?;
            }
            Ok(())
        }

        fn wait_for_quiet(&self) {
            let began = Instant::now();
            while began.elapsed() < LONGEST_BURST {
                if self.eyes.wait(&self.eyes.now(), QUIET) != Woken::Changed {
                    break;
                }
            }
        }

        fn wants_build(&self, since: &Token) -> Result<bool, Failure> {
            let is_concerned = match self.eyes.changes_since(since) {
                Changes::Unknown => true,
                Changes::Paths(paths) => paths.iter().any(|path| self.may_matter(path)),
            };
            // Also where nothing concerns it: then the next build is told so by the watcher. A build with errors left no
            // seal, and after that whatever may matter is reason enough.
            Ok(!fast::is_settled(&self.cache_dir)? && is_concerned)
        }

        /// Not so what a build writes, or every build would ask for the next.
        fn may_matter(&self, path: &Path) -> bool {
            let is_hidden = |part: Component<'_>| part.as_os_str().as_encoded_bytes().starts_with(b".");
            let is_ignore_file =
                path.file_name().is_some_and(|name| name == ".gitignore" || name == ".ignore");
            let is_output = self.root.join(path).starts_with(&self.output);
            !is_output && (is_ignore_file || !path.components().any(is_hidden))
        }
    }
}
