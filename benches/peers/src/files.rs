//! One file for each entry, in 256 folders.

use std::fmt::Write as _;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::floor;
use crate::load::Key;
use crate::peer::{Reader, Writer};

pub(crate) struct Files {
    dir: PathBuf,
}

impl Files {
    pub(crate) fn open(dir: &Path) -> Self {
        if !dir.join("tmp").is_dir() {
            for folder in 0..256 {
                std::fs::create_dir_all(dir.join(format!("{folder:02x}"))).expect("made");
            }
            std::fs::create_dir(dir.join("tmp")).expect("made");
        }
        Self { dir: dir.to_owned() }
    }

    fn path(&self, key: &Key) -> PathBuf {
        let name = hex(key);
        self.dir.join(&name[..2]).join(&name[2..])
    }
}

impl Writer for Files {
    fn commit(&mut self, entries: &[(Key, &[u8])], sync: bool) {
        let tmp = self.dir.join("tmp/new");
        for (key, content) in entries {
            floor::write(&tmp, &self.path(key), content, sync);
        }
    }
}

impl Reader for Files {
    fn get<R>(&mut self, key: &Key, read: impl FnOnce(&[u8]) -> R) -> Option<R> {
        use std::io::Read;
        let mut file = match File::open(self.path(key)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            Err(error) => panic!("not read: {error}"),
        };
        let mut content = Vec::new();
        file.read_to_end(&mut content).expect("read");
        Some(read(&content))
    }
}

pub(crate) fn hex(key: &Key) -> String {
    key.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
