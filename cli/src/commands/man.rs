//! `janus man`: the manual pages, one for each command.

use clap::CommandFactory;

use crate::args::{Janus, ManArgs};
use crate::exit::{Exit, Failure};

pub(crate) fn run(args: &ManArgs) -> Result<Exit, Failure> {
    std::fs::create_dir_all(&args.dir)?;
    clap_mangen::generate_to(Janus::command(), &args.dir)?;
    Ok(Exit::Success)
}
