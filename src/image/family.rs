//! One family of an image: what it answers, and how its methods are called and placed.

use std::collections::BTreeSet;

use zerocopy::little_endian::U32;

use super::layout::{BLOB, FamilyRow, PIEC, PLAC, PieceRow};
use super::view::{GlobalType, ImageView, PlaceInfo};
use crate::format::core::{CoreParts, Part, above_stride_bytes};
use crate::format::layout::{
    CLAS, ENTRY_DEFAULT, EntryRow, LEFT, MAX_ARITY, RULE, TABLE_MAY_BE_AMBIGUOUS, TYPE,
};
use crate::format::view::rows;
use crate::format::{
    AccessError, DispatchCore, EntryId, EntryInfo, LeftOut, LocalType, Optimization, Outcome, ParamRef, Rule,
    TOP_TYPE, Tag, left_out,
};

/// One family of an image.
#[derive(Clone, Copy, Debug)]
pub struct FamilyView<'a> {
    image: ImageView<'a>,
    row: &'a FamilyRow,
    rule: Rule,
    type_map: &'a [U32],
    core: DispatchCore<'a>,
}

impl<'a> FamilyView<'a> {
    pub(super) fn new(image: ImageView<'a>, index: u32, row: &'a FamilyRow) -> Result<Self, AccessError> {
        const COUNTS: &str = "its length contradicts the counts of the family";
        let wrong = |tag: Tag, what| AccessError::Piece { tag, family: index, what };
        let rule = Rule::from_code(row.rule).ok_or(AccessError::UnknownRule { found: row.rule })?;
        // A scan answers whatever other way a newer writer has added.
        let optimization = Optimization::from_code(row.optimization).unwrap_or(Optimization::Linear);
        let (types, params) = (row.type_count.get() as usize, row.param_count.get());
        let entries = row.entry_count.get() as usize;
        let product = |count: usize, row_bytes: usize| count.saturating_mul(row_bytes);
        let further = further_pieces(&image, row)?;
        let part = |at: U32, len: usize| {
            let found = image.piece(at, len)?;
            Ok(Part { at: at.get(), len: found.len() as u32 })
        };
        // A piece that is not needed is not looked at, wherever it lies.
        let piece = |tag: Tag, is_needed: bool| {
            let found = further.iter().find(|piece| is_needed && piece.tag == tag.0);
            found.map_or(Ok(Part::default()), |piece| part(piece.offset, piece.len.get() as usize))
        };
        let answers = optimization.section();
        let core = DispatchCore::new(CoreParts {
            bytes: image.blob,
            optimization,
            rule,
            rule_section: piece(RULE, rule != Rule::Symmetric)?,
            arity: row.arity,
            entry_count: row.entry_count.get(),
            entries: part(row.entries, product(entries, size_of::<EntryRow>()))?,
            type_count: row.type_count.get(),
            param_count: params,
            params: part(row.params, product(params as usize, 4))?,
            above: part(row.above, product(types, above_stride_bytes(params)))?,
            patterns: part(row.patterns, product(entries, 2 * usize::from(row.arity)))?,
            classes: piece(CLAS, answers.is_some())?,
            answers: answers.map_or(Ok(Part::default()), |tag| piece(tag, true))?,
        })
        .map_err(|(tag, what)| wrong(tag, what))?;
        let type_map = rows(image.piece(row.type_map, product(types, 4))?, row.type_count.get());
        Ok(Self { image, row, rule, type_map: type_map.ok_or(wrong(TYPE, COUNTS))?, core })
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

    /// The positions in the order in which rule [`Rule::Precedence`] compares them; empty under the other
    /// rules, which compare all at once.
    pub fn argument_order(&self) -> Result<&'a [u8], AccessError> {
        if self.rule != Rule::Precedence {
            return Ok(&[]);
        }
        // Behind the form; that it names each position once was proved with the family.
        Ok(self.piece(RULE)?.get(4..4 + usize::from(self.row.arity)).unwrap_or_default())
    }

    /// Per position the sorted distinct parameter types: a line each, separated by tabs; as in the
    /// family's table. Cost: it is put together from the patterns.
    pub fn type_signature(&self) -> Result<String, AccessError> {
        let mut positions = vec![BTreeSet::new(); usize::from(self.row.arity)];
        for entry in 0..self.core.entry_count() {
            for (position, name) in positions.iter_mut().zip(self.pattern_names(EntryId(entry))?) {
                position.insert(name);
            }
        }
        let line = |names: BTreeSet<&str>| names.into_iter().collect::<Vec<_>>().join("\t") + "\n";
        Ok(positions.into_iter().map(line).collect())
    }

    /// Whether some tuple is, or may be, ambiguous.
    pub fn may_be_ambiguous(&self) -> bool {
        self.row.flags.get() & TABLE_MAY_BE_AMBIGUOUS != 0
    }

    /// The fixed row.
    pub const fn row(&self) -> &'a FamilyRow {
        self.row
    }

    /// The family's rows of section `PIEC`: what its table has beside the always needed, such as an
    /// optimizer's sections.
    pub fn further_pieces(&self) -> Result<&'a [PieceRow], AccessError> {
        further_pieces(&self.image, self.row)
    }

    /// The further piece of this tag; empty where there is none.
    pub(super) fn piece(&self, tag: Tag) -> Result<&'a [u8], AccessError> {
        let found = self.further_pieces()?.iter().find(|piece| piece.tag == tag.0);
        found.map_or(Ok(&[][..]), |piece| self.image.piece(piece.offset, piece.len.get() as usize))
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

    /// Qualified name of a local type and whether it is sealed; none for [`LocalType::OTHER`].
    pub fn type_info(&self, local: LocalType) -> Result<Option<(&'a str, bool)>, AccessError> {
        if local == LocalType::OTHER {
            return Ok(None);
        }
        let (index, bound) = (u64::from(local.0), self.type_map.len() as u64);
        let global = self.global_type(local).ok_or(AccessError::OutOfBounds { tag: TYPE, index, bound })?;
        self.image.type_info(global).map(Some)
    }

    /// The answer for one type of the image per position. Allocates nothing.
    pub fn dispatch(&self, args: &[GlobalType]) -> Result<Outcome, AccessError> {
        // Eight positions are more than nearly every family has; the others pay for a longer array.
        const FEW: usize = 8;
        let mut few = [LocalType::OTHER; FEW];
        let mut many = [LocalType::OTHER; MAX_ARITY];
        let locals = if args.len() <= FEW { &mut few[..] } else { &mut many[..] };
        let Some(locals) = locals.get_mut(..args.len()) else {
            return Err(AccessError::ArgumentCount { expected: self.row.arity, found: args.len() });
        };
        for (local, global) in locals.iter_mut().zip(args) {
            *local = self.local_type(*global);
        }
        self.core.dispatch(locals)
    }

    /// The family's methods that no call selects, in canonical order; they are no entries, and have no
    /// places. Cost: a walk over their piece.
    pub fn left_out(&self) -> Result<Vec<LeftOut<'a>>, AccessError> {
        left_out(self.piece(LEFT)?, self.row.arity)
    }

    /// What is known of one entry.
    pub fn entry(&self, entry: EntryId) -> Result<EntryInfo<'a>, AccessError> {
        let row = self.core.entry_row(entry.0).ok_or(AccessError::OutOfBounds {
            tag: BLOB,
            index: u64::from(entry.0),
            bound: u64::from(self.core.entry_count()),
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
        self.core.pattern(entry)?.map(|param| self.param_name(param)).collect()
    }

    /// The name of the type that a parameter reference means, `any` for the top type.
    pub fn param_name(&self, param: ParamRef) -> Result<&'a str, AccessError> {
        let Some(ordinal) = param.ordinal() else { return Ok(TOP_TYPE) };
        Ok(self.type_info(self.core.param_type(ordinal)?)?.map_or(TOP_TYPE, |row| row.0))
    }
}

fn further_pieces<'a>(image: &ImageView<'a>, row: &FamilyRow) -> Result<&'a [PieceRow], AccessError> {
    let first = row.first_piece.get() as usize;
    let end = first.saturating_add(row.piece_count.get() as usize);
    let (index, bound) = (end as u64, image.pieces.len() as u64);
    image.pieces.get(first..end).ok_or(AccessError::OutOfBounds { tag: PIEC, index, bound })
}
