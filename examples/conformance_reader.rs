//! The library as a reader that `format-spec/conformance/run.py` tests: the protocol is in the README there.
//!
//! `conformance_reader FILE` decodes and opens the table or image, says how that went, and answers the
//! questions of standard input, one JSON object a line.

use std::borrow::Cow;
use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use janus_cache::format::{
    AccessError, DecompressError, EntryId, LocalType, OpenError, Outcome, TableView, decompress,
};
use janus_cache::image::layout::IMAGE_MAGIC;
use janus_cache::image::{FamilyView, GlobalType, ImageView, decompress_image};
use serde::Deserialize;
use serde_json::{Value, json};

/// The largest file that is decoded.
const LIMIT_BYTES: u64 = 1 << 30;

/// Which method does a call select?
#[derive(Deserialize)]
struct Question {
    /// Whom to ask, in an image.
    family: Option<String>,
    arity: Option<u8>,
    /// Type names; `null` is a type that nobody listed.
    args: Vec<Option<String>>,
}

/// Either kind of file.
enum File<'a> {
    Table(Box<TableView<'a>>),
    Image(ImageView<'a>),
}

impl<'a> File<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, OpenError> {
        if bytes.starts_with(&IMAGE_MAGIC) {
            ImageView::open(bytes).map(File::Image)
        } else {
            TableView::open(bytes).map(Box::new).map(File::Table)
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Table(_) => "table",
            Self::Image(_) => "image",
        }
    }

    fn answer(&self, question: &Question) -> Result<Value, String> {
        match self {
            Self::Table(table) => ask_table(table, &question.args).map_err(|why| why.to_string()),
            Self::Image(image) => {
                let name = question.family.as_deref().ok_or("a question about an image names a family")?;
                let arity = question.arity.ok_or("a question about an image says the arity")?;
                let family = image.family(name, arity).map_err(|why| why.to_string())?;
                let family = family.ok_or_else(|| format!("the image has no family {name}/{arity}"))?;
                ask_family(image, &family, &question.args).map_err(|why| why.to_string())
            }
        }
    }
}

/// The word for a refusal; whatever is no sound file of this version is `damaged`.
fn refusal(why: &OpenError) -> &'static str {
    match why {
        OpenError::Magic { .. } => "magic",
        OpenError::Version { .. } => "version_major",
        OpenError::UnknownCodec { .. } => "codec",
        OpenError::UnknownRule { .. } => "rule",
        OpenError::UnknownRequired { .. } => "required_section",
        _ => "damaged",
    }
}

/// The file without its codec.
fn decoded(bytes: &[u8]) -> Result<Cow<'_, [u8]>, DecompressError> {
    let is_image = bytes.starts_with(&IMAGE_MAGIC);
    if is_image { decompress_image(bytes, LIMIT_BYTES) } else { decompress(bytes, LIMIT_BYTES) }
}

fn ask_table(table: &TableView<'_>, args: &[Option<String>]) -> Result<Value, AccessError> {
    let local =
        |name: &Option<String>| name.as_deref().map_or(Ok(LocalType::OTHER), |name| table.local_type(name));
    let locals: Vec<LocalType> = args.iter().map(local).collect::<Result<_, _>>()?;
    let symbol = |entry: EntryId| table.entry(entry).map(|entry| entry.implementation.to_owned());
    outcome(table.dispatch(&locals)?, symbol, || table.core().candidates(&locals))
}

fn ask_family(
    image: &ImageView<'_>,
    family: &FamilyView<'_>,
    args: &[Option<String>],
) -> Result<Value, AccessError> {
    let global = |name: &Option<String>| match name {
        Some(name) => image.type_id(name).map(|id| id.unwrap_or(GlobalType::OTHER)),
        None => Ok(GlobalType::OTHER),
    };
    let globals: Vec<GlobalType> = args.iter().map(global).collect::<Result<_, _>>()?;
    let locals: Vec<LocalType> = globals.iter().map(|global| family.local_type(*global)).collect();
    let symbol = |entry: EntryId| family.entry(entry).map(|entry| entry.implementation.to_owned());
    let found = family.dispatch(&globals)?;
    let mut answer = outcome(found, symbol, || family.core().candidates(&locals))?;
    if let Outcome::Method(entry) = found {
        answer["place"] = family.place(entry)?.map_or(
            Value::Null,
            |place| json!({ "file": place.file, "line": place.line, "column": place.column }),
        );
    }
    Ok(answer)
}

fn outcome(
    found: Outcome,
    symbol: impl Fn(EntryId) -> Result<String, AccessError>,
    candidates: impl FnOnce() -> Result<Vec<EntryId>, AccessError>,
) -> Result<Value, AccessError> {
    Ok(match found {
        Outcome::NoMethod => json!({ "outcome": "none" }),
        Outcome::Method(entry) => json!({ "outcome": "method", "implementation": symbol(entry)? }),
        Outcome::Ambiguous => {
            let mut symbols: Vec<String> = candidates()?.into_iter().map(symbol).collect::<Result<_, _>>()?;
            symbols.sort();
            json!({ "outcome": "ambiguous", "candidates": symbols })
        }
    })
}

fn run(path: &PathBuf) -> io::Result<()> {
    let bytes = std::fs::read(path)?;
    let mut out = io::stdout().lock();
    let mut refuse = |word, why: String| writeln!(out, "{}", json!({ "refused": word, "why": why }));
    let bytes = match decoded(&bytes) {
        Ok(bytes) => bytes,
        Err(DecompressError::Open(why)) => return refuse(refusal(&why), why.to_string()),
        Err(why) => return refuse("damaged", why.to_string()),
    };
    let file = match File::open(&bytes) {
        Ok(file) => file,
        Err(why) => return refuse(refusal(&why), why.to_string()),
    };
    writeln!(out, "{}", json!({ "opened": file.kind() }))?;
    for line in io::stdin().lock().lines() {
        let question: Result<Question, _> = serde_json::from_str(&line?);
        let answer = question.map_err(|why| why.to_string()).and_then(|question| file.answer(&question));
        writeln!(out, "{}", answer.unwrap_or_else(|why| json!({ "error": why })))?;
    }
    Ok(())
}

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: conformance_reader FILE < QUESTIONS");
        return ExitCode::from(2);
    };
    match run(&path) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{}: {why}", path.display());
            ExitCode::FAILURE
        }
    }
}
