//! What validation says: what was looked at, what is wrong where, and what was done about it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::entry::EntryKey;
use super::lookup::Damage;

/// What is wrong with a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The bytes are not what their checksums say.
    Damaged(Damage),
    /// A pack of another version.
    WrongVersion {
        /// The version it names.
        found: u32,
    },
    /// The system cannot read it.
    Unreadable(io::ErrorKind),
    /// A tag, text or signal file has not the content that this program writes.
    Altered,
    /// A file or directory that should be there.
    Missing,
    /// A folder stands where a file belongs, or something else where a folder belongs.
    Misplaced,
    /// An entry's object is missing. Also what a kill between a pack and its objects leaves.
    ObjectMissing,
    /// An object that no pack names. Harmless; eviction removes it when it is a day old.
    Unnamed,
    /// A folder of a session that died. Harmless; the next session removes it.
    Abandoned,
    /// Nothing that a cache puts there.
    Stray,
}

impl Problem {
    /// False for leftovers that take room and harm nothing.
    pub const fn is_damage(self) -> bool {
        !matches!(self, Self::Unnamed | Self::Abandoned | Self::Stray)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(what) => what.fmt(f),
            Self::WrongVersion { found } => write!(f, "it has format version {found}"),
            Self::Unreadable(kind) => write!(f, "it cannot be read: {kind}"),
            Self::Altered => f.write_str("its content was changed"),
            Self::Misplaced => f.write_str("a folder is where a file belongs, or the other way round"),
            Self::Missing => f.write_str("it is missing"),
            Self::ObjectMissing => f.write_str("an entry's object is missing"),
            Self::Unnamed => f.write_str("no pack names this object"),
            Self::Abandoned => f.write_str("a session that died left it"),
            Self::Stray => f.write_str("it does not belong here"),
        }
    }
}

/// What was done about a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Repair {
    /// The file is in `quarantine/` now; so many sound entries of it live on in a new pack.
    Quarantined {
        /// Entries in the new pack.
        salvaged: u64,
    },
    /// The entry counts as removed.
    Buried,
    /// Written as it should be.
    Rewritten,
    /// Removed.
    Removed,
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file or directory.
    pub path: PathBuf,
    /// Where in the file, in bytes.
    pub at_bytes: Option<u64>,
    /// Which entry, where that is known.
    pub key: Option<EntryKey>,
    /// What is wrong.
    pub problem: Problem,
    /// What was done about it.
    pub repair: Option<Repair>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(at_bytes) = self.at_bytes {
            write!(f, " at byte {at_bytes}")?;
        }
        if let Some(key) = &self.key {
            write!(f, ", entry {}", key.short())?;
        }
        write!(f, ": {}", self.problem)
    }
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Packs.
    pub packs: u64,
    /// Sound entries in them.
    pub entries: u64,
    /// Objects.
    pub objects: u64,
    /// Files with removal records.
    pub dead_files: u64,
    /// Bytes of all of them.
    pub bytes: u64,
}

/// What validation found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How much was looked at.
    pub checked: Checked,
    /// What is not as it should be, in the order of the directory.
    pub findings: Vec<Finding>,
}

impl Report {
    /// True when nothing is damaged; leftovers do not count.
    pub fn is_sound(&self) -> bool {
        !self.findings.iter().any(|finding| finding.problem.is_damage())
    }

    /// True when damage is left that was not repaired.
    pub fn needs_repair(&self) -> bool {
        self.findings.iter().any(|finding| finding.problem.is_damage() && finding.repair.is_none())
    }

    pub(super) fn add(&mut self, path: &Path, problem: Problem) -> &mut Finding {
        self.add_at(path, None, None, problem)
    }

    pub(super) fn add_at(
        &mut self,
        path: &Path,
        at_bytes: Option<u64>,
        key: Option<EntryKey>,
        problem: Problem,
    ) -> &mut Finding {
        let at = self.findings.len();
        self.findings.push(Finding { path: path.to_owned(), at_bytes, key, problem, repair: None });
        &mut self.findings[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_are_no_damage_and_repaired_damage_needs_no_repair() {
        let mut report = Report::default();
        report.add(Path::new("stray"), Problem::Stray);
        assert!(report.is_sound() && !report.needs_repair());
        report.add(Path::new("pack"), Problem::Damaged(Damage::Content));
        assert!(!report.is_sound() && report.needs_repair());
        report.findings[1].repair = Some(Repair::Quarantined { salvaged: 3 });
        assert!(!report.is_sound() && !report.needs_repair());
    }

    #[test]
    fn a_finding_says_where_and_what() {
        let mut report = Report::default();
        let key = EntryKey::from_bytes([0xab; 32]);
        let finding =
            report.add_at(Path::new("p.pack"), Some(64), Some(key), Problem::Damaged(Damage::Content));
        assert_eq!(
            finding.to_string(),
            "p.pack at byte 64, entry abababababababab: an entry's content is damaged"
        );
    }
}
