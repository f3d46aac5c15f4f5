//! The table reader.

use janus_cache::format::{
    DispatchCore, EntryId, FileCodec, LocalType, Optimization, Outcome, Rule, TableView, compress,
    decompress, verify,
};
use janus_cache::image::MAX_DECODED_BYTES;
use janus_cache::image::inspect::{FileKind, inspect};

use crate::seal;

/// Types and entries that are asked for; a damaged count could ask for more than any time allows.
pub(crate) const MOST_ASKED: u32 = 40;
/// Tables above this are not compressed on the way: columns are tried in many forms.
const MOST_COMPRESSED_BYTES: usize = 4 << 10;

/// Opens, proves, asks and inspects a table: `data` as it is, and sealed.
///
/// # Panics
/// Where a table that opens neither answers nor gives an error value, where one that is proved does not
/// answer, where an answer does not apply, where the proof takes what does not open, or where
/// compression loses a byte.
pub fn table(data: &[u8]) {
    look_at(data);
    if let Some(sealed) = seal::TABLES.plain(data) {
        look_at(&sealed);
    }
}

pub(crate) fn look_at(bytes: &[u8]) {
    let inspection = inspect(FileKind::Table, bytes);
    let proof = verify(bytes);
    let Ok(table) = TableView::open(bytes) else {
        assert!(proof.is_err(), "the proof takes what does not open");
        // What is in a codec is looked into, and opened only once it is decoded.
        let opens_decoded =
            decompress(bytes, MAX_DECODED_BYTES).is_ok_and(|plain| TableView::open(&plain).is_ok());
        assert!(
            !inspection.is_sound() || opens_decoded,
            "the inspection finds nothing in what does not open"
        );
        return;
    };
    assert!(TableView::open_proved(bytes).is_ok(), "checksums apart, an open proves the same");
    let proved = proof.is_ok();
    // A scan uses no classes, so the proof need not look at them.
    if proved && !matches!(table.core().optimization(), Optimization::Single | Optimization::Linear) {
        let missed = inspection.problems.iter().find(|problem| problem.what.starts_with("CLAS: type"));
        assert_eq!(missed, None, "the proof takes a class that its position has not");
    }
    must(proved, table.name());
    must(proved, table.type_signature());
    for local in (0..table.type_count().min(MOST_ASKED)).map(LocalType) {
        let named = table.type_info(local).map(|info| info.map(|(name, _)| table.local_type(name)));
        if proved {
            assert_eq!(named, Ok(Some(Ok(local))), "a type is found by its name");
        }
    }
    assert!(table.type_info(LocalType(table.type_count())).is_err() || table.type_count() == u32::MAX);
    let asked = Asked { core: table.core(), rule: table.rule(), proved, ambiguous: table.may_be_ambiguous() };
    asked.all(table.header().arity, table.type_count(), |entry| must(proved, table.entry(entry)));
    if bytes.len() <= MOST_COMPRESSED_BYTES {
        for codec in [FileCodec::Columnar, FileCodec::Lz4] {
            let small = compress(bytes, codec).expect("it opens");
            let again = decompress(&small, bytes.len() as u64);
            assert_eq!(again.as_deref(), Ok(bytes), "{codec:?} gives back what it got");
        }
    }
}

/// A core with what is known of its bytes.
pub(crate) struct Asked<'c, 'a> {
    pub(crate) core: &'c DispatchCore<'a>,
    pub(crate) rule: Rule,
    /// The deep proof takes the bytes.
    pub(crate) proved: bool,
    /// The table says that a tuple may be ambiguous.
    pub(crate) ambiguous: bool,
}

impl Asked<'_, '_> {
    /// Asks for tuples of listed types, of any other type and of types that are not there. `entry` is
    /// told of every entry that is selected.
    pub(crate) fn all(&self, arity: u8, type_count: u32, entry: impl Fn(EntryId)) {
        let arity = usize::from(arity);
        assert!(self.core.dispatch(&vec![LocalType::OTHER; arity + 1]).is_err(), "an argument too many");
        let listed = (0..type_count.min(MOST_ASKED)).map(LocalType);
        let types: Vec<LocalType> = listed.chain([LocalType::OTHER]).collect();
        for (step, first) in types.iter().enumerate() {
            for stride in [0, 1, 3] {
                let tuple: Vec<LocalType> = (0..arity)
                    .map(|position| types.get((step + position * stride) % types.len()).copied())
                    .map(|local| local.unwrap_or(*first))
                    .collect();
                if let Some(Outcome::Method(selected)) = self.answer(&tuple) {
                    entry(selected);
                }
            }
        }
        for entry_id in (0..self.core.entry_count().min(MOST_ASKED)).map(EntryId) {
            must(self.proved, self.core.pattern(entry_id).map(|_| ()));
            entry(entry_id);
        }
        if type_count < u32::MAX - 1 {
            let outside = vec![LocalType(type_count); arity];
            // A table may select without a look at the types, where every type is answered alike.
            let _ = self.core.dispatch(&outside);
        }
    }

    fn answer(&self, tuple: &[LocalType]) -> Option<Outcome> {
        let answer = self.core.dispatch(tuple);
        if !self.proved {
            if let Ok(Outcome::Method(entry)) = answer {
                assert!(entry.0 < self.core.entry_count(), "{entry:?} is no entry");
            }
            return answer.ok();
        }
        let outcome = answer.expect("a proved table answers");
        match outcome {
            // Only the rule's owner can say what is right.
            _ if self.rule == Rule::Custom => {}
            Outcome::Method(entry) => {
                assert!(self.applies(entry, tuple), "{entry:?} by {:?} for {tuple:?}", self.rule);
            }
            Outcome::NoMethod => {
                let entries = self.core.entry_count().min(MOST_ASKED);
                let applying = (0..entries).map(EntryId).find(|entry| self.applies(*entry, tuple));
                assert_eq!(applying, None, "no method for {tuple:?}");
            }
            Outcome::Ambiguous => assert!(self.ambiguous, "no tuple is ambiguous, but {tuple:?}"),
        }
        Some(outcome)
    }

    fn applies(&self, entry: EntryId, tuple: &[LocalType]) -> bool {
        let pattern = self.core.pattern(entry).expect("a proved entry has a pattern");
        pattern.zip(tuple).all(|(param, local)| self.core.is_below(*local, param).expect("proved"))
    }
}

/// What is proved can be read.
pub(crate) fn must<T, E: std::fmt::Debug>(proved: bool, read: Result<T, E>) {
    if proved && let Err(error) = read {
        panic!("proved, and yet: {error:?}");
    }
}
