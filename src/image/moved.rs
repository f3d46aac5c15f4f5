//! The same image with methods in other places: what an edit of a body or a comment leaves.

use std::collections::HashMap;

use zerocopy::IntoBytes;
use zerocopy::little_endian::U32;

use super::layout::{ImageHeader, PLAC, PlaceRow};
use super::view::ImageView;
use crate::digest::crc32_of;
use crate::format::envelope::metadata_crc;
use crate::format::layout::SectionRow;
use crate::format::{AccessError, OpenError};

/// Where things stood in each file, and where they stand: lines and columns, from 1.
pub type Moves<'a> = HashMap<&'a str, HashMap<(u32, u32), (u32, u32)>>;

/// What differs between two images that differ in places.
#[derive(Clone, Debug)]
pub struct MovedPlaces {
    head: Vec<u8>,
    rows_at: usize,
    rows: Vec<PlaceRow>,
}

/// Why places were not moved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoveError {
    /// The bytes are no image that can be read where it lies.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// They contradict themselves.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Nothing is said of a place.
    #[error("a method stands at {file}:{line}:{column}, and nothing is said of where that is now")]
    Unknown {
        /// Root-relative path.
        file: String,
        /// Line, from 1.
        line: u32,
        /// Column in characters, from 1.
        column: u32,
    },
}

/// Moves the places of `image`, whose checksums were proved before, in the files of `moves`, which tell of each of their
/// methods. Cost: a look at each place; the rest of the image is not read, not even for the checksum.
pub fn move_places(image: &[u8], moves: &Moves<'_>) -> Result<MovedPlaces, MoveError> {
    let view = ImageView::open_proved(image)?;
    let mut rows = view.places.to_vec();
    // By the file's string, so that each is compared once: all have many places, and few have moved.
    let mut of_string: Vec<Option<Option<&HashMap<_, _>>>> = vec![None; view.strings.len() as usize];
    for row in &mut rows {
        let file = row.file.get();
        let known = if let Some(Some(known)) = of_string.get(file as usize) {
            *known
        } else {
            let known = moves.get(view.strings.get(file)?);
            if let Some(memory) = of_string.get_mut(file as usize) {
                *memory = Some(known);
            }
            known
        };
        let Some(known) = known.filter(|_| row.line.get() != 0) else { continue };
        let (line, column) = (row.line.get(), row.column.get());
        let Some((to_line, to_column)) = known.get(&(line, column)).copied() else {
            let file = view.strings.get(file)?.to_owned();
            return Err(MoveError::Unknown { file, line, column });
        };
        (row.line, row.column) = (U32::new(to_line), U32::new(to_column));
    }
    let section = view.section_rows().iter().find(|section| section.tag == PLAC.0);
    let rows_at = section.map_or(image.len(), |section| section.offset.get() as usize);
    let behind = image.get(rows_at + size_of_val(rows.as_slice())..).unwrap_or_default();
    // A checksum of two pieces is that of the second and something of the first: both images have the first in common.
    let from_rows = |rows: &[PlaceRow]| crc32_of(&[rows.as_bytes(), behind]);
    let mut header = *view.header();
    let data_crc = header.data_crc.get() ^ from_rows(view.places) ^ from_rows(&rows);
    header.data_crc = U32::new(data_crc);
    let head_len = size_of::<ImageHeader>() + size_of_val::<[SectionRow]>(view.section_rows());
    let mut head = image.get(..head_len).unwrap_or_default().to_vec();
    let crc_field = size_of::<ImageHeader>() - size_of::<U32>();
    for _ in 0..2 {
        // The second time with the checksum of the first.
        if let Some(bytes) = head.get_mut(..size_of::<ImageHeader>()) {
            bytes.copy_from_slice(header.as_bytes());
        }
        header.metadata_crc = U32::new(metadata_crc(&head, crc_field, head_len));
    }
    Ok(MovedPlaces { head, rows_at, rows })
}

impl MovedPlaces {
    /// The pieces that differ: where each begins, ascending, and its bytes. Everything else stays.
    pub fn pieces(&self) -> [(usize, &[u8]); 2] {
        [(0, &self.head), (self.rows_at, self.rows.as_slice().as_bytes())]
    }

    /// Makes the one image the other.
    pub fn apply(&self, image: &mut [u8]) {
        for (at, piece) in self.pieces() {
            if let Some(bytes) = image.get_mut(at..at + piece.len()) {
                bytes.copy_from_slice(piece);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::{CompileOptions, Family, Method, TypeDecl, TypeGraph, compile, restrict};
    use crate::image::{ImageContent, ImagePlace, ImageType, encode_image};

    /// An image whose methods stand where `line_of` says.
    fn image(line_of: impl Fn(&str) -> Option<(&'static str, u32)>) -> Vec<u8> {
        let graph = TypeGraph::new([TypeDecl::new("A", &[]), TypeDecl::new("B", &["A"])]).expect("sound");
        let family = |name: &str| {
            let methods = ["A", "B"].map(|ty| Method::new(&[ty], &format!("{name}({ty})"), "m"));
            let family = Family::new(name, 1, methods.into());
            compile(&restrict(&graph, &family).expect("sound"), &CompileOptions::default())
                .expect("small")
                .bytes
        };
        let tables = [family("f"), family("g")];
        let content = ImageContent {
            name: "test",
            types: ["A", "B"].map(|name| ImageType { name: name.into(), sealed: false }).into(),
            tables: tables.iter().map(Vec::as_slice).collect(),
            ..ImageContent::default()
        };
        let place = |_: &str, implementation: &str| {
            let (file, line) = line_of(implementation)?;
            Some(ImagePlace { file: file.into(), line, column: 6 })
        };
        encode_image(&content, place).expect("sound")
    }

    fn moves(lines: &[(u32, u32)]) -> Moves<'static> {
        let in_one = lines.iter().map(|(from, to)| ((*from, 6), (*to, 6))).collect();
        HashMap::from([("one.jan", in_one), ("elsewhere.jan", HashMap::new())])
    }

    #[test]
    fn a_moved_image_has_the_bytes_of_one_that_is_made_anew() {
        let before = |name: &str| match name {
            "f(A)" => Some(("one.jan", 3)),
            "f(B)" => Some(("two.jan", 3)),
            "g(A)" => Some(("one.jan", 9)),
            _ => None,
        };
        let after = |name: &str| match name {
            "f(A)" => Some(("one.jan", 9)),
            "g(A)" => Some(("one.jan", 70_000)),
            other => before(other),
        };
        let (mut old, new) = (image(before), image(after));
        let moved = move_places(&old, &moves(&[(3, 9), (9, 70_000), (1, 1)])).expect("all are told");
        moved.apply(&mut old);
        assert!(old == new);
        ImageView::open(&old).expect("its checksums are right");
    }

    #[test]
    fn a_place_of_which_nothing_is_said_is_refused() {
        let old = image(|_| Some(("one.jan", 3)));
        let error = move_places(&old, &moves(&[(4, 5)])).expect_err("line 3 is missing");
        assert_eq!(error, MoveError::Unknown { file: "one.jan".to_owned(), line: 3, column: 6 });
    }

    #[test]
    fn what_is_no_image_is_refused() {
        let old = image(|_| None);
        for cut in [0, 10, 64, old.len() - 1] {
            assert!(matches!(move_places(&old[..cut], &moves(&[])), Err(MoveError::Open(_))), "cut at {cut}");
        }
    }
}
