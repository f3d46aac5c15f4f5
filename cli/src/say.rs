//! Standard output and standard error, either of which may be closed, full, or left by its reader.

use std::fmt::Display;
use std::io::{self, Write as _};

use crate::exit::{Exit, Failure};

/// Writes the result of a command. A reader who has seen enough (`| head`) is no failure: the command
/// did its work, and its exit code says how that went.
pub(crate) fn out(bytes: impl AsRef<[u8]>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes.as_ref()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| {
            Failure::message(Exit::System, format!("cannot write the result to standard output: {error}"))
        }),
    }
}

/// A line for the person who runs the command. `eprintln!` would panic where standard error is full,
/// and there is nobody left to tell.
pub(crate) fn note(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
