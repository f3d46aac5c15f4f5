//! Families, pieces and blob of an image in columns.
//!
//! `FAMI` and `PIEC` say where the pieces in `BLOB` lie and what they are, so the three are stored
//! together: pieces of one kind, of all families, make the columns, and where they lie costs next to
//! nothing, because the writer appends each piece that is new.

use zerocopy::{FromBytes, IntoBytes};

use super::layout::{BLOB, FAMI, FamilyRow, PIEC, PieceRow};
use crate::format::Tag;
use crate::format::columnar::{
    ENTRY_FIELDS, Input, Joint, Malformed, get_bit_rows, get_byte_column, get_bytes, get_ints, get_rows,
    put_bit_rows, put_bytes, put_ints, put_rows, rotate_words, unrotate_words,
};
use crate::format::core::above_stride_bytes;
use crate::format::layout::{CLAS, DDAG, EntryRow, RULE, SECTION_ALIGN};

/// Fields of a family's row; the table hash is two.
const FAMILY_FIELDS: &[u8] = &[4, 1, 1, 1, 1, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4];
const PIECE_FIELDS: &[u8] = &[4; 3];

/// The piece begins where the last new one ends, at the next multiple of 8.
const NEXT: u32 = 0;
/// The piece's offset is 0.
const ZERO: u32 = 1;
/// The offset is that of the family before.
const AS_BEFORE: u32 = 2;
/// The offset is among the stored ones.
const STORED: u32 = 3;

/// Pieces of a family's row, in the order in which the writer appends them.
const ROW_PIECES: usize = 5;

/// What a piece holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Ascending u32.
    Ascending,
    /// Bit rows of so many bytes.
    BitRows(usize),
    Patterns,
    Entries,
    Classes,
    Nodes,
    Rule,
    Other,
}

/// A piece as the counts describe it.
#[derive(Clone, Copy, Debug)]
struct Slot {
    kind: Kind,
    len: usize,
    /// 0 to 4: which piece of a family's row; 5: a further one.
    field: usize,
}

/// A slot whose content stands in the blob for the first time.
#[derive(Clone, Copy, Debug)]
struct NewPiece {
    kind: Kind,
    at: usize,
    len: usize,
}

fn further_kind(tag: Tag, len: usize) -> Kind {
    match tag {
        CLAS => Kind::Classes,
        DDAG if len.is_multiple_of(4) => Kind::Nodes,
        RULE if len.is_multiple_of(2) => Kind::Rule,
        _ => Kind::Other,
    }
}

/// All pieces in the order in which the writer appends them: for each family those of its row, then its
/// further ones. Pieces that no family claims come last.
fn slots(families: &[FamilyRow], pieces: &[PieceRow]) -> Result<Vec<Slot>, Malformed> {
    let mut slots = Vec::with_capacity(ROW_PIECES * families.len() + pieces.len());
    let mut further = pieces.iter().map(|row| {
        let len = row.len.get() as usize;
        Slot { kind: further_kind(Tag(row.tag), len), len, field: ROW_PIECES }
    });
    for row in families {
        let types = row.type_count.get() as usize;
        let (params, entries) = (row.param_count.get(), row.entry_count.get() as usize);
        let stride = above_stride_bytes(params);
        let product = |a: usize, b: usize| a.checked_mul(b).ok_or(Malformed);
        let of_row = [
            (Kind::Ascending, product(types, 4)?),
            (Kind::Ascending, product(params as usize, 4)?),
            (Kind::BitRows(stride), product(types, stride)?),
            (Kind::Patterns, product(entries, 2 * usize::from(row.arity))?),
            (Kind::Entries, product(entries, size_of::<EntryRow>())?),
        ];
        slots.extend(of_row.into_iter().enumerate().map(|(field, (kind, len))| Slot { kind, len, field }));
        slots.extend(further.by_ref().take(row.piece_count.get() as usize));
    }
    slots.extend(further);
    Ok(slots)
}

/// The offsets of all slots, read or written in their order.
fn offset_fields<'a>(
    families: &'a mut [FamilyRow],
    pieces: &'a mut [PieceRow],
) -> Vec<&'a mut zerocopy::little_endian::U32> {
    let mut fields = Vec::with_capacity(ROW_PIECES * families.len() + pieces.len());
    let mut further = pieces.iter_mut().map(|row| &mut row.offset);
    for row in families {
        let further_count = row.piece_count.get() as usize;
        let FamilyRow { type_map, params, above, patterns, entries, .. } = row;
        fields.extend([type_map, params, above, patterns, entries]);
        fields.extend(further.by_ref().take(further_count));
    }
    fields.extend(further);
    fields
}

/// Makes `first_piece` and `first_place` what they are more than the rows before say, or undoes that.
fn count_firsts(families: &mut [FamilyRow], undo: bool) {
    let (mut piece, mut place) = (0_u32, 0_u32);
    for row in families {
        let counted =
            |value: u32, sum: u32| if undo { value.wrapping_add(sum) } else { value.wrapping_sub(sum) };
        row.first_piece = counted(row.first_piece.get(), piece).into();
        row.first_place = counted(row.first_place.get(), place).into();
        piece = piece.wrapping_add(row.piece_count.get());
        place = place.wrapping_add(row.entry_count.get());
    }
}

/// `FAMI`, `PIEC` and `BLOB`.
pub(super) struct Families;

impl Joint for Families {
    fn tags(&self) -> &'static [Tag] {
        &[FAMI, PIEC, BLOB]
    }

    fn encode(&self, sections: &[&[u8]], out: &mut Vec<u8>) -> bool {
        encode(sections, out).is_some()
    }

    fn decode(&self, input: &mut Input<'_>, sections: &mut [&mut [u8]]) -> Result<(), Malformed> {
        let [families, pieces, blob] = sections else { return Err(Malformed) };
        if !families.len().is_multiple_of(size_of::<FamilyRow>())
            || !pieces.len().is_multiple_of(size_of::<PieceRow>())
        {
            return Err(Malformed);
        }
        get_rows(input, families, FAMILY_FIELDS)?;
        get_rows(input, pieces, PIECE_FIELDS)?;
        let families = <[FamilyRow]>::mut_from_bytes(families).map_err(|_| Malformed)?;
        let pieces = <[PieceRow]>::mut_from_bytes(pieces).map_err(|_| Malformed)?;
        count_firsts(families, true);
        let new = place(input, families, pieces, blob.len())?;
        get_groups(input, &new, blob)
    }
}

fn encode(sections: &[&[u8]], out: &mut Vec<u8>) -> Option<()> {
    let [families, pieces, blob] = sections else { return None };
    let mut families = <[FamilyRow]>::ref_from_bytes(families).ok()?.to_vec();
    let mut pieces = <[PieceRow]>::ref_from_bytes(pieces).ok()?.to_vec();
    let slots = slots(&families, &pieces).ok()?;
    let mut kinds: [Vec<u32>; ROW_PIECES + 1] = Default::default();
    let mut stored: [Vec<u32>; ROW_PIECES + 1] = Default::default();
    let mut before = [0_u32; ROW_PIECES + 1];
    let (mut new, mut end) = (Vec::new(), 0_usize);
    for (slot, field) in slots.iter().zip(offset_fields(&mut families, &mut pieces)) {
        let offset = std::mem::take(field).get();
        let next = end.next_multiple_of(SECTION_ALIGN);
        let kind = if slot.len > 0 && offset as usize == next && slot.len <= blob.len().checked_sub(next)? {
            new.push(NewPiece { kind: slot.kind, at: next, len: slot.len });
            end = next + slot.len;
            NEXT
        } else if offset == 0 {
            ZERO
        } else if slot.field < ROW_PIECES && offset == before[slot.field] {
            AS_BEFORE
        } else if offset % 8 == 0 {
            stored[slot.field].push(offset / 8);
            STORED
        } else {
            return None;
        };
        before[slot.field] = offset;
        kinds[slot.field].push(kind);
    }
    count_firsts(&mut families, false);
    put_rows(out, families.as_bytes(), FAMILY_FIELDS);
    put_rows(out, pieces.as_bytes(), PIECE_FIELDS);
    for (kinds, stored) in kinds.iter().zip(&stored) {
        put_ints(out, kinds);
        put_ints(out, stored);
    }
    put_groups(out, &new, blob);
    Some(())
}

/// Reads where the pieces lie, writes it into the rows, and tells which are new.
fn place(
    input: &mut Input<'_>,
    families: &mut [FamilyRow],
    pieces: &mut [PieceRow],
    blob_len: usize,
) -> Result<Vec<NewPiece>, Malformed> {
    let slots = slots(families, pieces)?;
    let mut kinds: [Vec<u32>; ROW_PIECES + 1] = Default::default();
    let mut stored: [Vec<u32>; ROW_PIECES + 1] = Default::default();
    for (field, (kinds, stored)) in kinds.iter_mut().zip(&mut stored).enumerate() {
        *kinds = get_ints(input, if field == ROW_PIECES { pieces.len() } else { families.len() })?;
        *stored = get_ints(input, kinds.iter().filter(|kind| **kind == STORED).count())?;
    }
    let mut kinds = kinds.map(Vec::into_iter);
    let mut stored = stored.map(Vec::into_iter);
    let mut before = [0_u32; ROW_PIECES + 1];
    let (mut new, mut end) = (Vec::with_capacity(slots.len()), 0_usize);
    for (slot, field) in slots.iter().zip(offset_fields(families, pieces)) {
        let offset = match kinds[slot.field].next().ok_or(Malformed)? {
            NEXT => {
                let next = end.next_multiple_of(SECTION_ALIGN);
                if slot.len == 0 || slot.len > blob_len.checked_sub(next).ok_or(Malformed)? {
                    return Err(Malformed);
                }
                new.push(NewPiece { kind: slot.kind, at: next, len: slot.len });
                end = next + slot.len;
                next as u32
            }
            ZERO => 0,
            AS_BEFORE => before[slot.field],
            STORED => stored[slot.field].next().and_then(|offset| offset.checked_mul(8)).ok_or(Malformed)?,
            _ => return Err(Malformed),
        };
        before[slot.field] = offset;
        field.set(offset);
    }
    Ok(new)
}

/// Groups of pieces.
const GROUPS: usize = 8;

/// The place of a kind's group in the stream.
const fn group_of(kind: Kind) -> usize {
    match kind {
        Kind::Ascending => 0,
        Kind::BitRows(_) => 1,
        Kind::Patterns => 2,
        Kind::Entries => 3,
        Kind::Classes => 4,
        Kind::Nodes => 5,
        Kind::Rule => 6,
        Kind::Other => 7,
    }
}

fn put_groups(out: &mut Vec<u8>, new: &[NewPiece], blob: &[u8]) {
    for group in 0..GROUPS {
        let members = || new.iter().filter(|piece| group_of(piece.kind) == group);
        let bytes = |piece: &NewPiece| blob.get(piece.at..piece.at + piece.len).unwrap_or_default();
        let together = || members().flat_map(bytes).copied().collect::<Vec<u8>>();
        let Some(first) = members().next() else { continue };
        match first.kind {
            Kind::Ascending => {
                let (mut firsts, mut gaps) = (Vec::new(), Vec::new());
                for piece in members() {
                    let words = bytes(piece).as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word));
                    let mut before = None;
                    for word in words {
                        match before.replace(word) {
                            None => firsts.push(word),
                            Some(before) => gaps.push(word.wrapping_sub(before).wrapping_sub(1)),
                        }
                    }
                }
                put_ints(out, &firsts);
                put_ints(out, &gaps);
            }
            Kind::BitRows(_) => put_bit_rows(out, members().map(|piece| (bytes(piece), stride_of(piece)))),
            Kind::Patterns | Kind::Rule => put_rows(out, &together(), &[2]),
            Kind::Entries => put_rows(out, &together(), ENTRY_FIELDS),
            Kind::Classes => put_rows(out, &together(), &[1]),
            Kind::Nodes => put_rows(out, &rotate_words(&together()), &[4]),
            Kind::Other => put_bytes(out, &together()),
        }
    }
}

fn stride_of(piece: &NewPiece) -> usize {
    if let Kind::BitRows(stride) = piece.kind { stride } else { 1 }
}

fn get_groups(input: &mut Input<'_>, new: &[NewPiece], blob: &mut [u8]) -> Result<(), Malformed> {
    let mut members = [0; GROUPS];
    for piece in new {
        members[group_of(piece.kind)] += 1;
    }
    let mut groups = members.map(Vec::<(&NewPiece, &mut [u8])>::with_capacity);
    let (mut rest, mut end) = (blob, 0);
    for piece in new {
        let (_padding, behind) = rest.split_at_mut_checked(piece.at - end).ok_or(Malformed)?;
        let (part, behind) = behind.split_at_mut_checked(piece.len).ok_or(Malformed)?;
        groups[group_of(piece.kind)].push((piece, part));
        (rest, end) = (behind, piece.at + piece.len);
    }
    for mut members in groups {
        let Some((first, _)) = members.first() else { continue };
        match first.kind {
            Kind::BitRows(_) => {
                let stride = |(piece, part)| (part, stride_of(piece));
                get_bit_rows(input, &mut members.into_iter().map(stride).collect::<Vec<_>>())?;
                continue;
            }
            Kind::Classes => {
                get_byte_column(input, &mut members.into_iter().map(|(_, part)| part).collect::<Vec<_>>())?;
                continue;
            }
            _ => {}
        }
        // The parts are disjoint, so together they are not longer than the blob.
        let mut together = vec![0; members.iter().map(|(_, part)| part.len()).sum()];
        match first.kind {
            Kind::Ascending => {
                let lens: Vec<usize> = members.iter().map(|(_, part)| part.len()).collect();
                get_ascending(input, &lens, &mut together)?;
            }
            Kind::Patterns | Kind::Rule => get_rows(input, &mut together, &[2])?,
            Kind::Entries => get_rows(input, &mut together, ENTRY_FIELDS)?,
            Kind::Nodes => {
                get_rows(input, &mut together, &[4])?;
                unrotate_words(&mut together);
            }
            Kind::Other | Kind::BitRows(_) | Kind::Classes => get_bytes(input, &mut together)?,
        }
        let mut rest = together.as_slice();
        for (_, part) in &mut members {
            let (from, behind) = rest.split_at_checked(part.len()).ok_or(Malformed)?;
            part.copy_from_slice(from);
            rest = behind;
        }
    }
    Ok(())
}

fn get_ascending(input: &mut Input<'_>, lens: &[usize], together: &mut [u8]) -> Result<(), Malformed> {
    let firsts = get_ints(input, lens.len())?;
    let gaps = get_ints(input, (together.len() / 4).checked_sub(lens.len()).ok_or(Malformed)?)?;
    let (mut gaps, mut words) = (gaps.as_slice(), together.as_chunks_mut::<4>().0);
    for (len, first) in lens.iter().zip(firsts) {
        let count = len / 4;
        let (own, behind) = std::mem::take(&mut words).split_at_mut_checked(count).ok_or(Malformed)?;
        let (own_gaps, gaps_behind) = gaps.split_at_checked(count.saturating_sub(1)).ok_or(Malformed)?;
        let mut value = first;
        let mut own = own.iter_mut();
        *own.next().ok_or(Malformed)? = value.to_le_bytes();
        for (word, gap) in own.zip(own_gaps) {
            value = value.wrapping_add(*gap).wrapping_add(1);
            *word = value.to_le_bytes();
        }
        (words, gaps) = (behind, gaps_behind);
    }
    Ok(())
}
