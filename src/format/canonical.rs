//! The canonical serialization of a table, which the table hash is over, in memory that is used again.
//!
//! It holds every name of the table once more, close together. So the writer reads a method where its
//! author put it, in three allocations, only while this is made; from then on it reads here.

use super::interned::name_hash;
use super::logical::{LogicalEntry, LogicalTable, ParamRef};
use crate::digest::fast_hash;

/// A serialization, and where the methods stand in it.
#[derive(Debug, Default)]
pub(super) struct Canonical {
    /// What is behind `len` is of a table before.
    bytes: Vec<u8>,
    len: usize,
    methods: Vec<MethodText>,
    methods_len: usize,
    /// Modules' names, of neighbours with the same only the first.
    modules: Vec<Span>,
    patterns: PatternFacts,
}

/// Where a method's names stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct MethodText {
    /// Its pattern stands 4 bytes before its symbol, and ends there.
    symbol: Span,
    pub(super) symbol_hash: u64,
    /// Index of its module's name; equal names may have several.
    pub(super) module: u32,
    pub(super) is_default: bool,
}

/// Some of the bytes.
#[derive(Clone, Copy, Debug)]
struct Span {
    at: usize,
    len: usize,
}

/// What was seen of the patterns, which the writer compares with the rest of the table.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PatternFacts {
    /// Whether each has a parameter for each position.
    pub(super) are_whole: bool,
    pub(super) largest: ParamRef,
}

impl Canonical {
    /// Makes the serialization of `table`, whose section `RULE` is `rule`, in place of the one before.
    pub(super) fn make(&mut self, table: &LogicalTable, rule: Option<&[u8]>) {
        self.len = 0;
        let needed_bytes = canonical_len(table, rule);
        if self.bytes.len() < needed_bytes {
            // Nothing of the old ones is kept, so nothing is copied.
            self.bytes = vec![0; needed_bytes];
        }
        let head = self.room(4 + table.name.len() + 6);
        let head = put_text(head, table.name.as_bytes());
        let head = put(head, &[table.arity, table.rule.rule().code()]);
        put(head, &(table.types.len() as u32).to_le_bytes());
        for row in &table.types {
            let room = self.room(4 + row.name.len() + 5 + 2 * row.above.len());
            let room = put_text(room, row.name.as_bytes());
            let room = put(room, &[u8::from(row.sealed)]);
            let room = put(room, &(row.above.len() as u32).to_le_bytes());
            for (param, bytes) in row.above.iter().zip(room.chunks_exact_mut(2)) {
                bytes.copy_from_slice(&param.to_le_bytes());
            }
        }
        let room = self.room(4 + 4 * table.params.len() + 4);
        let mut room = put(room, &(table.params.len() as u32).to_le_bytes());
        for local in &table.params {
            room = put(room, &local.to_le_bytes());
        }
        put(room, &(table.entries.len() as u32).to_le_bytes());
        self.put_methods(&table.entries, usize::from(table.arity));
        if let Some(rule) = rule {
            put_text(self.room(4 + rule.len()), rule);
        }
    }

    fn put_methods(&mut self, entries: &[LogicalEntry], arity: usize) {
        self.methods.clear();
        self.methods.reserve(entries.len());
        let start = self.len;
        self.modules.clear();
        let (mut are_whole, mut largest) = (true, ParamRef::TOP);
        let mut last_module: Option<&[u8]> = None;
        for entry in entries {
            let (symbol, module) = (entry.implementation.as_bytes(), entry.module.as_bytes());
            let symbol_hash = name_hash(symbol);
            let pattern_len = 2 * entry.pattern.len();
            let pattern_at = self.len;
            let room = self.room(pattern_len + 9 + symbol.len() + module.len());
            let (pattern, names) = room.split_at_mut(pattern_len);
            are_whole &= entry.pattern.len() == arity;
            largest = put_pattern(pattern, &entry.pattern).max(largest);
            let rest = put_text(put_text(names, symbol), module);
            put(rest, &[u8::from(entry.default)]);
            let symbol = Span { at: pattern_at + pattern_len + 4, len: symbol.len() };
            if last_module.is_none_or(|last| !is_same(last, module)) {
                last_module = Some(module);
                self.modules.push(Span { at: symbol.at + symbol.len + 4, len: module.len() });
            }
            self.methods.push(MethodText {
                symbol,
                symbol_hash,
                module: self.modules.len() as u32 - 1,
                is_default: entry.default,
            });
        }
        self.patterns = PatternFacts { are_whole, largest };
        self.methods_len = self.len - start;
    }

    /// The table hash.
    pub(super) fn hash(&self) -> u64 {
        fast_hash(&self.bytes[..self.len])
    }

    pub(super) const fn patterns(&self) -> PatternFacts {
        self.patterns
    }

    /// Where the names of each method stand, in canonical order.
    pub(super) fn methods(&self) -> &[MethodText] {
        &self.methods
    }

    /// Bytes of all methods, hence more than their names have.
    pub(super) const fn methods_len(&self) -> usize {
        self.methods_len
    }

    pub(super) fn symbol(&self, method: MethodText) -> &[u8] {
        self.text(method.symbol)
    }

    /// A method's pattern as section `PATT` has it, of a table whose patterns are whole.
    pub(super) fn pattern(&self, method: MethodText, arity: usize) -> &[u8] {
        let end = method.symbol.at - 4;
        &self.bytes[end - 2 * arity..end]
    }

    pub(super) fn module(&self, method: MethodText) -> &[u8] {
        self.text(self.modules[method.module as usize])
    }

    /// How many names of modules there are.
    pub(super) const fn module_count(&self) -> usize {
        self.modules.len()
    }

    fn text(&self, span: Span) -> &[u8] {
        &self.bytes[span.at..span.at + span.len]
    }

    /// The next so many bytes, of whatever content.
    fn room(&mut self, bytes: usize) -> &mut [u8] {
        let start = self.len;
        self.len += bytes;
        &mut self.bytes[start..self.len]
    }
}

/// Length of the serialization.
fn canonical_len(table: &LogicalTable, rule: Option<&[u8]>) -> usize {
    let types: usize = table.types.iter().map(|row| 4 + row.name.len() + 5 + 2 * row.above.len()).sum();
    let names = |entry: &LogicalEntry| entry.implementation.len() + entry.module.len();
    let methods: usize = table.entries.iter().map(|entry| 2 * entry.pattern.len() + 9 + names(entry)).sum();
    let params = 4 + 4 * table.params.len() + 4;
    4 + table.name.len() + 6 + types + params + methods + rule.map_or(0, |rule| 4 + rule.len())
}

/// Puts a pattern into `room`, which is as long, and returns its largest parameter. Most have one or two
/// positions, for which a loop over more would only be made ready.
fn put_pattern(room: &mut [u8], pattern: &[ParamRef]) -> ParamRef {
    match (pattern, room.as_chunks_mut().0) {
        ([one], [to]) => {
            *to = one.0.to_le_bytes();
            *one
        }
        ([first, second], [to_first, to_second]) => {
            *to_first = first.0.to_le_bytes();
            *to_second = second.0.to_le_bytes();
            *first.max(second)
        }
        (params, room) => {
            for (param, to) in params.iter().zip(room) {
                *to = param.0.to_le_bytes();
            }
            params.iter().copied().max().unwrap_or(ParamRef::TOP)
        }
    }
}

/// Puts `bytes` at the front of `room`, which is long enough, and returns what is behind.
fn put<'a>(room: &'a mut [u8], bytes: &[u8]) -> &'a mut [u8] {
    let (to, rest) = room.split_at_mut(bytes.len());
    copy_short(to, bytes);
    rest
}

/// Copies `from` to `to`, which is as long. Most names have 16 to 64 bytes, and a call costs more than
/// to store some of these twice.
#[inline]
pub(super) fn copy_short(to: &mut [u8], from: &[u8]) {
    fn ends<const N: usize>(to: &mut [u8], from: &[u8]) -> Option<()> {
        let (first, last) = (from.first_chunk::<N>()?, from.last_chunk()?);
        *to.first_chunk_mut::<N>()? = *first;
        *to.last_chunk_mut::<N>()? = *last;
        Some(())
    }
    let done = match from.len() {
        32..=64 => ends::<32>(to, from),
        16..=31 => ends::<16>(to, from),
        8..=15 => ends::<8>(to, from),
        _ => None,
    };
    if done.is_none() {
        to.copy_from_slice(from);
    }
}

/// Whether two names are the same; mostly they are.
fn is_same(a: &[u8], b: &[u8]) -> bool {
    let ends = |text: &[u8]| {
        Some((u64::from_le_bytes(*text.first_chunk()?), u64::from_le_bytes(*text.last_chunk()?)))
    };
    match (a.len(), ends(a), ends(b)) {
        (8..=16, Some(ends), Some(other)) => a.len() == b.len() && ends == other,
        _ => a == b,
    }
}

/// Puts the length of `text` in four bytes and then itself, as [`put`] does.
fn put_text<'a>(room: &'a mut [u8], text: &[u8]) -> &'a mut [u8] {
    put(put(room, &(text.len() as u32).to_le_bytes()), text)
}
