//! The types of values: what may be said, in a word or in a file, and how it is said back.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use bytesize::ByteSize;
use toml::de::DeValue;

/// A type that a setting can have.
///
/// What `to_text` says, `from_text` understands as the same value.
pub(super) trait SettingValue: Sized {
    /// What a flag or variable must say; reads well after "expects".
    const TEXT_FORM: &'static str;
    /// What a file must say; reads well after "expects".
    const TOML_FORM: &'static str;
    /// A value can name a place outside the project.
    const NAMES_PLACES: bool = false;

    /// The value that a flag or variable says; `None` where it is not of the [`Self::TEXT_FORM`].
    fn from_text(text: &OsStr) -> Option<Self>;
    /// The value that a file says; `None` where it is not of the [`Self::TOML_FORM`].
    fn from_toml(value: &DeValue<'_>) -> Option<Self>;
    /// The value as a variable would say it.
    fn to_text(&self) -> String;
    /// Whether the value names a place outside the project.
    fn leaves_project(&self) -> bool {
        false
    }
}

impl SettingValue for bool {
    const TEXT_FORM: &'static str = "1, true, yes, on or 0, false, no, off";
    const TOML_FORM: &'static str = "true or false";

    fn from_text(text: &OsStr) -> Option<Self> {
        let text = text.to_str()?;
        let is = |word: &&str| text.eq_ignore_ascii_case(word);
        if ["1", "true", "yes", "on"].iter().any(is) {
            Some(true)
        } else if ["0", "false", "no", "off"].iter().any(is) {
            Some(false)
        } else {
            None
        }
    }

    fn from_toml(value: &DeValue<'_>) -> Option<Self> {
        value.as_bool()
    }

    fn to_text(&self) -> String {
        self.to_string()
    }
}

/// An amount of bytes, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size {
    /// The amount.
    pub bytes: u64,
}

impl Size {
    /// `count` million bytes.
    pub(super) const fn megabytes(count: u64) -> Self {
        Self { bytes: count * bytesize::MB }
    }
}

/// A size as flags and variables say it, such as `500 kB`; none for anything else, and for 0.
pub fn size_from_text(text: &str) -> Option<u64> {
    Size::from_text(OsStr::new(text)).map(|size| size.bytes)
}

/// A time as flags and variables say it, such as `12h`; none for anything else.
pub fn duration_from_text(text: &str) -> Option<Duration> {
    Duration::from_text(OsStr::new(text))
}

impl SettingValue for Size {
    const TEXT_FORM: &'static str = "a size above 0 such as `500 kB`, `2 GiB` or a number of bytes";
    const TOML_FORM: &'static str =
        "a size above 0: a string such as \"500 kB\" or \"2 GiB\", or a whole number of bytes";

    fn from_text(text: &OsStr) -> Option<Self> {
        let size: ByteSize = text.to_str()?.trim().parse().ok()?;
        (size.0 > 0).then_some(Self { bytes: size.0 })
    }

    fn from_toml(value: &DeValue<'_>) -> Option<Self> {
        if let Some(number) = value.as_integer() {
            let bytes = u64::from_str_radix(number.as_str(), number.radix()).ok()?;
            return (bytes > 0).then_some(Self { bytes });
        }
        Self::from_text(OsStr::new(value.as_str()?))
    }

    /// Exact: the unit that leaves the smallest whole number, so nothing is rounded.
    fn to_text(&self) -> String {
        const UNITS: [(u64, &str); 12] = [
            (bytesize::EB, "EB"),
            (bytesize::EIB, "EiB"),
            (bytesize::PB, "PB"),
            (bytesize::PIB, "PiB"),
            (bytesize::TB, "TB"),
            (bytesize::TIB, "TiB"),
            (bytesize::GB, "GB"),
            (bytesize::GIB, "GiB"),
            (bytesize::MB, "MB"),
            (bytesize::MIB, "MiB"),
            (bytesize::KB, "kB"),
            (bytesize::KIB, "KiB"),
        ];
        UNITS
            .iter()
            .filter(|(unit, _)| self.bytes.is_multiple_of(*unit))
            .map(|(unit, name)| (self.bytes / unit, name))
            .min()
            .map_or_else(|| format!("{} B", self.bytes), |(count, name)| format!("{count} {name}"))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

impl SettingValue for Duration {
    const TEXT_FORM: &'static str = "a time such as `30s`, `10m`, `12h`, `7d` or `2w`";
    const TOML_FORM: &'static str =
        "a string with a time such as \"30s\", \"10m\", \"12h\", \"7d\" or \"2w\"";

    fn from_text(text: &OsStr) -> Option<Self> {
        humantime::parse_duration(text.to_str()?).ok()
    }

    fn from_toml(value: &DeValue<'_>) -> Option<Self> {
        Self::from_text(OsStr::new(value.as_str()?))
    }

    /// Exact: one unit where one is enough, else several.
    fn to_text(&self) -> String {
        const UNITS: [(u64, char); 3] = [(24 * 3600, 'd'), (3600, 'h'), (60, 'm')];
        let seconds = self.as_secs();
        let whole = |(unit, _): &&(u64, char)| seconds > 0 && seconds.is_multiple_of(*unit);
        match UNITS.iter().find(whole).filter(|_| self.subsec_nanos() == 0) {
            Some((unit, name)) => format!("{}{name}", seconds / unit),
            None => humantime::format_duration(*self).to_string(),
        }
    }
}

impl SettingValue for PathBuf {
    const TEXT_FORM: &'static str = "the path of a folder";
    const TOML_FORM: &'static str = "a string with the path of a folder";
    const NAMES_PLACES: bool = true;

    fn from_text(text: &OsStr) -> Option<Self> {
        // The system takes no path with a NUL in it; better to hear so here than at the first write.
        let names_something = !text.is_empty() && !text.as_encoded_bytes().contains(&0);
        names_something.then(|| Self::from(text))
    }

    fn from_toml(value: &DeValue<'_>) -> Option<Self> {
        Self::from_text(OsStr::new(value.as_str()?))
    }

    fn to_text(&self) -> String {
        self.display().to_string()
    }

    /// Any `..` counts, also in `a/../b`: behind a link called `a` it would lead elsewhere.
    fn leaves_project(&self) -> bool {
        leads_outside(self)
    }
}

fn leads_outside(path: &Path) -> bool {
    path.components().any(|part| !matches!(part, Component::CurDir | Component::Normal(_)))
}

/// The name of a part of the cache that shares nothing with other parts, because it enters every key.
/// Empty in most builds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Namespace(String);

impl Namespace {
    /// The longest name, in bytes.
    pub const MAX_BYTES: usize = 64;

    /// The name: at most [`Self::MAX_BYTES`] ASCII letters, digits, `.`, `_` and `-`, so that it can stand
    /// in a file or object name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SettingValue for Namespace {
    const TEXT_FORM: &'static str = "a name of at most 64 ASCII letters, digits, `.`, `_` or `-`";
    const TOML_FORM: &'static str =
        "a string with a name of at most 64 ASCII letters, digits, `.`, `_` or `-`";

    fn from_text(text: &OsStr) -> Option<Self> {
        let text = text.to_str()?;
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        (text.len() <= Self::MAX_BYTES && text.bytes().all(allowed)).then(|| Self(text.to_owned()))
    }

    fn from_toml(value: &DeValue<'_>) -> Option<Self> {
        Self::from_text(OsStr::new(value.as_str()?))
    }

    fn to_text(&self) -> String {
        self.0.clone()
    }
}

/// A kind of cache level that this build contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LevelKind {
    /// The local cache directory.
    Disk,
}

impl LevelKind {
    fn from_name(name: &str) -> Option<Self> {
        (name == Self::Disk.name()).then_some(Self::Disk)
    }

    /// What a setting calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Disk => "disk",
        }
    }
}

/// The levels below memory, nearest first: at least one, none twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain(Vec<LevelKind>);

impl Chain {
    /// Only the local directory.
    pub(super) fn disk() -> Self {
        Self(vec![LevelKind::Disk])
    }

    /// The levels, nearest first.
    pub fn levels(&self) -> &[LevelKind] {
        &self.0
    }

    fn from_names<'a>(names: impl Iterator<Item = Option<&'a str>>) -> Option<Self> {
        let mut levels = Vec::new();
        for name in names {
            let level = LevelKind::from_name(name?)?;
            if levels.contains(&level) {
                return None;
            }
            levels.push(level);
        }
        (!levels.is_empty()).then_some(Self(levels))
    }
}

impl SettingValue for Chain {
    const TEXT_FORM: &'static str = "levels with commas between them, each once; this build knows: disk";
    const TOML_FORM: &'static str = "a list of levels such as [\"disk\"], each once; this build knows: disk";

    fn from_text(text: &OsStr) -> Option<Self> {
        Self::from_names(text.to_str()?.split(',').map(|name| Some(name.trim())))
    }

    fn from_toml(value: &DeValue<'_>) -> Option<Self> {
        Self::from_names(value.as_array()?.iter().map(|name| name.get_ref().as_str()))
    }

    fn to_text(&self) -> String {
        self.0.iter().map(|level| level.name()).collect::<Vec<_>>().join(",")
    }
}
