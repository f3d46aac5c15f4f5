//! `janus completions`: a completion script for a shell.

use clap::CommandFactory;

use crate::args::{CompletionsArgs, Janus};
use crate::exit::{Exit, Failure};
use crate::say;

pub(crate) fn run(args: &CompletionsArgs) -> Result<Exit, Failure> {
    // Into memory first: the generator panics where nobody reads its output.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Janus::command(), "janus", &mut script);
    say::out(script)?;
    Ok(Exit::Success)
}
