//! A seal of the same content with tuples that prove more.

use std::collections::{BTreeMap, BTreeSet};

use super::racy::FileTime;
use super::scan::{Scan, ScannedDir};
use super::seal::{Seal, SealedFile};
use super::seal_builder::{Content, Name, SealBuilder};
use super::seal_format::SealError;
use crate::fs::{FileKind, StatTuple};

/// What a check that found nothing changed knows better than the seal.
#[derive(Debug)]
pub(super) struct Renewal {
    /// Before the tuples below were taken.
    pub(super) began: FileTime,
    /// By directory and place in it.
    pub(super) files: BTreeMap<(usize, usize), StatTuple>,
    pub(super) dirs: BTreeMap<usize, StatTuple>,
    pub(super) gone: BTreeSet<usize>,
    pub(super) new: Vec<ScannedDir>,
    /// Replaces every directory of the seal.
    pub(super) all: Option<Scan>,
}

impl Renewal {
    /// False where a new seal would say the same, as with a file whose time lies in the future: a build in
    /// which nothing happens writes nothing.
    pub(super) fn is_worth_it(&self, seal: &Seal<'_>) -> bool {
        let file_is = |((dir, index), now): (&(usize, usize), &StatTuple)| {
            seal.dir(*dir)
                .and_then(|dir| dir.file(*index))
                .is_some_and(|file| file.tuple() != now || file.is_racy() && self.began.proves(now))
        };
        let dir_is = |(index, now): (&usize, &StatTuple)| {
            seal.dir(*index).is_some_and(|dir| dir.tuple() != *now || dir.is_racy() && self.began.proves(now))
        };
        self.all.is_some()
            || !self.new.is_empty()
            || !self.gone.is_empty()
            || self.files.iter().any(file_is)
            || self.dirs.iter().any(dir_is)
    }

    /// Whether the seal has the same directories and names, and only what is known of them differs.
    pub(super) fn keeps_names(&self) -> bool {
        self.all.is_none() && self.new.is_empty() && self.gone.is_empty()
    }

    /// The seal with what is known now.
    pub(super) fn seal(&self, old: &Seal<'_>) -> Result<Vec<u8>, SealError> {
        // After each build much is racy, and a seal of 100,000 names is large.
        if self.keeps_names() {
            return self.rewrite(old, &self.touched(old), &[]);
        }
        let mut builder = SealBuilder::new(old.selection().clone());
        for (at, dir) in old.dirs().enumerate() {
            let is_gone = self.gone.contains(&at);
            if dir.is_listed() && !is_gone && self.all.is_none() {
                let tuple = self.dirs.get(&at).copied().unwrap_or(dir.tuple());
                builder.listing(dir.path, tuple, dir.is_trouble(), false);
            }
            for (index, file) in dir.files().enumerate() {
                if file.is_ignore_file() && (is_gone || self.all.is_some()) {
                    continue;
                }
                let tuple = self.files.get(&(at, index)).copied().unwrap_or(*file.tuple());
                let name = Name {
                    links: file.links(),
                    is_selected: file.is_selected(),
                    is_ignore_file: file.is_ignore_file(),
                    content: content(&file, tuple),
                };
                builder.name(dir.path, file.name.to_vec(), name);
            }
        }
        for dir in &self.new {
            builder.scanned_dir(dir);
        }
        if let Some(all) = &self.all {
            builder.scan(all);
        }
        for (name, bytes) in old.payloads() {
            builder.payload(&String::from_utf8_lossy(name), bytes.to_vec());
        }
        builder.finish(&self.began)
    }
}

fn content(file: &SealedFile<'_>, tuple: StatTuple) -> Content {
    match (file.tuple().kind(), file.digest()) {
        (FileKind::Absent, _) => Content::Absent,
        (_, Some(digest)) => Content::Read(tuple, digest),
        (_, None) => Content::Unreadable(tuple),
    }
}
