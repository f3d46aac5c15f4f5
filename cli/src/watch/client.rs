//! Asks the watcher of a root. Whatever is odd means that there is no answer, and the caller looks itself.

use std::path::Path;
use std::time::Duration;

use janus_cache::track::Token;

use super::Answer;
use super::place::Place;
use super::protocol::{Question, receive};

/// For a read: the server's own limit, and time to wake up.
const LIMIT: Duration = Duration::from_millis(80);

/// What changed below `root`, which is without links, since a token; all that was done before the call counts. Costs a
/// system call where nobody watches, else the time until a file's event has come round.
pub(crate) fn ask(cache_dir: &Path, root: &Path, since: Option<Token>) -> Option<Answer> {
    let mut stream = Place::of(cache_dir, root).connect().ok()?;
    stream.set_read_timeout(Some(LIMIT)).ok()?;
    stream.set_write_timeout(Some(LIMIT)).ok()?;
    Question(since).send(&mut stream).ok()?;
    receive(&mut stream).ok()?
}
