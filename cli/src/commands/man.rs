//! `janus man`: the manual pages, one for each command.

use clap::CommandFactory;

use crate::args::{Janus, ManArgs};
use crate::exit::{Exit, Failure};

pub(crate) fn run(args: &ManArgs) -> Result<Exit, Failure> {
    let written = std::fs::create_dir_all(&args.dir)
        .and_then(|()| clap_mangen::generate_to(Janus::command(), &args.dir));
    written.map_err(|error| {
        let shown = args.dir.display();
        Failure::message(Exit::System, format!("cannot write the manual to {shown}: {error}; name a folder"))
    })?;
    Ok(Exit::Success)
}
