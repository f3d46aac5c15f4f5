//! `janus trust`: which projects' settings may lead out of the project.

use std::io::Write as _;

use janus_cache::clock::Clock;
use janus_cache::trust::ProjectTrust;

use crate::args::TrustArgs;
use crate::exit::{Exit, Failure};

pub(crate) fn run(args: &TrustArgs) -> Result<Exit, Failure> {
    let Some(trust) = ProjectTrust::of_user(Clock::System) else {
        return Err(Failure::usage("there is no folder of user settings to record it in; set HOME"));
    };
    let failed = |error| Failure::new(Exit::Usage, &error);
    let mut out = std::io::stdout().lock();
    let Some(dir) = &args.dir else {
        for record in trust.list().map_err(failed)? {
            writeln!(out, "{}  janus.toml {}", record.project.display(), record.digest.short())?;
        }
        return Ok(Exit::Success);
    };
    if args.remove {
        let word = if trust.remove(dir).map_err(failed)? { "no longer trusted" } else { "was not trusted" };
        writeln!(out, "{} {word}", dir.display())?;
        return Ok(Exit::Success);
    }
    let digest = trust.record(dir).map_err(failed)?;
    writeln!(out, "trusted {} as long as its janus.toml is {}", dir.display(), digest.short())?;
    Ok(Exit::Success)
}
