//! A seal of the same names with newer tuples, and with other contents of a few files: what an edit leaves that nothing else
//! followed from. The seal's bytes are copied once, and changed where something differs.

use std::path::Path;

use zerocopy::FromBytes;

use super::input::{Seen, Stability};
use super::racy::FileTime;
use super::refresh::Renewal;
use super::seal::Seal;
use super::seal_builder::dir_and_name;
use super::seal_format::{
    BEFORE_CHECKED_BYTES, DIR_RACY, DirRecord, FILE_RACY, FileRecord, Header, PAYLOAD_ALIGN, PayloadRecord,
    SealError,
};
use crate::digest::crc32;
use crate::fs::{StatTuple, bytes_of_path};

/// A file by its place among all of a seal, its tuple, and its digest where its content is another.
pub(super) type Renewed = (usize, StatTuple, Option<[u8; 32]>);

impl Renewal {
    /// As [`super::Check::amend`]. `None` where folders came or went, rules changed, or a file did not hold still.
    pub(super) fn amend(
        &self,
        old: &Seal<'_>,
        edited: &[(&str, Seen)],
        payloads: &[(&str, &[u8])],
    ) -> Option<Result<Vec<u8>, SealError>> {
        if !self.keeps_names() {
            return None;
        }
        let mut files = self.touched(old);
        for (path, seen) in edited {
            if seen.stability != Stability::Stable {
                return None;
            }
            let bytes = bytes_of_path(Path::new(path));
            let (dir, name) = dir_and_name(&bytes);
            let dir = old.dir_index(dir)?;
            let index = old.dir(dir)?.index_of(name)?;
            files.push((old.file_index(dir, index)?, seen.tuple, Some(*seen.digest.as_bytes())));
        }
        Some(self.rewrite(old, &files, payloads))
    }

    /// The files that were found to have the same content, with their tuples.
    pub(super) fn touched(&self, old: &Seal<'_>) -> Vec<Renewed> {
        let renewed = |((dir, index), tuple): (&(usize, usize), &StatTuple)| {
            Some((old.file_index(*dir, *index)?, *tuple, None))
        };
        self.files.iter().filter_map(renewed).collect()
    }

    pub(super) fn rewrite(
        &self,
        old: &Seal<'_>,
        files: &[Renewed],
        payloads: &[(&str, &[u8])],
    ) -> Result<Vec<u8>, SealError> {
        let layout = |what| SealError::Layout { what };
        let fixed = old.before_payloads();
        let longest = |(name, bytes): (&[u8], &[u8])| {
            let replaced = payloads.iter().find(|(replaced, _)| replaced.as_bytes() == name);
            replaced.map_or(bytes.len(), |(_, content)| content.len()) + PAYLOAD_ALIGN
        };
        let mut bytes = Vec::with_capacity(fixed.len() + old.payloads().map(longest).sum::<usize>());
        bytes.extend_from_slice(fixed);
        let mut records = Vec::new();
        for (name, bytes_of) in old.payloads() {
            let replaced = payloads.iter().find(|(replaced, _)| replaced.as_bytes() == name);
            let content = replaced.map_or(bytes_of, |(_, content)| content);
            bytes.resize(bytes.len().next_multiple_of(PAYLOAD_ALIGN), 0);
            records.push((bytes.len() as u64, content.len() as u64));
            bytes.extend_from_slice(content);
        }
        let len_bytes = bytes.len() as u64;
        let (header, rest) = Header::mut_from_prefix(&mut bytes).map_err(|_| layout("its header"))?;
        header.len_bytes = len_bytes.into();
        header.time_ns = self.began.now_ns().into();
        let (dir_count, file_count) = (header.dir_count.get() as usize, header.file_count.get() as usize);
        let (dirs, rest) =
            <[DirRecord]>::mut_from_prefix_with_elems(rest, dir_count).map_err(|_| layout("directories"))?;
        for (index, tuple) in &self.dirs {
            let Some(record) = dirs.get_mut(*index) else { continue };
            record.tuple = *tuple;
            let flags = record.flags.get() & !DIR_RACY;
            record.flags = (flags | racy(&self.began, tuple, DIR_RACY)).into();
        }
        let (sealed, rest) =
            <[FileRecord]>::mut_from_prefix_with_elems(rest, file_count).map_err(|_| layout("files"))?;
        for (at, tuple, digest) in files {
            let Some(record) = sealed.get_mut(*at) else { continue };
            record.tuple = *tuple;
            let flags = record.flags.get() & !FILE_RACY;
            record.flags = (flags | racy(&self.began, tuple, FILE_RACY)).into();
            record.digest = digest.unwrap_or(record.digest);
        }
        let (payload_records, _) = <[PayloadRecord]>::mut_from_prefix_with_elems(rest, records.len())
            .map_err(|_| layout("payloads"))?;
        for (record, (at_bytes, len_bytes)) in payload_records.iter_mut().zip(records) {
            (record.at_bytes, record.len_bytes) = (at_bytes.into(), len_bytes.into());
        }
        let crc = crc32(bytes.get(BEFORE_CHECKED_BYTES..).unwrap_or_default());
        let (header, _) = Header::mut_from_prefix(&mut bytes).map_err(|_| layout("its header"))?;
        header.crc = crc.into();
        Ok(bytes)
    }
}

/// The bit that says that a tuple proves nothing, where that is so.
fn racy<T: Default>(began: &FileTime, tuple: &StatTuple, bit: T) -> T {
    if began.proves(tuple) { T::default() } else { bit }
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::fs::Links;
    use crate::track::{Check, CheckOptions, SealBuilder, Selection, Verdict, check, read_input, scan};

    struct Tree {
        root: tempfile::TempDir,
        probes: tempfile::TempDir,
    }

    impl Tree {
        fn new() -> Self {
            let tree =
                Self { root: tempfile::tempdir().expect("made"), probes: tempfile::tempdir().expect("made") };
            std::fs::create_dir(tree.root.path().join("sub")).expect("made");
            for path in ["a.jan", "b.jan", "sub/c.jan"] {
                tree.write(path, "content");
            }
            std::thread::sleep(Duration::from_millis(60));
            tree
        }

        fn write(&self, path: &str, content: &str) {
            std::fs::write(self.root.path().join(path), content).expect("written");
        }

        fn seen(&self, path: &str) -> Seen {
            read_input(&self.root.path().join(path), 99).expect("read").seen
        }

        fn seal(&self) -> Vec<u8> {
            let root = self.root.path();
            let began = FileTime::probe(self.probes.path(), root).expect("the time");
            let selection = Selection { extensions: vec!["jan".to_owned()], ..Selection::default() };
            let mut builder = SealBuilder::new(selection.clone());
            builder.scan(&scan(root, &selection));
            for path in ["a.jan", "b.jan", "sub/c.jan"] {
                builder.file(path.as_ref(), Links::Refuse, &self.seen(path));
            }
            builder.payload("edits", b"none".to_vec()).payload("other", b"stays".to_vec());
            builder.finish(&began).expect("small")
        }

        fn check(&self, seal: &Seal<'_>) -> Check {
            let options = CheckOptions { probe_dir: Some(self.probes.path()), ..CheckOptions::default() };
            check(self.root.path(), seal, &options)
        }
    }

    #[test]
    fn an_amended_seal_holds_for_the_edited_files_until_they_are_edited_again() {
        let tree = Tree::new();
        let bytes = tree.seal();
        let seal = Seal::open(&bytes).expect("whole");
        tree.write("sub/c.jan", "other content");
        // The tuple of a folder moves, too, where a file is exchanged.
        tree.write("new", "content");
        std::fs::rename(tree.root.path().join("new"), tree.root.path().join("a.jan")).expect("renamed");
        let checked = tree.check(&seal);
        let edited = [("sub/c.jan", tree.seen("sub/c.jan"))];
        let amended = checked.amend(&seal, &edited, &[("edits", b"sub/c.jan and more")]).expect("one edit");
        let amended = amended.expect("small");
        let seal = Seal::open(&amended).expect("whole");
        assert_eq!(seal.payload("edits"), Some(&b"sub/c.jan and more"[..]));
        assert_eq!(seal.payload("other"), Some(&b"stays"[..]));
        let verdict = tree.check(&seal).verdict;
        assert!(matches!(verdict, Verdict::Unchanged { .. }), "{verdict:?}");
        // As long as before and within the clock's grain: only its content tells.
        tree.write("sub/c.jan", "0ther content");
        let Verdict::Changed { files } = tree.check(&seal).verdict else { panic!("it was edited") };
        assert_eq!(files.len(), 1);
    }

    #[test]
    fn a_seal_is_amended_for_edits_of_all_its_changed_files_or_not_at_all() {
        let tree = Tree::new();
        let bytes = tree.seal();
        let seal = Seal::open(&bytes).expect("whole");
        assert!(tree.check(&seal).amend(&seal, &[], &[]).is_none(), "nothing was edited");
        tree.write("a.jan", "edited");
        let a = ("a.jan", tree.seen("a.jan"));
        assert!(tree.check(&seal).amend(&seal, &[a], &[]).is_some());
        let torn = Seen { stability: Stability::ChangedWhileRead, ..a.1 };
        assert!(tree.check(&seal).amend(&seal, &[("a.jan", torn)], &[]).is_none());
        tree.write("b.jan", "edited");
        assert!(tree.check(&seal).amend(&seal, &[a], &[]).is_none(), "b was edited, too");
        tree.write("b.jan", "content");
        tree.write("d.jan", "new");
        assert!(tree.check(&seal).amend(&seal, &[a], &[]).is_none(), "d came");
    }
}
