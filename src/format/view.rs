//! Checked reads of a table's bytes, where they lie.

use zerocopy::FromBytes;

use super::core::{CoreParts, DispatchCore, EntryId, LocalType, Outcome, Part};
use super::envelope::{Checksums, Envelope, Sections, place_of};
use super::error::{AccessError, OpenError, Tag};
use super::layout::{
    ABOV, CLAS, DDAG, ENTR, ENTRY_DEFAULT, EntryRow, LEFT, MAX_ENTRIES, MAX_PARAMS, MTRX, NAME, PARM, PATT,
    PHSH, RULE, SIGN, STRS, SectionRow, TABLE_MAGIC, TABLE_MAY_BE_AMBIGUOUS, TYPE, TYPE_SEALED, TableHeader,
    TypeRow,
};
use super::left_out::{LeftOut, left_out};
use super::logical::{ParamRef, TOP_TYPE};
use super::rule::{Optimization, Rule};
use super::strings::Strings;

/// Sections of a table that this version knows, in the order of the file.
const KNOWN: [Tag; 13] = [NAME, SIGN, STRS, TYPE, PARM, ABOV, PATT, ENTR, RULE, CLAS, DDAG, MTRX, PHSH];

/// A table in its bytes: opened, its checksums proved, ready to answer.
///
/// `open` costs one CRC over the bytes; a dispatch allocates nothing. The view borrows the bytes,
/// is `Copy`, and may be used from any number of threads.
///
/// ```
/// use janus_cache::dispatch::{CompileOptions, Family, Method, TypeDecl, TypeGraph, compile, restrict};
/// use janus_cache::format::{Outcome, TableView};
///
/// let graph = TypeGraph::new([TypeDecl::new("Shape", &[]), TypeDecl::new("Circle", &["Shape"])])?;
/// let family = Family::new("area", 1, vec![Method::new(&["Shape"], "area(Shape)", "geometry")]);
/// let bytes = compile(&restrict(&graph, &family)?, &CompileOptions::default())?.bytes;
///
/// let table = TableView::open(&bytes)?;
/// let circle = table.local_type("Circle")?;
/// let Outcome::Method(entry) = table.dispatch(&[circle])? else { panic!("Shape covers Circle") };
/// assert_eq!(table.entry(entry)?.implementation, "area(Shape)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TableView<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) header: &'a TableHeader,
    pub(super) strings: Part,
    /// Where section `TYPE` begins.
    pub(super) types: u32,
    pub(super) core: DispatchCore<'a>,
}

/// What a table tells about one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryInfo<'a> {
    /// Symbol of the implementation.
    pub implementation: &'a str,
    /// Module of the implementation.
    pub module: &'a str,
    /// Length of the longest chain of entries that are strictly more specific; 0: none is.
    pub specificity: u32,
    /// Calls seen in the profile; 0 where there is none.
    pub call_frequency: u32,
    /// Whether it is preferred among equals.
    pub default: bool,
}

impl<'a> TableView<'a> {
    /// Opens `bytes`, which are exactly one table, and proves header, directory and both checksums.
    pub fn open(bytes: &'a [u8]) -> Result<Self, OpenError> {
        Self::prove(bytes, Checksums::Compute)
    }

    /// Opens bytes whose checksums somebody else has proved, such as an entry of a pack after its
    /// first read. Everything but the checksums is checked as in [`TableView::open`].
    pub fn open_proved(bytes: &'a [u8]) -> Result<Self, OpenError> {
        Self::prove(bytes, Checksums::ProvedBefore)
    }

    fn prove(bytes: &'a [u8], mut checksums: Checksums) -> Result<Self, OpenError> {
        match Self::recognise(bytes, &mut checksums) {
            Some(view) => Ok(view),
            None => Self::prove_any(bytes, checksums),
        }
    }

    /// Any table that there may be, or what is wrong with it.
    #[cold]
    #[inline(never)]
    pub(super) fn prove_any(bytes: &'a [u8], checksums: Checksums) -> Result<Self, OpenError> {
        let header_len = size_of::<TableHeader>();
        let (header, _) = TableHeader::ref_from_prefix(bytes).map_err(|_| OpenError::TooShort {
            needed_bytes: header_len as u64,
            found_bytes: bytes.len() as u64,
        })?;
        let envelope = Envelope {
            magic: header.magic,
            expected_magic: TABLE_MAGIC,
            version_major: header.version_major.get(),
            codec: header.codec,
            header_len,
            section_count: header.section_count.get(),
            total_len: header.total_len.get(),
            data_crc: header.data_crc.get(),
            metadata_crc: header.metadata_crc.get(),
        };
        Self::from_sections(bytes, header, &envelope.prove(bytes, &KNOWN, checksums)?)
    }

    #[inline]
    fn from_sections(
        bytes: &'a [u8],
        header: &'a TableHeader,
        sections: &Sections<'a, 13>,
    ) -> Result<Self, OpenError> {
        let rule = Rule::from_code(header.rule).ok_or(OpenError::UnknownRule { found: header.rule })?;
        // A scan answers whatever other way a newer writer has added.
        let optimization = Optimization::from_code(header.optimization).unwrap_or(Optimization::Linear);
        let field = |field, found, expected| Err(OpenError::Field { field, found, expected });
        let data_len = u64::from(header.data_len.get());
        if data_len != sections.data_len {
            return field("data_len", data_len, "the number of bytes behind the section directory");
        }
        let (entry_count, type_count) = (header.entry_count.get(), header.type_count.get());
        let param_count = header.param_count.get();
        if entry_count as usize > MAX_ENTRIES {
            return field("entry_count", u64::from(entry_count), "at most 16777216");
        }
        if param_count as usize > MAX_PARAMS {
            return field("param_count", u64::from(param_count), "at most 65534");
        }
        let at = |tag, what| sections.wrong(tag, what);
        let name = sections.required(const { place_of(&KNOWN, NAME) })?;
        let signature = sections.required(const { place_of(&KNOWN, SIGN) })?;
        if name.len() as u64 != u64::from(header.name_len.get()) {
            return Err(at(NAME, "its length is not the header's `name_len`"));
        }
        if signature.len() as u64 != u64::from(header.type_signature_len.get()) {
            return Err(at(SIGN, "its length is not the header's `type_signature_len`"));
        }
        Strings::parse(STRS, sections.required(const { place_of(&KNOWN, STRS) })?)
            .ok_or_else(|| at(STRS, "its count of strings does not fit into it"))?;
        rows::<TypeRow>(sections.required(const { place_of(&KNOWN, TYPE) })?, type_count)
            .ok_or_else(|| at(TYPE, "its length is not `type_count` rows"))?;
        rows::<EntryRow>(sections.required(const { place_of(&KNOWN, ENTR) })?, entry_count)
            .ok_or_else(|| at(ENTR, "its length is not `entry_count` rows"))?;
        let (classes, answers) = match optimization.section() {
            Some(tag) => {
                (sections.part(const { place_of(&KNOWN, CLAS) })?, sections.part(place_of(&KNOWN, tag))?)
            }
            None => (Part::default(), Part::default()),
        };
        let core = DispatchCore::new(CoreParts {
            bytes,
            optimization,
            rule,
            rule_section: if rule == Rule::Symmetric {
                Part::default()
            } else {
                sections.part(const { place_of(&KNOWN, RULE) })?
            },
            arity: header.arity,
            entry_count,
            type_count,
            param_count,
            entries: sections.part(const { place_of(&KNOWN, ENTR) })?,
            params: sections.part(const { place_of(&KNOWN, PARM) })?,
            above: sections.part(const { place_of(&KNOWN, ABOV) })?,
            patterns: sections.part(const { place_of(&KNOWN, PATT) })?,
            classes,
            answers,
        })
        .map_err(|(tag, what)| at(tag, what))?;
        let strings = sections.part(const { place_of(&KNOWN, STRS) })?;
        let types = sections.part(const { place_of(&KNOWN, TYPE) })?.at;
        Ok(Self { bytes, header, strings, types, core })
    }

    /// The fixed header.
    pub const fn header(&self) -> &'a TableHeader {
        self.header
    }

    /// The section directory.
    pub fn section_rows(&self) -> &'a [SectionRow] {
        let behind = self.bytes.get(size_of::<TableHeader>()..).unwrap_or_default();
        let rows =
            <[SectionRow]>::ref_from_prefix_with_elems(behind, self.header.section_count.get() as usize);
        rows.map_or(&[], |(rows, _)| rows)
    }

    /// A section's bytes as they lie in the file.
    pub(crate) fn section(&self, tag: Tag) -> Option<&'a [u8]> {
        let row = self.section_rows().iter().find(|row| row.tag == tag.0)?;
        let start = row.offset.get() as usize;
        self.bytes.get(start..start.checked_add(row.len.get() as usize)?)
    }

    /// The tags of the sections, in directory order.
    pub(crate) fn section_tags(&self) -> impl Iterator<Item = Tag> {
        self.section_rows().iter().map(|row| Tag(row.tag))
    }

    /// The rows of section `TYPE`.
    pub(crate) fn type_rows(&self) -> &'a [TypeRow] {
        let count = self.type_count();
        let part = Part { at: self.types, len: count.saturating_mul(size_of::<TypeRow>() as u32) };
        rows(part.of(self.bytes), count).unwrap_or_default()
    }

    /// The rows of section `ENTR`.
    pub(crate) fn entry_rows(&self) -> &'a [EntryRow] {
        self.core.entry_rows()
    }

    /// How a method is chosen.
    pub const fn rule(&self) -> Rule {
        self.core.rule()
    }

    /// Whether some tuple is, or may be, ambiguous.
    pub fn may_be_ambiguous(&self) -> bool {
        self.header.flags.get() & TABLE_MAY_BE_AMBIGUOUS != 0
    }

    /// The part that answers.
    pub const fn core(&self) -> &DispatchCore<'a> {
        &self.core
    }

    /// The family's qualified name.
    pub fn name(&self) -> Result<&'a str, AccessError> {
        std::str::from_utf8(self.section(NAME).unwrap_or_default())
            .map_err(|_| AccessError::NotUtf8 { tag: NAME, index: 0 })
    }

    /// Per position the sorted distinct parameter types: a line each, separated by tabs.
    pub fn type_signature(&self) -> Result<&'a str, AccessError> {
        std::str::from_utf8(self.section(SIGN).unwrap_or_default())
            .map_err(|_| AccessError::NotUtf8 { tag: SIGN, index: 0 })
    }

    /// The string pool.
    pub fn strings(&self) -> Strings<'a> {
        Strings::parse(STRS, self.strings.of(self.bytes)).unwrap_or_else(|| Strings::none(STRS))
    }

    /// Number of types under a parameter.
    pub const fn type_count(&self) -> u32 {
        self.core.type_count
    }

    /// This table's number for a type; [`LocalType::OTHER`] for every type it does not list. Cost:
    /// a binary search over the names, so look a type up once and keep the answer.
    pub fn local_type(&self, qualified: &str) -> Result<LocalType, AccessError> {
        let (mut low, mut high) = (0_usize, self.type_count() as usize);
        let (strings, types) = (self.strings(), self.type_rows());
        while low < high {
            let middle = low + (high - low) / 2;
            let Some(row) = types.get(middle) else { break };
            match strings.bytes_of(row.name.get())?.cmp(qualified.as_bytes()) {
                std::cmp::Ordering::Equal => return Ok(LocalType(middle as u32)),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Ok(LocalType::OTHER)
    }

    /// Qualified name of a local type and whether it is sealed; none for [`LocalType::OTHER`].
    pub fn type_info(&self, local: LocalType) -> Result<Option<(&'a str, bool)>, AccessError> {
        if local == LocalType::OTHER {
            return Ok(None);
        }
        let row = self.type_rows().get(local.0 as usize).ok_or(AccessError::OutOfBounds {
            tag: TYPE,
            index: u64::from(local.0),
            bound: u64::from(self.type_count()),
        })?;
        Ok(Some((self.strings().get(row.name.get())?, row.flags.get() & TYPE_SEALED != 0)))
    }

    /// The name of the type that a parameter reference means, `any` for the top type.
    pub fn param_name(&self, param: ParamRef) -> Result<&'a str, AccessError> {
        let Some(ordinal) = param.ordinal() else { return Ok(TOP_TYPE) };
        Ok(self.type_info(self.core.param_type(ordinal)?)?.map_or(TOP_TYPE, |row| row.0))
    }

    /// The answer for one type per position; see [`DispatchCore::dispatch`].
    #[inline]
    pub fn dispatch(&self, args: &[LocalType]) -> Result<Outcome, AccessError> {
        self.core.dispatch(args)
    }

    /// The family's methods that no call selects, in canonical order; they are no entries. Cost: a walk
    /// over their section.
    pub fn left_out(&self) -> Result<Vec<LeftOut<'a>>, AccessError> {
        left_out(self.section(LEFT).unwrap_or_default(), self.header.arity)
    }

    /// What is known of one entry.
    pub fn entry(&self, entry: EntryId) -> Result<EntryInfo<'a>, AccessError> {
        let row = self.core.entry_row(entry.0).ok_or(AccessError::OutOfBounds {
            tag: ENTR,
            index: u64::from(entry.0),
            bound: u64::from(self.core.entry_count),
        })?;
        let strings = self.strings();
        Ok(EntryInfo {
            implementation: strings.get(row.implementation.get())?,
            module: strings.get(row.module.get())?,
            specificity: row.specificity.get(),
            call_frequency: row.call_frequency.get(),
            default: row.flags.get() & ENTRY_DEFAULT != 0,
        })
    }
}

pub(crate) fn rows<T: FromBytes + zerocopy::KnownLayout + zerocopy::Immutable + zerocopy::Unaligned>(
    section: &[u8],
    count: u32,
) -> Option<&[T]> {
    <[T]>::ref_from_bytes_with_elems(section, count as usize).ok()
}
