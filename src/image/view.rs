//! Checked reads of an image's bytes, where they lie.

use std::cmp::Ordering;

use zerocopy::FromBytes;
use zerocopy::little_endian::U32;

use super::layout::{BLOB, FAMI, FamilyRow, IMAGE_MAGIC, ImageHeader, PLAC, PlaceRow, STRS, TYPE};
use crate::format::core::{CoreParts, above_stride_bytes};
use crate::format::envelope::{Checksums, Envelope};
use crate::format::layout::{ENTRY_DEFAULT, EntryRow, TYPE_SEALED, TypeRow};
use crate::format::strings::Strings;
use crate::format::view::rows;
use crate::format::{
    AccessError, DispatchCore, EntryId, EntryInfo, LocalType, OpenError, Optimization, Outcome, Rule, Tag,
};

const KNOWN: [Tag; 5] = [STRS, TYPE, FAMI, BLOB, PLAC];

/// A type as one image numbers it: its place in name order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GlobalType(pub u32);

/// An image in its bytes.
#[derive(Clone, Copy, Debug)]
pub struct ImageView<'a> {
    header: &'a ImageHeader,
    strings: Strings<'a>,
    types: &'a [TypeRow],
    families: &'a [FamilyRow],
    blob: &'a [u8],
    places: &'a [PlaceRow],
}

/// Where an entry stands in the sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceInfo<'a> {
    /// Root-relative path.
    pub file: &'a str,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl<'a> ImageView<'a> {
    /// Opens `bytes`, which are exactly one image, and proves header, directory and both checksums.
    pub fn open(bytes: &'a [u8]) -> Result<Self, OpenError> {
        Self::prove(bytes, Checksums::Compute)
    }

    /// Opens bytes whose checksums were proved before; everything else is checked.
    pub(crate) fn open_proved(bytes: &'a [u8]) -> Result<Self, OpenError> {
        Self::prove(bytes, Checksums::ProvedBefore)
    }

    fn prove(bytes: &'a [u8], checksums: Checksums) -> Result<Self, OpenError> {
        let header_len = size_of::<ImageHeader>();
        let (header, _) = ImageHeader::ref_from_prefix(bytes).map_err(|_| OpenError::TooShort {
            needed_bytes: header_len as u64,
            found_bytes: bytes.len() as u64,
        })?;
        let envelope = Envelope {
            magic: header.magic,
            expected_magic: IMAGE_MAGIC,
            version_major: header.version_major.get(),
            header_len,
            section_count: header.section_count.get(),
            total_len: header.total_len.get(),
            data_crc: header.data_crc.get(),
            metadata_crc: header.metadata_crc.get(),
        };
        let sections = envelope.prove(bytes, &KNOWN, checksums)?;
        let strings = Strings::parse(STRS, sections.required(STRS)?)
            .ok_or(sections.wrong(STRS, "its count of strings does not fit into it"))?;
        let types = rows(sections.required(TYPE)?, header.type_count.get())
            .ok_or(sections.wrong(TYPE, "its length is not `type_count` rows"))?;
        let families = rows(sections.required(FAMI)?, header.family_count.get())
            .ok_or(sections.wrong(FAMI, "its length is not `family_count` rows"))?;
        let places = rows(sections.required(PLAC)?, header.place_count.get())
            .ok_or(sections.wrong(PLAC, "its length is not `place_count` rows"))?;
        Ok(Self { header, strings, types, families, blob: sections.required(BLOB)?, places })
    }

    /// The fixed header.
    pub const fn header(&self) -> &'a ImageHeader {
        self.header
    }

    /// The project's name.
    pub fn name(&self) -> Result<&'a str, AccessError> {
        self.strings.get(self.header.name.get())
    }

    /// Number of types.
    pub const fn type_count(&self) -> u32 {
        self.types.len() as u32
    }

    /// The type of this qualified name, if the build knew it. Cost: a binary search.
    pub fn type_id(&self, qualified: &str) -> Result<Option<GlobalType>, AccessError> {
        let index = search(self.types.len(), |index| {
            let row = self.types.get(index).map_or(0, |row| row.name.get());
            Ok(self.strings.bytes_of(row)?.cmp(qualified.as_bytes()))
        })?;
        Ok(index.ok().map(|index| GlobalType(index as u32)))
    }

    /// Qualified name of a type, and whether it is sealed.
    pub fn type_info(&self, global: GlobalType) -> Result<(&'a str, bool), AccessError> {
        let row = self.types.get(global.0 as usize).ok_or(AccessError::OutOfBounds {
            tag: TYPE,
            index: u64::from(global.0),
            bound: u64::from(self.type_count()),
        })?;
        Ok((self.strings.get(row.name.get())?, row.flags.get() & TYPE_SEALED != 0))
    }

    /// The family of this qualified name and arity, if there is one. Cost: a binary search.
    pub fn family(&self, qualified: &str, arity: u8) -> Result<Option<FamilyView<'a>>, AccessError> {
        let index = search(self.families.len(), |index| {
            let Some(row) = self.families.get(index) else { return Ok(Ordering::Greater) };
            let name = self.strings.bytes_of(row.name.get())?;
            Ok(name.cmp(qualified.as_bytes()).then(row.arity.cmp(&arity)))
        })?;
        index.ok().map(|index| self.family_at(index as u32)).transpose()
    }

    /// Number of families.
    pub const fn family_count(&self) -> u32 {
        self.families.len() as u32
    }

    /// Family `index` in order of name and arity.
    pub fn family_at(&self, index: u32) -> Result<FamilyView<'a>, AccessError> {
        let bound = u64::from(self.family_count());
        let row = self.families.get(index as usize).ok_or(AccessError::OutOfBounds {
            tag: FAMI,
            index: u64::from(index),
            bound,
        })?;
        FamilyView::new(*self, row)
    }

    fn piece(&self, offset: U32, len: usize) -> Result<&'a [u8], AccessError> {
        let start = offset.get() as usize;
        self.blob.get(start..start.saturating_add(len)).ok_or(AccessError::OutOfBounds {
            tag: BLOB,
            index: start.saturating_add(len) as u64,
            bound: self.blob.len() as u64,
        })
    }
}

/// One family of an image.
#[derive(Clone, Copy, Debug)]
pub struct FamilyView<'a> {
    image: ImageView<'a>,
    row: &'a FamilyRow,
    rule: Rule,
    type_map: &'a [U32],
    entries: &'a [EntryRow],
    core: DispatchCore<'a>,
}

impl<'a> FamilyView<'a> {
    fn new(image: ImageView<'a>, row: &'a FamilyRow) -> Result<Self, AccessError> {
        let outside = |tag: Tag, found: u64| AccessError::OutOfBounds { tag, index: found, bound: 0 };
        let optimization =
            Optimization::from_code(row.optimization).ok_or(outside(FAMI, u64::from(row.optimization)))?;
        let rule = Rule::from_code(row.rule).ok_or(outside(FAMI, u64::from(row.rule)))?;
        let (types, params) = (row.type_count.get() as usize, row.param_count.get());
        let entries = row.entry_count.get() as usize;
        let product = |count: usize, row_bytes: usize| count.saturating_mul(row_bytes);
        let core = DispatchCore::new(CoreParts {
            optimization,
            arity: row.arity,
            entry_count: row.entry_count.get(),
            type_count: row.type_count.get(),
            param_count: params,
            params: image.piece(row.params, product(params as usize, 4))?,
            above: image.piece(row.above, product(types, above_stride_bytes(params)))?,
            patterns: image.piece(row.patterns, product(entries, 2 * usize::from(row.arity)))?,
            classes: image.piece(row.classes, row.classes_len.get() as usize)?,
            nodes: image.piece(row.nodes, row.nodes_len.get() as usize)?,
        })
        .map_err(|(tag, _)| outside(tag, u64::from(row.name.get())))?;
        let type_map = rows(image.piece(row.type_map, product(types, 4))?, row.type_count.get());
        let entry_rows = image.piece(row.entries, product(entries, size_of::<EntryRow>()))?;
        Ok(Self {
            image,
            row,
            rule,
            type_map: type_map.ok_or(outside(BLOB, types as u64))?,
            entries: rows(entry_rows, row.entry_count.get()).ok_or(outside(BLOB, entries as u64))?,
            core,
        })
    }

    /// Qualified name.
    pub fn name(&self) -> Result<&'a str, AccessError> {
        self.image.strings.get(self.row.name.get())
    }

    /// Number of dispatching positions.
    pub const fn arity(&self) -> u8 {
        self.row.arity
    }

    /// How a method is chosen.
    pub const fn rule(&self) -> Rule {
        self.rule
    }

    /// The fixed row.
    pub const fn row(&self) -> &'a FamilyRow {
        self.row
    }

    /// The part that answers.
    pub const fn core(&self) -> &DispatchCore<'a> {
        &self.core
    }

    /// This family's number for a type of the image. Cost: a binary search over the types under
    /// this family's parameters.
    pub fn local_type(&self, global: GlobalType) -> LocalType {
        self.type_map
            .binary_search_by_key(&global.0, |global| global.get())
            .map_or(LocalType::OTHER, |local| LocalType(local as u32))
    }

    /// The image's number for a type of this family; none for [`LocalType::OTHER`].
    pub fn global_type(&self, local: LocalType) -> Option<GlobalType> {
        self.type_map.get(local.0 as usize).map(|global| GlobalType(global.get()))
    }

    /// The answer for one type of the image per position. Allocates nothing.
    pub fn dispatch(&self, args: &[GlobalType]) -> Result<Outcome, AccessError> {
        // Eight positions are more than nearly every family has; the others pay for a longer array.
        const FEW: usize = 8;
        let mut few = [LocalType::OTHER; FEW];
        let mut many = [LocalType::OTHER; crate::format::layout::MAX_ARITY];
        let locals = if args.len() <= FEW { &mut few[..] } else { &mut many[..] };
        let Some(locals) = locals.get_mut(..args.len()) else {
            return Err(AccessError::ArgumentCount { expected: self.row.arity, found: args.len() });
        };
        for (local, global) in locals.iter_mut().zip(args) {
            *local = self.local_type(*global);
        }
        self.core.dispatch(locals)
    }

    /// What is known of one entry.
    pub fn entry(&self, entry: EntryId) -> Result<EntryInfo<'a>, AccessError> {
        let row = self.entries.get(entry.0 as usize).ok_or(AccessError::OutOfBounds {
            tag: BLOB,
            index: u64::from(entry.0),
            bound: self.entries.len() as u64,
        })?;
        Ok(EntryInfo {
            implementation: self.image.strings.get(row.implementation.get())?,
            module: self.image.strings.get(row.module.get())?,
            specificity: row.specificity.get(),
            call_frequency: row.call_frequency.get(),
            default: row.flags.get() & ENTRY_DEFAULT != 0,
        })
    }

    /// Where an entry stands in the sources, if that was known.
    pub fn place(&self, entry: EntryId) -> Result<Option<PlaceInfo<'a>>, AccessError> {
        let index = u64::from(self.row.first_place.get()) + u64::from(entry.0);
        let bound = self.image.places.len() as u64;
        let row = self.image.places.get(index as usize);
        let row = row.ok_or(AccessError::OutOfBounds { tag: PLAC, index, bound })?;
        if row.line.get() == 0 {
            return Ok(None);
        }
        let file = self.image.strings.get(row.file.get())?;
        Ok(Some(PlaceInfo { file, line: row.line.get(), column: row.column.get() }))
    }

    /// The names of an entry's parameter types, `any` for the top type.
    pub fn pattern_names(&self, entry: EntryId) -> Result<Vec<&'a str>, AccessError> {
        let mut names = Vec::new();
        for param in self.core.pattern(entry)? {
            names.push(match param.ordinal() {
                None => crate::dispatch::TOP_TYPE,
                Some(ordinal) => {
                    let local = self.core.param_type(ordinal)?;
                    let global = self.global_type(local).ok_or(AccessError::OutOfBounds {
                        tag: BLOB,
                        index: u64::from(local.0),
                        bound: self.type_map.len() as u64,
                    })?;
                    self.image.type_info(global)?.0
                }
            });
        }
        Ok(names)
    }
}

/// Binary search with a comparison that may fail.
fn search(
    len: usize,
    compare: impl Fn(usize) -> Result<Ordering, AccessError>,
) -> Result<Result<usize, usize>, AccessError> {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low + (high - low) / 2;
        match compare(middle)? {
            Ordering::Equal => return Ok(Ok(middle)),
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
        }
    }
    Ok(Err(low))
}
