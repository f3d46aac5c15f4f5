//! `cacache`, by its synchronous functions. It hashes what it writes and checks what it reads.

use std::path::{Path, PathBuf};

use crate::files::hex;
use crate::load::Key;
use crate::peer::{Reader, Writer};

pub(crate) struct Cacache {
    dir: PathBuf,
}

impl Cacache {
    pub(crate) fn open(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }
}

impl Writer for Cacache {
    /// It cannot be asked to sync.
    fn commit(&mut self, entries: &[(Key, &[u8])], _sync: bool) {
        for (key, content) in entries {
            cacache::write_sync(&self.dir, hex(key), content).expect("written");
        }
    }
}

impl Reader for Cacache {
    fn get<R>(&mut self, key: &Key, read: impl FnOnce(&[u8]) -> R) -> Option<R> {
        match cacache::read_sync(&self.dir, hex(key)) {
            Ok(content) => Some(read(&content)),
            Err(cacache::Error::EntryNotFound(..)) => None,
            Err(error) => panic!("not read: {error}"),
        }
    }
}
