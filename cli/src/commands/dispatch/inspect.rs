//! `janus dispatch inspect`: what stands in a file, also in a damaged one.

use std::path::Path;

use janus_cache::format::TableView;
use janus_cache::fs::{FileAccess, FileBytes};
use janus_cache::image::inspect::{FileKind, inspect, kind_of};
use janus_cache::store::{EntryKind, inspect_pack, is_pack};

use super::{inspect_json, inspect_text};
use crate::args::Format;
use crate::exit::{Exit, Failure};
use crate::json;
use crate::picture_args::InspectArgs;
use crate::say;

/// What a file is taken for.
enum Taken {
    File(FileKind),
    Pack,
}

pub(crate) fn run(args: &InspectArgs) -> Result<Exit, Failure> {
    let unreadable =
        |error| Failure::usage(format!("cannot read {}: {error}; name a file", args.file.display()));
    let file = FileBytes::open(&args.file, FileAccess::Map).map_err(unreadable)?;
    let bytes = file.get(0, file.len_bytes()).map_err(unreadable)?;
    let Some(taken) = taken_for(&bytes, &args.file) else {
        return Err(Failure::usage(format!(
            "{} is no table, image or pack: its first bytes are {:02x?}, and its name ends in none of .jdt, .jdi, .pack",
            args.file.display(),
            bytes.get(..8).unwrap_or(&bytes)
        )));
    };
    let (text, is_sound) = match taken {
        Taken::File(kind) => {
            let found = inspect(kind, &bytes);
            let text = if args.format == Format::Json {
                json::print(&inspect_json::file(&args.file, &found))?;
                String::new()
            } else {
                inspect_text::file(&found)
            };
            (text, found.is_sound())
        }
        Taken::Pack => {
            let name = args.file.file_stem().and_then(|name| name.to_str());
            let found = inspect_pack(&bytes, name, &describe);
            let text = if args.format == Format::Json {
                json::print(&inspect_json::pack(&args.file, &found))?;
                String::new()
            } else {
                inspect_text::pack(&found)
            };
            (text, found.problems.is_empty())
        }
    };
    say::out(text)?;
    Ok(if is_sound { Exit::Success } else { Exit::Damaged })
}

/// By the first bytes, or where these are damaged by the name.
fn taken_for(bytes: &[u8], path: &Path) -> Option<Taken> {
    if is_pack(bytes) {
        return Some(Taken::Pack);
    }
    if let Some(kind) = kind_of(bytes) {
        return Some(Taken::File(kind));
    }
    match path.extension()?.to_str()? {
        "jdt" => Some(Taken::File(FileKind::Table)),
        "jdi" => Some(Taken::File(FileKind::Image)),
        "pack" => Some(Taken::Pack),
        _ => None,
    }
}

/// What is said of an entry's content.
fn describe(kind: EntryKind, content: &[u8]) -> Option<String> {
    if kind != EntryKind::DispatchTable {
        return None;
    }
    Some(match TableView::open(content) {
        Ok(table) => {
            let (name, header) = (table.name().unwrap_or("?"), table.header());
            let word = table.core().optimization().as_str();
            format!("{name}/{}, {} methods, {word}", header.arity, header.entry_count)
        }
        Err(error) => format!("no sound table: {error}"),
    })
}
