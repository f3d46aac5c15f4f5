//! What a text declares, without where: as long as that stays, no other file's facts change, and of its own only places and
//! fingerprints.

use std::hash::{Hash as _, Hasher};

use super::decl::Scan;
use crate::build::facts::Outline;
use crate::digest::{ContentDigest, fast_hash};
use crate::frontend::places::Lines;

/// The outline of a scanned text; `None` where the scan found something wrong, which is told with its place.
pub(super) fn outline(scan: &Scan, lines: &Lines<'_>) -> Option<Outline> {
    if !scan.problems.is_empty() || scan.problems_left_out > 0 {
        return None;
    }
    let mut declared = Declared::default();
    scan.hash(&mut declared);
    let places = scan.functions.iter().map(|function| lines.locate(function.start)).collect();
    Some(Outline { declares: declared.digest(), places })
}

/// Takes a scan apart into what it says and where that stands.
#[derive(Default)]
struct Declared {
    said: Vec<u8>,
    offsets: Vec<u32>,
}

impl Declared {
    /// The order of places counts, since the first of two equal methods is the one that is kept.
    fn digest(mut self) -> ContentDigest {
        let mut sorted = self.offsets.clone();
        sorted.sort_unstable();
        sorted.dedup();
        for offset in &self.offsets {
            let rank = sorted.partition_point(|other| other < offset) as u32;
            self.said.extend_from_slice(&rank.to_le_bytes());
        }
        ContentDigest::of(&self.said)
    }
}

impl Hasher for Declared {
    fn write(&mut self, bytes: &[u8]) {
        self.said.extend_from_slice(bytes);
    }

    /// An offset.
    fn write_u32(&mut self, offset: u32) {
        self.offsets.push(offset);
    }

    /// A fingerprint of a signature or a body: whether there is one is written beside it, what it is decides nothing.
    fn write_u64(&mut self, _: u64) {}

    /// Nobody asks for it; the digest is made of everything.
    fn finish(&self) -> u64 {
        fast_hash(&self.said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frontend::janus::scan::scan;

    fn of(text: &str) -> Outline {
        outline(&scan(text), &Lines::new(text)).expect("a sound text")
    }

    const TEXT: &str = "module m;\nimport a.b.{c, d as e};\ntype Shape = { size: int }\ntype Round = Shape & { r: int }\n\
        enum Side { Left, Right }\ntrait Draw: Show { func draw(self) }\nimpl Draw for Shape { func draw(self) { 1 } }\n\
        func area<T: Shape>(shape: T, by: int) -> int { return 1 }\nfunc area(shape: Round, by: int) { 2 }\n";

    #[test]
    fn comments_space_and_bodies_leave_what_is_declared_and_move_places() {
        let base = of(TEXT);
        assert_eq!(base.places.len(), 4);
        for (from, to) in [
            ("module m;", "// a comment\nmodule m;"),
            ("{ return 1 }", "{ let a = { 5 }; return a }"),
            ("{ 2 }", "{\n    2\n}\n// the end"),
            ("-> int", "->\n  int"),
            ("func area(", "\n\nfunc\tarea("),
        ] {
            let edited = TEXT.replacen(from, to, 1);
            assert_ne!(edited, TEXT);
            assert_eq!(of(&edited).declares, base.declares, "{edited}");
        }
        let moved = of(&format!("// a comment\n{TEXT}"));
        let expected: Vec<(u32, u32)> =
            base.places.iter().map(|(line, column)| (line + 1, *column)).collect();
        assert_eq!(moved.places, expected);
    }

    #[test]
    fn every_declared_word_counts() {
        let base = of(TEXT);
        for (from, to) in [
            ("module m", "module n"),
            ("a.b", "a.c"),
            ("{c, d", "{d, c"),
            ("as e", "as f"),
            ("type Shape", "type Shade"),
            ("= Shape &", "= Shade &"),
            ("Left, Right", "Right, Left"),
            ("Left, Right", "Left"),
            ("Draw: Show", "Draw: Hide"),
            ("impl Draw for Shape", "impl Draw for Round"),
            ("impl Draw for", "impl Show for"),
            ("<T: Shape>", "<T: Round>"),
            ("shape: T", "shape: Shape"),
            ("by: int) ->", "by: f64) ->"),
            ("{ func draw(self) }", "{ func draw(self) { 1 } }"),
            ("func area(shape: Round, by: int) { 2 }", ""),
            ("func area(shape: Round", "func size(shape: Round"),
        ] {
            let edited = TEXT.replacen(from, to, 1);
            assert_ne!(edited, TEXT, "{from}");
            assert_ne!(of(&edited).declares, base.declares, "{edited}");
        }
    }

    #[test]
    fn the_order_of_declarations_of_different_kinds_counts() {
        let (kind, function) = ("type A = { a: int }\n", "func f(a: A) { 1 }\n");
        assert_ne!(of(&format!("{kind}{function}")).declares, of(&format!("{function}{kind}")).declares);
    }

    #[test]
    fn a_text_with_something_wrong_has_none() {
        let text = "func f(a: A {}\n";
        assert_eq!(outline(&scan(text), &Lines::new(text)), None);
    }
}
