//! The layout tables of `SPEC.md`, and where their structs lie in a file.

use super::vectors::{Kind, Vector};
use crate::seal::{section_at, u32_at};

/// A field, as the text has it.
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) offset: usize,
    pub(crate) size: usize,
}

/// A struct, as the text has it.
pub(crate) struct Layout {
    pub(crate) name: String,
    pub(crate) size: usize,
    pub(crate) fields: Vec<Field>,
}

/// Every struct of the text.
pub(crate) fn layouts() -> Vec<Layout> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("format-spec/SPEC.md");
    let text = std::fs::read_to_string(path).expect("readable");
    text.split("\n### Struct `").skip(1).map(layout).collect()
}

/// Reads ``Name` (12 bytes)`` and the table behind it.
fn layout(text: &str) -> Layout {
    let (name, rest) = text.split_once("` (").expect("a size behind the name");
    let (size, rest) = rest.split_once(" bytes)").expect("a size in bytes");
    let rows =
        rest.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let fields = rows.skip(2).map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        Field {
            name: cells[2].trim_matches('`').to_owned(),
            offset: cells[0].parse().expect("an offset"),
            size: cells[1].parse().expect("a size"),
        }
    });
    let layout =
        Layout { name: name.to_owned(), size: size.parse().expect("a size"), fields: fields.collect() };
    let covered: usize = layout.fields.iter().map(|field| field.size).sum();
    assert_eq!(covered, layout.size, "the fields of {name} cover it");
    layout
}

/// Where `vector` has the struct: the offset of each.
pub(crate) fn places_of(layout: &Layout, vector: &Vector) -> Vec<usize> {
    let (bytes, envelope) = (&vector.bytes[..], vector.kind.envelope());
    let rows = |from: usize, count: usize| (0..count).map(|row| from + row * layout.size).collect();
    let header = |at: usize| u32_at(bytes, at) as usize;
    // The whole length of a section is that of its rows.
    let all_rows = |tag: &str| {
        section_len(vector, tag)
            .map_or_else(Vec::new, |len| rows(section_at(bytes, envelope, tag), len / layout.size))
    };
    let is_table = vector.kind == Kind::Table;
    match layout.name.as_str() {
        "SectionRow" => rows(envelope.header_len, header(envelope.section_count)),
        "TypeRow" => all_rows("TYPE"),
        "TableHeader" if is_table => vec![0],
        "ImageHeader" if !is_table => vec![0],
        "EntryRow" if is_table => all_rows("ENTR"),
        "EntryRow" => pieces_of_entries(vector, layout.size),
        "ClassRow" if is_table && section_len(vector, "CLAS").is_some() => {
            rows(section_at(bytes, envelope, "CLAS"), usize::from(bytes[37]))
        }
        "ClassRow" if is_table => Vec::new(),
        "ClassRow" => {
            further_pieces(vector, "CLAS").into_iter().flat_map(|(at, arity)| rows(at, arity)).collect()
        }
        "MatrixHead" if section_len(vector, "MTRX").is_some() => vec![section_at(bytes, envelope, "MTRX")],
        "HashHead" if section_len(vector, "PHSH").is_some() => vec![section_at(bytes, envelope, "PHSH")],
        "SlotRow" if section_len(vector, "PHSH").is_some() => {
            let head = section_at(bytes, envelope, "PHSH");
            let displacements = (header(head) * 2).next_multiple_of(4);
            rows(head + 8 + displacements, header(head + 4))
        }
        "FamilyRow" => all_rows("FAMI"),
        "PieceRow" => all_rows("PIEC"),
        "PlaceRow" => all_rows("PLAC"),
        "TableHeader" | "ImageHeader" | "MatrixHead" | "HashHead" | "SlotRow" => Vec::new(),
        other => panic!("where does {other} lie?"),
    }
}

/// The length of a section, if the vector has it.
fn section_len(vector: &Vector, tag: &str) -> Option<usize> {
    let (bytes, envelope) = (&vector.bytes[..], vector.kind.envelope());
    let count = u32_at(bytes, envelope.section_count) as usize;
    (0..count)
        .map(|row| envelope.header_len + row * 16)
        .find(|at| bytes[*at..*at + 4] == *tag.as_bytes())
        .map(|at| u32_at(bytes, at + 12) as usize)
}

/// Where the rows of an image's families begin.
fn families(vector: &Vector) -> impl Iterator<Item = usize> {
    let first = section_at(&vector.bytes, vector.kind.envelope(), "FAMI");
    (0..u32_at(&vector.bytes, 20) as usize).map(move |family| first + family * 64)
}

/// The entries of all families; a shared piece is met once.
fn pieces_of_entries(vector: &Vector, size: usize) -> Vec<usize> {
    let blob = section_at(&vector.bytes, vector.kind.envelope(), "BLOB");
    let mut places: Vec<usize> = families(vector)
        .flat_map(|family| {
            let count = u32_at(&vector.bytes, family + 20) as usize;
            let first = blob + u32_at(&vector.bytes, family + 48) as usize;
            (0..count).map(move |entry| first + entry * size)
        })
        .collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// Where the families' further pieces of this tag begin, with the family's arity.
fn further_pieces(vector: &Vector, tag: &str) -> Vec<(usize, usize)> {
    let envelope = vector.kind.envelope();
    let (pieces, blob) =
        (section_at(&vector.bytes, envelope, "PIEC"), section_at(&vector.bytes, envelope, "BLOB"));
    let mut places = Vec::new();
    for family in families(vector) {
        let first = u32_at(&vector.bytes, family + 52) as usize;
        for piece in first..first + u32_at(&vector.bytes, family + 56) as usize {
            let row = pieces + piece * 12;
            if vector.bytes[row..row + 4] == *tag.as_bytes() {
                let at = blob + u32_at(&vector.bytes, row + 4) as usize;
                places.push((at, usize::from(vector.bytes[family + 4])));
            }
        }
    }
    places.sort_unstable();
    places.dedup();
    places
}
