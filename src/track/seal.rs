//! Reads seals in place.

use std::path::Path;

use zerocopy::FromBytes;

use super::input::{Seen, Stability};
use super::seal_builder::dir_and_name;
use super::seal_format::{
    BEFORE_CHECKED_BYTES, DIR_LISTED, DIR_RACY, DIR_TROUBLE, DirRecord, FILE_FOLLOW, FILE_IGNORES, FILE_RACY,
    FILE_SELECTED, FILE_UNREAD, FileRecord, Header, MAGIC, PayloadRecord, SealError, VERSION,
};
use super::selection::Selection;
use crate::digest::{ContentDigest, crc32};
use crate::fs::{FileKind, Links, StatTuple, bytes_of_path, path_from_bytes};

/// What a build looked at, as bytes that answer in place. Opening proves the checksum and the bounds of
/// every record, and allocates for the selection only.
///
/// ```
/// use janus_cache::fs::{Links, StatTuple};
/// use janus_cache::track::{
///     CheckOptions, FileTime, Seal, SealBuilder, Selection, Verdict, check, read_input_in, scan,
/// };
///
/// let project = tempfile::tempdir()?;
/// let (root, cache) = (project.path(), tempfile::tempdir()?);
/// std::fs::write(root.join("shape.jan"), "func area()")?;
///
/// // A build: the time first, then what it looks at.
/// let began = FileTime::probe(cache.path(), root)?;
/// let selection = Selection { extensions: vec!["jan".to_owned()], ..Selection::default() };
/// let found = scan(root, &selection);
/// let mut builder = SealBuilder::new(selection);
/// builder.scan(&found).absent("janus.toml".as_ref(), Links::Follow).payload("text", b"1 table".to_vec());
/// let handle = janus_cache::fs::DirHandle::open(root)?;
/// for path in found.files() {
///     builder.file(&path, Links::Refuse, &read_input_in(&handle, &path, Links::Refuse, 1 << 20)?.seen);
/// }
/// let bytes = builder.finish(&began)?;
///
/// // The next one.
/// let seal = Seal::open(&bytes)?;
/// let options = CheckOptions { probe_dir: Some(cache.path()), ..CheckOptions::default() };
/// assert!(matches!(check(root, &seal, &options).verdict, Verdict::Unchanged { .. }));
/// assert_eq!(seal.payload("text"), Some(&b"1 table"[..]));
///
/// std::fs::write(root.join("janus.toml"), "")?;
/// let Verdict::Changed { files } = check(root, &seal, &options).verdict else { panic!("it appeared") };
/// assert_eq!(files[0].path, "janus.toml");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Seal<'a> {
    bytes: &'a [u8],
    time_ns: i64,
    selection: Selection,
    selection_bytes: usize,
    dirs: &'a [DirRecord],
    files: &'a [FileRecord],
    payloads: &'a [PayloadRecord],
    heap: &'a [u8],
}

/// A directory of a seal.
#[derive(Clone, Copy, Debug)]
pub struct SealedDir<'a> {
    pub(super) record: &'a DirRecord,
    /// Its path's bytes.
    pub(super) path: &'a [u8],
    pub(super) files: &'a [FileRecord],
    heap: &'a [u8],
}

/// A file of a seal, or a name that was absent.
#[derive(Clone, Copy, Debug)]
pub struct SealedFile<'a> {
    pub(super) record: &'a FileRecord,
    /// Its name's bytes.
    pub(super) name: &'a [u8],
}

impl<'a> Seal<'a> {
    /// Proves that `bytes` are a whole seal. Any flipped bit and any cut is an error; so is what comes after.
    pub fn open(bytes: &'a [u8]) -> Result<Self, SealError> {
        let too_short = |needed_bytes| SealError::TooShort { needed_bytes, found_bytes: bytes.len() as u64 };
        let (header, rest) =
            Header::ref_from_prefix(bytes).map_err(|_| too_short(size_of::<Header>() as u64))?;
        if header.magic != MAGIC {
            return Err(SealError::Magic);
        }
        if header.version.get() != VERSION {
            return Err(SealError::Version { found: header.version.get(), supported: VERSION });
        }
        if header.len_bytes.get() > bytes.len() as u64 {
            return Err(too_short(header.len_bytes.get()));
        }
        let found = crc32(bytes.get(BEFORE_CHECKED_BYTES..).unwrap_or_default());
        if found != header.crc.get() {
            return Err(SealError::Checksum { expected: header.crc.get(), found });
        }
        let layout = |what| SealError::Layout { what };
        if header.len_bytes.get() != bytes.len() as u64 {
            return Err(layout("its length"));
        }
        // Each slice is cut from bytes that are there, so no count is believed.
        let (dirs, rest) = <[DirRecord]>::ref_from_prefix_with_elems(rest, header.dir_count.get() as usize)
            .map_err(|_| layout("directories"))?;
        let (files, rest) =
            <[FileRecord]>::ref_from_prefix_with_elems(rest, header.file_count.get() as usize)
                .map_err(|_| layout("files"))?;
        let (payloads, rest) =
            <[PayloadRecord]>::ref_from_prefix_with_elems(rest, header.payload_count.get() as usize)
                .map_err(|_| layout("payloads"))?;
        let (selection, rest) =
            rest.split_at_checked(header.selection_bytes.get() as usize).ok_or(layout("the selection"))?;
        let (heap, _) = rest.split_at_checked(header.heap_bytes.get() as usize).ok_or(layout("names"))?;
        let selection_bytes = selection.len();
        let selection = Selection::from_bytes(selection).ok_or(layout("the selection"))?;
        let time_ns = header.time_ns.get();
        let seal = Self { bytes, time_ns, selection, selection_bytes, dirs, files, payloads, heap };
        seal.prove()?;
        Ok(seal)
    }

    fn prove(&self) -> Result<(), SealError> {
        let layout = |what| SealError::Layout { what };
        let heap_bytes = self.heap.len() as u64;
        let is_inside = |at: u32, len: u64| u64::from(at) + len <= heap_bytes;
        let mut next_file = 0_u64;
        let mut before: Option<&[u8]> = None;
        for record in self.dirs {
            if u64::from(record.first_file.get()) != next_file {
                return Err(layout("the files of a directory"));
            }
            next_file += u64::from(record.file_count.get());
            let path = in_heap(self.heap, record.path_at.get(), record.path_bytes.get());
            let path = path.ok_or(layout("a path"))?;
            if before.is_some_and(|before| before >= path) {
                return Err(layout("the order of directories"));
            }
            before = Some(path);
        }
        if next_file != self.files.len() as u64 {
            return Err(layout("the files of a directory"));
        }
        if !self.files.iter().all(|file| is_inside(file.name_at.get(), file.name_bytes.get().into())) {
            return Err(layout("a name"));
        }
        let are_sound = self.payloads.iter().all(|record| {
            is_inside(record.name_at.get(), record.name_bytes.get().into()) && self.bytes_of(record).is_some()
        });
        if are_sound { Ok(()) } else { Err(layout("a payload")) }
    }

    fn bytes_of(&self, record: &PayloadRecord) -> Option<&'a [u8]> {
        let at = usize::try_from(record.at_bytes.get()).ok()?;
        let len = usize::try_from(record.len_bytes.get()).ok()?;
        self.bytes.get(at..)?.get(..len)
    }

    /// When looking began, in nanoseconds since the Unix epoch by the file system's clock.
    pub const fn time_ns(&self) -> i64 {
        self.time_ns
    }

    /// What was looked for; root-relative.
    pub const fn selection(&self) -> &Selection {
        &self.selection
    }

    /// The caller's bytes of that name, in place.
    pub fn payload(&self, name: &str) -> Option<&'a [u8]> {
        self.payloads().find(|(found, _)| *found == name.as_bytes()).map(|(_, bytes)| bytes)
    }

    /// Every payload with the bytes of its name, in name order.
    pub fn payloads(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        self.payloads.iter().filter_map(|record| {
            let name = in_heap(self.heap, record.name_at.get(), record.name_bytes.get())?;
            Some((name, self.bytes_of(record)?))
        })
    }

    /// How many names it holds: files, ignore files and absent ones.
    pub const fn name_count(&self) -> usize {
        self.files.len()
    }

    /// Every directory, in the order of the bytes of their paths.
    pub fn dirs(&self) -> impl ExactSizeIterator<Item = SealedDir<'a>> {
        self.dirs.iter().map(|record| self.sealed(record))
    }

    pub(super) fn dir(&self, index: usize) -> Option<SealedDir<'a>> {
        self.dirs.get(index).map(|record| self.sealed(record))
    }

    /// What is held of a file that was read, by the path it was sealed with; none where its content is not known.
    pub fn seen(&self, path: &Path) -> Option<Seen> {
        let bytes = bytes_of_path(path);
        let (dir, name) = dir_and_name(&bytes);
        let file = self.find_dir(dir)?.find(name)?;
        Some(Seen { tuple: *file.tuple(), digest: file.digest()?, stability: Stability::Stable })
    }

    pub(super) fn find_dir(&self, path: &[u8]) -> Option<SealedDir<'a>> {
        self.dir(self.dir_index(path)?)
    }

    pub(super) fn dir_index(&self, path: &[u8]) -> Option<usize> {
        let found = self.dirs.binary_search_by(|record| {
            in_heap(self.heap, record.path_at.get(), record.path_bytes.get()).unwrap_or_default().cmp(path)
        });
        found.ok()
    }

    /// Where among all files stands the one at this place of a directory.
    pub(super) fn file_index(&self, dir: usize, index: usize) -> Option<usize> {
        let record = self.dirs.get(dir)?;
        (index < record.file_count.get() as usize).then(|| record.first_file.get() as usize + index)
    }

    /// Everything before the payloads' bytes.
    pub(super) fn before_payloads(&self) -> &'a [u8] {
        let fixed = size_of::<Header>()
            + size_of_val(self.dirs)
            + size_of_val(self.files)
            + size_of_val(self.payloads)
            + self.selection_bytes
            + self.heap.len();
        self.bytes.get(..fixed).unwrap_or(self.bytes)
    }

    /// The first directory whose path is not before `path`.
    pub(super) fn first_dir_from(&self, path: &[u8]) -> Option<SealedDir<'a>> {
        let at = self.dirs.partition_point(|record| {
            in_heap(self.heap, record.path_at.get(), record.path_bytes.get()).unwrap_or_default() < path
        });
        self.dir(at)
    }

    fn sealed(&self, record: &'a DirRecord) -> SealedDir<'a> {
        let files = self.files.get(record.first_file.get() as usize..).unwrap_or_default();
        SealedDir {
            record,
            path: in_heap(self.heap, record.path_at.get(), record.path_bytes.get()).unwrap_or_default(),
            files: files.get(..record.file_count.get() as usize).unwrap_or_default(),
            heap: self.heap,
        }
    }
}

impl<'a> SealedDir<'a> {
    /// Root-relative, or absolute for one outside of the root; `None` where this system has no such path.
    pub fn path(&self) -> Option<&'a Path> {
        path_from_bytes(self.path)
    }

    /// Whether its listing mattered.
    pub fn is_listed(&self) -> bool {
        self.record.flags.get() & DIR_LISTED != 0
    }

    pub(super) fn is_racy(&self) -> bool {
        self.record.flags.get() & DIR_RACY != 0
    }

    pub(super) fn is_trouble(&self) -> bool {
        self.record.flags.get() & DIR_TROUBLE != 0
    }

    /// Its own tuple, [`StatTuple::ABSENT`] where its listing did not matter.
    pub const fn tuple(&self) -> StatTuple {
        self.record.tuple
    }

    /// The names in it, in the order of their bytes.
    pub fn files(&self) -> impl ExactSizeIterator<Item = SealedFile<'a>> {
        let heap = self.heap;
        self.files.iter().map(move |record| sealed_file(heap, record))
    }

    #[inline]
    pub(super) fn file(&self, index: usize) -> Option<SealedFile<'a>> {
        self.files.get(index).map(|record| sealed_file(self.heap, record))
    }

    pub(super) fn find(&self, name: &[u8]) -> Option<SealedFile<'a>> {
        self.file(self.index_of(name)?)
    }

    pub(super) fn index_of(&self, name: &[u8]) -> Option<usize> {
        self.files.binary_search_by(|record| sealed_file(self.heap, record).name.cmp(name)).ok()
    }
}

impl<'a> SealedFile<'a> {
    /// Its name; `None` where this system has no such name.
    #[inline]
    pub fn name(&self) -> Option<&'a Path> {
        path_from_bytes(self.name)
    }

    /// Its tuple before it was read; [`StatTuple::ABSENT`] where no regular file was.
    #[inline]
    pub const fn tuple(&self) -> &'a StatTuple {
        &self.record.tuple
    }

    /// What it held; `None` where it was absent or could not be read.
    pub fn digest(&self) -> Option<ContentDigest> {
        let is_known = self.tuple().kind() == FileKind::File && !self.has(FILE_UNREAD);
        is_known.then(|| ContentDigest::from_bytes(self.record.digest))
    }

    /// Whether a link in its place is followed.
    #[inline]
    pub fn links(&self) -> Links {
        if self.has(FILE_FOLLOW) { Links::Follow } else { Links::Refuse }
    }

    /// Whether it is an ignore file.
    pub fn is_ignore_file(&self) -> bool {
        self.has(FILE_IGNORES)
    }

    /// Whether the scan found it.
    pub fn is_selected(&self) -> bool {
        self.has(FILE_SELECTED)
    }

    #[inline]
    pub(super) fn is_racy(&self) -> bool {
        self.has(FILE_RACY)
    }

    #[inline]
    fn has(&self, flag: u16) -> bool {
        self.record.flags.get() & flag != 0
    }
}

#[inline]
fn sealed_file<'a>(heap: &'a [u8], record: &'a FileRecord) -> SealedFile<'a> {
    let name = in_heap(heap, record.name_at.get(), record.name_bytes.get().into());
    SealedFile { record, name: name.unwrap_or_default() }
}

#[inline]
fn in_heap(heap: &[u8], at: u32, len_bytes: u32) -> Option<&[u8]> {
    heap.get(at as usize..)?.get(..len_bytes as usize)
}
