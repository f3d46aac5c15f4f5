//! How a command ends. The codes are an interface: `janus --help` lists them, docs/cli.md
//! too, tests hold both.

use std::error::Error;
use std::process::ExitCode;

/// How a command that ran to its end ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Success,
    /// The sources have errors, the question has no answer, or what was compared differs.
    Sources,
    /// The command line, a setting, or something it names cannot be used.
    Usage,
    /// The cache, or a file that the user named, is damaged.
    Damaged,
    /// The system did not let the command do its work.
    System,
}

/// What `janus --help` says about the codes.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  the sources have errors (denied warnings included), no single method answers a query, or --exit-code found a difference
  2  the command line, a setting, or something they name cannot be used
  3  damage: in the file that was named, or found by `janus cache validate` and not repaired
  4  the system did not let the command do its work: no room, no permission, a lock that is held";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::Sources => 1,
            Exit::Usage => 2,
            Exit::Damaged => 3,
            Exit::System => 4,
        })
    }
}

/// Why a command did not run to its end.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    message: String,
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::message(Exit::Usage, message)
    }

    pub(crate) fn message(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    pub(crate) fn system(message: impl Into<String>) -> Self {
        Self { exit: Exit::System, message: message.into() }
    }

    /// The same failure, with what it is about in front.
    pub(crate) fn about(self, what: &str) -> Self {
        Self { message: format!("{what}: {}", self.message), ..self }
    }

    /// An error with what lies behind it, in one line.
    pub(crate) fn new(exit: Exit, error: &dyn Error) -> Self {
        let mut message = error.to_string();
        let mut next = error.source();
        while let Some(source) = next {
            let said = source.to_string();
            if !message.contains(&said) {
                message.push_str(": ");
                message.push_str(&said);
            }
            next = source.source();
        }
        Self { exit, message }
    }

    /// What is printed.
    pub(crate) fn text(&self) -> &str {
        &self.message
    }

    pub(crate) fn print(&self) {
        crate::say::note(format_args!("error: {}", crate::human::printable(&self.message)));
    }
}
