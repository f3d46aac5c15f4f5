//! Makes seals. The only writer of the format.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use zerocopy::IntoBytes;

use super::input::{Seen, Stability};
use super::racy::FileTime;
use super::scan::{Scan, ScannedDir};
use super::seal_format::{
    BEFORE_CHECKED_BYTES, DIR_LISTED, DIR_RACY, DIR_TROUBLE, DirRecord, FILE_FOLLOW, FILE_IGNORES, FILE_RACY,
    FILE_SELECTED, FILE_UNREAD, FileRecord, Header, MAGIC, PAYLOAD_ALIGN, PayloadRecord, SealError, VERSION,
};
use super::selection::Selection;
use crate::digest::{ContentDigest, crc32};
use crate::fs::{FileKind, Links, StatTuple, bytes_of_path};

/// Collects what a build looked at, in any order. The same content makes the same bytes.
///
/// What contradicts itself, as a file that was read twice with different contents, or one that changed
/// while it was read, is sealed so that it never counts as unchanged.
#[derive(Clone, Debug)]
pub struct SealBuilder {
    selection: Selection,
    dirs: BTreeMap<Vec<u8>, Dir>,
    payloads: BTreeMap<String, Vec<u8>>,
}

#[derive(Clone, Debug, Default)]
struct Dir {
    listing: Option<Listing>,
    names: BTreeMap<Vec<u8>, Name>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Listing {
    tuple: StatTuple,
    is_trouble: bool,
    /// It was listed twice and its tuple moved in between.
    is_doubtful: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    pub(super) links: Links,
    pub(super) is_selected: bool,
    pub(super) is_ignore_file: bool,
    pub(super) content: Content,
}

/// What is known of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// It was listed, and nobody has read it so far.
    Listed,
    /// No regular file was there.
    Absent,
    /// It is there and cannot be read; that is its state, which may stay.
    Unreadable(StatTuple),
    Read(StatTuple, ContentDigest),
    /// Nothing that is found later can be the same.
    Doubtful,
}

impl Content {
    /// Both were seen. Does not depend on which was first.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Listed, known @ (Self::Read(..) | Self::Listed))
            | (known @ Self::Read(..), Self::Listed) => known,
            (Self::Absent, Self::Absent) => Self::Absent,
            (Self::Read(left, digest), Self::Read(right, same)) if digest == same => {
                // Touched in between: either tuple goes with these bytes.
                Self::Read(if left.as_bytes() < right.as_bytes() { right } else { left }, digest)
            }
            (left, right) if left == right => left,
            _ => Self::Doubtful,
        }
    }
}

impl SealBuilder {
    /// An empty one. [`Selection::relative_to`] makes a selection mean the same where the tree is moved to.
    pub fn new(selection: Selection) -> Self {
        Self { selection, dirs: BTreeMap::new(), payloads: BTreeMap::new() }
    }

    /// Adds every directory that a scan with this selection listed, its rules, and the names that it
    /// found. Each file's content comes by [`SealBuilder::file`]; one whose content nobody adds never counts
    /// as unchanged.
    pub fn scan(&mut self, scan: &Scan) -> &mut Self {
        for dir in &scan.dirs {
            self.scanned_dir(dir);
        }
        self
    }

    /// Adds one directory of a scan.
    pub(super) fn scanned_dir(&mut self, dir: &ScannedDir) {
        self.listing(&bytes_of_path(&dir.path), dir.tuple, !dir.is_listed, false);
        for name in &dir.files {
            let content = Content::Listed;
            let name = bytes_of_path(Path::new(name)).into_owned();
            let file = Name { links: Links::Refuse, is_selected: true, is_ignore_file: false, content };
            self.name(&bytes_of_path(&dir.path), name, file);
        }
        for file in &dir.ignore_files {
            let content = match (file.tuple.kind(), file.digest) {
                (FileKind::Absent, _) => Content::Absent,
                (_, Some(digest)) => Content::Read(file.tuple, digest),
                (_, None) => Content::Unreadable(file.tuple),
            };
            let name = Name { links: Links::Follow, is_selected: false, is_ignore_file: true, content };
            self.name(&bytes_of_path(&dir.path), file.name.into(), name);
        }
    }

    /// Adds a file that was read: by its root-relative path, or an absolute one outside of the root.
    /// `links` says how it was opened; a file that a scan found is none behind a link in any case.
    pub fn file(&mut self, path: &Path, links: Links, seen: &Seen) -> &mut Self {
        let content = match seen.stability {
            Stability::Stable => Content::Read(seen.tuple, seen.digest),
            Stability::ChangedWhileRead => Content::Doubtful,
        };
        self.path(path, Name { links, is_selected: false, is_ignore_file: false, content })
    }

    /// Adds a path that was probed and where no regular file was: when one appears, that is a change.
    pub fn absent(&mut self, path: &Path, links: Links) -> &mut Self {
        let content = Content::Absent;
        self.path(path, Name { links, is_selected: false, is_ignore_file: false, content })
    }

    /// Adds bytes of the caller's own under a name, or replaces them.
    pub fn payload(&mut self, name: &str, bytes: Vec<u8>) -> &mut Self {
        self.payloads.insert(name.to_owned(), bytes);
        self
    }

    fn path(&mut self, path: &Path, name: Name) -> &mut Self {
        let bytes = bytes_of_path(path);
        let (dir, last) = dir_and_name(&bytes);
        // `a/..` and `a/` name a directory, as a name they find none that is a file.
        self.name(dir, last.to_vec(), name);
        self
    }

    pub(super) fn listing(&mut self, dir: &[u8], tuple: StatTuple, is_trouble: bool, is_doubtful: bool) {
        let dir = self.dirs.entry(dir.to_vec()).or_default();
        let new = Listing { tuple, is_trouble, is_doubtful };
        dir.listing = Some(match dir.listing {
            Some(old) if old != new => Listing {
                tuple: if old.tuple.as_bytes() < tuple.as_bytes() { tuple } else { old.tuple },
                is_trouble: old.is_trouble || is_trouble,
                is_doubtful: true,
            },
            _ => new,
        });
    }

    pub(super) fn name(&mut self, dir: &[u8], name: Vec<u8>, new: Name) {
        match self.dirs.entry(dir.to_vec()).or_default().names.entry(name) {
            Entry::Vacant(entry) => drop(entry.insert(new)),
            Entry::Occupied(mut entry) => {
                let old = entry.get_mut();
                let is_refused = old.links == Links::Refuse || new.links == Links::Refuse;
                old.links = if is_refused { Links::Refuse } else { Links::Follow };
                old.is_selected |= new.is_selected;
                old.is_ignore_file |= new.is_ignore_file;
                old.content = old.content.and(new.content);
            }
        }
    }

    /// The bytes. `began` is the moment before the first tuple was taken: it decides which tuples prove
    /// something at the next check, and which content has to be compared once more.
    pub fn finish(&self, began: &FileTime) -> Result<Vec<u8>, SealError> {
        let mut heap = Vec::new();
        let (mut dirs, mut files, mut payloads) = (Vec::new(), Vec::new(), Vec::new());
        for (path, dir) in &self.dirs {
            let (path_at, path_bytes) = keep(&mut heap, path)?;
            let first_file = count(files.len(), "files")?;
            for (name, known) in &dir.names {
                let (name_at, name_bytes) = keep(&mut heap, name)?;
                let name_bytes = u16::try_from(name_bytes)
                    .map_err(|_| SealError::TooLarge { what: "a name of more than 65535 bytes" })?;
                files.push(file_record(known, began, name_at, name_bytes));
            }
            let tuple = dir.listing.map_or(StatTuple::ABSENT, |listing| listing.tuple);
            dirs.push(DirRecord {
                path_at: path_at.into(),
                path_bytes: path_bytes.into(),
                first_file: first_file.into(),
                file_count: count(dir.names.len(), "files")?.into(),
                flags: dir.listing.map_or(0, |listing| dir_flags(&listing, began)).into(),
                reserved: 0.into(),
                tuple,
            });
        }
        for (name, bytes) in &self.payloads {
            let (name_at, name_bytes) = keep(&mut heap, name.as_bytes())?;
            payloads.push(PayloadRecord {
                name_at: name_at.into(),
                name_bytes: name_bytes.into(),
                at_bytes: 0.into(),
                len_bytes: (bytes.len() as u64).into(),
            });
        }
        let selection = self.selection.to_bytes();
        let fixed_bytes = size_of::<Header>()
            + size_of_val(dirs.as_slice())
            + size_of_val(files.as_slice())
            + size_of_val(payloads.as_slice());
        let mut len_bytes = fixed_bytes + selection.len() + heap.len();
        for (record, bytes) in payloads.iter_mut().zip(self.payloads.values()) {
            len_bytes = len_bytes.next_multiple_of(PAYLOAD_ALIGN);
            record.at_bytes = (len_bytes as u64).into();
            len_bytes += bytes.len();
        }
        let header = Header {
            magic: MAGIC,
            version: VERSION.into(),
            crc: 0.into(),
            len_bytes: (len_bytes as u64).into(),
            time_ns: began.now_ns().into(),
            dir_count: count(dirs.len(), "directories")?.into(),
            file_count: count(files.len(), "files")?.into(),
            payload_count: count(payloads.len(), "payloads")?.into(),
            selection_bytes: count(selection.len(), "the selection")?.into(),
            heap_bytes: count(heap.len(), "names")?.into(),
            reserved: 0.into(),
        };
        let mut bytes = Vec::with_capacity(len_bytes);
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(dirs.as_slice().as_bytes());
        bytes.extend_from_slice(files.as_slice().as_bytes());
        bytes.extend_from_slice(payloads.as_slice().as_bytes());
        bytes.extend_from_slice(&selection);
        bytes.extend_from_slice(&heap);
        for payload in self.payloads.values() {
            bytes.resize(bytes.len().next_multiple_of(PAYLOAD_ALIGN), 0);
            bytes.extend_from_slice(payload);
        }
        let crc = crc32(bytes.get(BEFORE_CHECKED_BYTES..).unwrap_or_default());
        if let Some(field) = bytes.get_mut(12..BEFORE_CHECKED_BYTES) {
            field.copy_from_slice(&crc.to_le_bytes());
        }
        Ok(bytes)
    }
}

fn dir_flags(listing: &Listing, began: &FileTime) -> u32 {
    let is_proof = !listing.is_trouble && !listing.is_doubtful && began.proves(&listing.tuple);
    let racy = if is_proof { 0 } else { DIR_RACY };
    DIR_LISTED | racy | if listing.is_trouble { DIR_TROUBLE } else { 0 }
}

fn file_record(known: &Name, began: &FileTime, name_at: u32, name_bytes: u16) -> FileRecord {
    let (tuple, digest, flags) = match known.content {
        Content::Absent => (StatTuple::ABSENT, None, 0),
        Content::Read(tuple, digest) => {
            (tuple, Some(digest), if began.proves(&tuple) { 0 } else { FILE_RACY })
        }
        Content::Unreadable(tuple) => {
            (tuple, None, FILE_UNREAD | if began.proves(&tuple) { 0 } else { FILE_RACY })
        }
        // A kind that nothing has, so that no tuple is ever equal.
        Content::Listed | Content::Doubtful => (StatTuple::UNKNOWN, None, FILE_UNREAD | FILE_RACY),
    };
    let is_set = [
        (known.links == Links::Follow, FILE_FOLLOW),
        (known.is_ignore_file, FILE_IGNORES),
        (known.is_selected, FILE_SELECTED),
    ];
    let flags = is_set.into_iter().filter(|(is_set, _)| *is_set).fold(flags, |flags, (_, bit)| flags | bit);
    FileRecord {
        digest: digest.map_or([0; 32], |digest| *digest.as_bytes()),
        tuple,
        name_at: name_at.into(),
        name_bytes: name_bytes.into(),
        flags: flags.into(),
    }
}

/// A path's directory and its last name, as seals have them.
pub(super) fn dir_and_name(path: &[u8]) -> (&[u8], &[u8]) {
    let path = path.strip_prefix(b"./").unwrap_or(path);
    match path.iter().rposition(|byte| *byte == b'/') {
        // The root of the file system keeps its separator.
        Some(at) => (path.get(..at.max(1)).unwrap_or_default(), path.get(at + 1..).unwrap_or_default()),
        None => (&[], path),
    }
}

/// Puts bytes into the heap; where they are and how many.
fn keep(heap: &mut Vec<u8>, bytes: &[u8]) -> Result<(u32, u32), SealError> {
    let at = count(heap.len(), "names")?;
    heap.extend_from_slice(bytes);
    Ok((at, count(bytes.len(), "names")?))
}

fn count(count: usize, what: &'static str) -> Result<u32, SealError> {
    u32::try_from(count).map_err(|_| SealError::TooLarge { what })
}

/// A path as text for people; `.` is the root.
pub(super) fn shown(dir: &[u8], name: &[u8]) -> String {
    let (dir, name): (Cow<'_, str>, Cow<'_, str>) =
        (String::from_utf8_lossy(dir), String::from_utf8_lossy(name));
    match &*dir {
        "" if name.is_empty() => ".".to_owned(),
        "" => name.into_owned(),
        _ if dir.ends_with('/') => format!("{dir}{name}"),
        _ if name.is_empty() => dir.into_owned(),
        _ => format!("{dir}/{name}"),
    }
}
