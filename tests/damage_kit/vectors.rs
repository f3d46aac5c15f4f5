//! The golden vectors that answer where they lie.

use janus_cache::format::TableView;
use janus_cache::image::ImageView;

use super::answers::{Answers, image_questions, table_questions};
use crate::seal::{Envelope, IMAGES, TABLES};

/// Larger vectors repeat what the small ones have, thousands of times.
const MOST_BYTES: usize = 2 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Table,
    Image,
}

impl Kind {
    pub(crate) const fn envelope(self) -> Envelope {
        match self {
            Self::Table => TABLES,
            Self::Image => IMAGES,
        }
    }

    pub(crate) fn opens(self, bytes: &[u8]) -> bool {
        match self {
            Self::Table => TableView::open(bytes).is_ok(),
            Self::Image => ImageView::open(bytes).is_ok(),
        }
    }
}

pub(crate) struct Vector {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) bytes: Vec<u8>,
}

impl Vector {
    /// What the undamaged vector is asked, and answers.
    pub(crate) fn right_answers(&self) -> Answers {
        match self.kind {
            Kind::Table => table_questions(&TableView::open(&self.bytes).expect("opens")),
            Kind::Image => image_questions(&ImageView::open(&self.bytes).expect("opens")),
        }
    }
}

/// Every small vector that opens, by name.
pub(crate) fn vectors() -> Vec<Vector> {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("format-spec/vectors");
    let mut vectors = Vec::new();
    for entry in std::fs::read_dir(dir).expect("the vectors") {
        let path = entry.expect("readable").path();
        let kind = match path.extension().and_then(|extension| extension.to_str()) {
            Some("jdt") => Kind::Table,
            Some("jdi") => Kind::Image,
            _ => continue,
        };
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).expect("readable");
        if kind.opens(&bytes) && bytes.len() <= MOST_BYTES {
            vectors.push(Vector { name, kind, bytes });
        }
    }
    vectors.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(vectors.len() >= 15, "only {} vectors open", vectors.len());
    vectors
}
