//! `janus trust`: which projects' settings may lead out of the project.

use janus_cache::clock::Clock;
use janus_cache::trust::ProjectTrust;

use crate::args::TrustArgs;
use crate::exit::{Exit, Failure};
use crate::say;

pub(crate) fn run(args: &TrustArgs) -> Result<Exit, Failure> {
    let Some(trust) = ProjectTrust::of_user(Clock::System) else {
        return Err(Failure::usage("there is no folder of user settings to record it in; set HOME"));
    };
    let failed = |error| Failure::new(Exit::Usage, &error);
    let Some(dir) = &args.dir else {
        let shown = |record: &janus_cache::trust::TrustRecord| {
            format!("{}  janus.toml {}\n", record.project.display(), record.digest.short())
        };
        say::out(trust.list().map_err(failed)?.iter().map(shown).collect::<String>())?;
        return Ok(Exit::Success);
    };
    if args.remove {
        let word = if trust.remove(dir).map_err(failed)? { "no longer trusted" } else { "was not trusted" };
        say::out(format!("{} {word}\n", dir.display()))?;
        return Ok(Exit::Success);
    }
    let digest = trust.record(dir).map_err(failed)?;
    say::out(format!("trusted {} as long as its janus.toml is {}\n", dir.display(), digest.short()))?;
    Ok(Exit::Success)
}
