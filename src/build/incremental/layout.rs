//! An output that is to be made: where each part comes from, and where it will stand. What is kept is not read here.

use super::section::{END, MARKER, OutputForm, SectionError, SectionPlace, close, marker};
use super::section_table::push_table;
use crate::digest::fast_hash;
use crate::fs::Piece;

/// The bytes that pieces tell.
pub(super) fn assemble(pieces: &[Piece<'_>], output_bytes: u64, old: &[u8]) -> Result<Vec<u8>, SectionError> {
    let mut bytes = Vec::with_capacity(usize::try_from(output_bytes).unwrap_or_default());
    for piece in pieces {
        match piece {
            Piece::New(new) => bytes.extend_from_slice(new),
            Piece::Old(range) => {
                let gone =
                    SectionError::Damaged { what: "a section is missing", at_bytes: range.start as usize };
                let kept = old.get(range.start as usize..range.end as usize).ok_or(gone)?;
                bytes.extend_from_slice(kept);
            }
        }
    }
    Ok(bytes)
}

/// A section as it will stand in an output.
#[derive(Debug)]
pub(super) struct ReadySection {
    marker: Vec<u8>,
    content: Vec<u8>,
    pub(super) hash: u64,
}

impl ReadySection {
    /// Of what a compiler made. Looks at every byte once, and hashes it, so do it on many threads.
    pub(super) fn new(form: OutputForm, path: &str, mut content: Vec<u8>) -> Result<Self, SectionError> {
        if let OutputForm::Text { comment } = form {
            let (marker, end) = (format!("{comment}{MARKER}"), format!("{comment}{END}"));
            let looks_like =
                |line: &[u8]| line.starts_with(marker.as_bytes()) || line.starts_with(end.as_bytes());
            if content.split(|byte| *byte == b'\n').any(looks_like) {
                return Err(SectionError::LooksLikeMarker { path: path.to_owned(), marker });
            }
            close(&mut content);
        }
        let hash = fast_hash(&content);
        Ok(Self { marker: marker(form, path, hash), content, hash })
    }

    pub(super) fn content(&self) -> &[u8] {
        &self.content
    }
}

/// Where a section of an output that is to be made comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part<'a> {
    /// It was compiled.
    Ready(&'a ReadySection),
    /// It stands in the old output.
    Kept(&'a SectionPlace),
}

/// An output that is to be made: where its sections stand, and what stands around them.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) sections: Vec<SectionPlace>,
    pub(super) output_bytes: u64,
    /// Before the first section.
    pub(super) head: Vec<u8>,
    /// Behind the last section.
    pub(super) tail: Vec<u8>,
}

impl Layout {
    /// No byte of a section is looked at.
    pub(super) fn new(
        form: OutputForm,
        prologue: &[u8],
        parts: &[(&str, Part<'_>)],
        epilogue: &[u8],
    ) -> Self {
        let is_text = matches!(form, OutputForm::Text { .. });
        let mut head = prologue.to_vec();
        if is_text {
            close(&mut head);
        }
        let mut at = head.len();
        let mut sections = Vec::with_capacity(parts.len());
        for (path, part) in parts {
            let (marker_bytes, content_bytes, hash) = match part {
                Part::Ready(ready) => (ready.marker.len(), ready.content.len(), ready.hash),
                Part::Kept(place) => {
                    (place.content.start - place.whole.start, place.content.len(), place.hash)
                }
            };
            let content = at + marker_bytes..at + marker_bytes + content_bytes;
            let whole = at..content.end;
            at = content.end;
            sections.push(SectionPlace { path: (*path).to_owned(), hash, whole, content });
        }
        let mut tail = Vec::new();
        match form {
            OutputForm::Text { comment } => {
                tail.extend_from_slice(format!("{comment}{END}\n").as_bytes());
                tail.extend_from_slice(epilogue);
                close(&mut tail);
            }
            OutputForm::Binary => {
                tail.extend_from_slice(epilogue);
                push_table(&mut tail, &sections);
            }
        }
        let output_bytes = (at + tail.len()) as u64;
        Self { sections, output_bytes, head, tail }
    }

    /// What it is written from. Neighbours that stay neighbours are one piece.
    pub(super) fn pieces<'a>(&'a self, parts: &[(&str, Part<'a>)]) -> Vec<Piece<'a>> {
        let mut pieces = Vec::with_capacity(parts.len() * 2 + 2);
        pieces.push(Piece::New(&self.head));
        for (_, part) in parts {
            match part {
                Part::Ready(ready) => {
                    pieces.push(Piece::New(&ready.marker));
                    pieces.push(Piece::New(&ready.content));
                }
                Part::Kept(place) => {
                    let range = place.whole.start as u64..place.whole.end as u64;
                    match pieces.last_mut() {
                        Some(Piece::Old(last)) if last.end == range.start => last.end = range.end,
                        _ => pieces.push(Piece::Old(range)),
                    }
                }
            }
        }
        pieces.push(Piece::New(&self.tail));
        pieces
    }
}
