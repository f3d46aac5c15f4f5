//! `janus cache dir` and `janus cache size`: for scripts, one value on one line.

use serde::Serialize;

use crate::args::{CacheArgs, Format};
use crate::context::{Project, failure_of};
use crate::exit::{Exit, Failure};
use crate::json::{self, SCHEMA_VERSION};
use crate::say;

#[derive(Serialize)]
struct Place {
    schema_version: u32,
    dir: String,
    exists: bool,
    origin: String,
}

#[derive(Serialize)]
struct Size {
    schema_version: u32,
    dir: String,
    bytes: u64,
    limit_bytes: u64,
}

/// Where the cache is, or would be.
pub(crate) fn dir(args: &CacheArgs) -> Result<Exit, Failure> {
    let project = Project::open(&args.project, &args.settings)?;
    let dir = &project.settings.dir;
    let exists = project.existing_store(true)?.is_some();
    match args.format {
        Format::Json => json::print(&Place {
            schema_version: SCHEMA_VERSION,
            dir: dir.value.display().to_string(),
            exists,
            origin: dir.origin.to_string(),
        })?,
        Format::Human => say::out(format!("{}\n", dir.value.display()))?,
    }
    Ok(Exit::Success)
}

/// How many bytes it has, as its limit counts them; 0 where there is none yet.
pub(crate) fn size(args: &CacheArgs) -> Result<Exit, Failure> {
    let project = Project::open(&args.project, &args.settings)?;
    let bytes = match project.existing_store(true)? {
        Some(store) => store.used_bytes().map_err(|error| failure_of(&error))?,
        None => 0,
    };
    match args.format {
        Format::Json => json::print(&Size {
            schema_version: SCHEMA_VERSION,
            dir: project.settings.dir.value.display().to_string(),
            bytes,
            limit_bytes: project.settings.max_size.value.bytes,
        })?,
        Format::Human => say::out(format!("{bytes}\n"))?,
    }
    Ok(Exit::Success)
}
