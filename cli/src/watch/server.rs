//! The end of the socket that answers.

use std::io::{self, Read};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use janus_cache::fs::{self, FileLock};

use super::eyes::{Eyes, Shared};
use super::place::Place;
use super::protocol::{Question, refuse, send};

/// How long a question may wait for its cookie. Who gets no answer looks at the files, which takes about as long.
pub(super) const COOKIE_LIMIT: Duration = Duration::from_millis(50);
/// How long a peer may take to say or to hear something.
const PEER_LIMIT: Duration = Duration::from_millis(100);
/// So many questions are answered at once; a peer that says nothing holds one of them for [`PEER_LIMIT`].
const THREADS: usize = 4;

/// Answers questions about a root as long as it lives.
#[derive(Debug)]
pub(crate) struct Server {
    place: Place,
    lock: FileLock,
    is_over: Arc<AtomicBool>,
}

/// Why nobody answers.
#[derive(Debug)]
pub(crate) enum NoServer {
    /// Another process does.
    Taken,
    Io(io::Error),
}

impl From<io::Error> for NoServer {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Server {
    pub(crate) fn start(place: &Place, eyes: &Eyes) -> Result<Self, NoServer> {
        place.prepare()?;
        let lock = FileLock::try_exclusive(&place.lock_file()).map_err(io::Error::other)?;
        let lock = lock.ok_or(NoServer::Taken)?;
        let listener = place.bind()?;
        let is_over = Arc::new(AtomicBool::new(false));
        for _ in 0..THREADS {
            let (listener, shared, is_over) = (listener.try_clone()?, eyes.shared(), Arc::clone(&is_over));
            let name = "watch answers".to_owned();
            std::thread::Builder::new().name(name).spawn(move || serve(&listener, &shared, &is_over))?;
        }
        Ok(Self { place: place.clone(), lock, is_over })
    }

    /// Whether it can still be found: the cache may have been removed, and made anew.
    pub(crate) fn is_in_place(&self) -> bool {
        self.lock.still_named(&self.place.lock_file()) && self.place.socket_file().exists()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        for _ in 0..THREADS {
            // Wakes one that waits for a call.
            let _ = self.place.connect();
        }
        if self.is_in_place() {
            let _ = fs::remove_file(&self.place.socket_file());
        }
    }
}

fn serve(listener: &UnixListener, shared: &Shared, is_over: &AtomicBool) {
    for peer in listener.incoming() {
        if is_over.load(Ordering::Relaxed) {
            return;
        }
        match peer {
            // A peer that left early is nobody's trouble.
            Ok(peer) => drop(answer(peer, shared)),
            // Too many open files, as a rule: there may be fewer in a moment.
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

fn answer(mut peer: UnixStream, shared: &Shared) -> io::Result<()> {
    peer.set_write_timeout(Some(PEER_LIMIT))?;
    match Question::receive(&mut InTime { peer: &peer, until: Instant::now() + PEER_LIMIT }) {
        Ok(Question(since)) => send(shared.ask(since, COOKIE_LIMIT).as_ref(), &mut peer),
        Err(error) => refuse(&error, &mut peer),
    }
}

/// Reads from a peer that may not take its time for each byte.
struct InTime<'a> {
    peer: &'a UnixStream,
    until: Instant,
}

impl Read for InTime<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.until.saturating_duration_since(Instant::now());
        // None at all would mean no limit.
        self.peer.set_read_timeout(Some(left.max(Duration::from_micros(1))))?;
        self.peer.read(buffer)
    }
}
