//! All types of a project by number, declared and constructed, each once, with canonical names.

use std::collections::HashMap;

use super::super::decl::Mark;
use super::unit::Spot;
use crate::build::facts::TOP_TYPE;
use crate::digest::fast_hash;

/// Longest name of a constructed type, in bytes. A longer one is cut and ends with its hash, so
/// that types inside types cannot grow names exponentially.
const MAX_NAME_BYTES: usize = 512;
/// How much of a cut name is kept, in bytes.
const KEPT_NAME_BYTES: usize = 200;

/// A type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct TypeId(u32);

impl TypeId {
    /// The top type.
    pub(super) const ANY: Self = Self(0);

    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// How a type is made, as far as that decides what is above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Declared, built in, or known only by its name.
    Named,
    /// A reference or pointer.
    Pointing(Mark, TypeId),
    /// A generic type with arguments; the bare one is above it.
    Applied(TypeId),
    /// Sorted alternatives; the union is above each.
    Union(Vec<TypeId>),
    /// Operands; each is above the intersection.
    Intersection(Vec<TypeId>),
    /// A literal; the type of its kind is above it.
    Literal(TypeId),
    /// Anything else that is made of other types and is related to none.
    Made,
}

/// What is known of one type.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) shape: Shape,
    /// How deep types nest in it; 0 where none does.
    pub(super) depth: u32,
    pub(super) sealed: bool,
    /// Whether it is declared only by `struct S;` so far.
    pub(super) forward: bool,
    pub(super) spot: Option<Spot>,
}

/// Every type there is.
#[derive(Debug)]
pub(super) struct Universe {
    entries: Vec<Entry>,
    by_name: HashMap<String, TypeId>,
}

impl Universe {
    /// Only the top type.
    pub(super) fn new() -> Self {
        let top = Entry {
            name: TOP_TYPE.to_owned(),
            shape: Shape::Named,
            depth: 0,
            sealed: false,
            forward: false,
            spot: None,
        };
        Self { entries: vec![top], by_name: HashMap::from([(TOP_TYPE.to_owned(), TypeId::ANY)]) }
    }

    /// All types in order of their numbers, the top type first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (TypeId, &Entry)> {
        self.entries.iter().enumerate().map(|(index, entry)| (TypeId(index as u32), entry))
    }

    /// Number of types, the top type included.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn entry(&self, id: TypeId) -> &Entry {
        self.entries.get(id.index()).expect("a type's number comes from its universe")
    }

    pub(super) fn name(&self, id: TypeId) -> &str {
        &self.entry(id).name
    }

    /// The type that is declared at `spot`. The first declaration of a name counts, but one that
    /// comes forward gives way to the next.
    pub(super) fn declare(&mut self, name: &str, sealed: bool, forward: bool, spot: Spot) -> TypeId {
        let id = self.named(name);
        if let Some(entry) = self.entries.get_mut(id.index())
            && (entry.spot.is_none() || entry.forward)
            && id != TypeId::ANY
        {
            entry.spot = Some(spot);
            entry.sealed = sealed;
            entry.forward = forward;
        }
        id
    }

    /// The type of this name, made where there is none.
    pub(super) fn named(&mut self, name: &str) -> TypeId {
        self.intern(cut(name), Shape::Named, 0)
    }

    /// `base<args>`. Where no argument says anything, that is the base itself.
    pub(super) fn applied(&mut self, base: TypeId, args: &[TypeId]) -> TypeId {
        if base == TypeId::ANY || args.iter().all(|arg| *arg == TypeId::ANY) {
            return base;
        }
        let name = format!("{}<{}>", self.name(base), self.list(args, ", "));
        let depth = self.depth(args).max(self.entry(base).depth + 1);
        self.intern(name, Shape::Applied(base), depth)
    }

    /// A type behind a mark.
    pub(super) fn marked(&mut self, mark: Mark, inner: TypeId) -> TypeId {
        let name = format!("{}{}", mark.as_str(), self.operand(inner));
        let shape = if mark.is_covariant() { Shape::Pointing(mark, inner) } else { Shape::Made };
        let depth = self.depth(&[inner]);
        self.intern(name, shape, depth)
    }

    /// `A | B`. The order and repetitions of alternatives do not count; one of them alone is itself.
    pub(super) fn union(&mut self, alternatives: &[TypeId]) -> TypeId {
        let mut flat: Vec<TypeId> = Vec::with_capacity(alternatives.len());
        for id in alternatives {
            match &self.entry(*id).shape {
                Shape::Union(inner) => flat.extend_from_slice(inner),
                _ => flat.push(*id),
            }
        }
        self.sort(&mut flat);
        match flat.as_slice() {
            [one] => *one,
            flat if flat.is_empty() || flat.contains(&TypeId::ANY) => TypeId::ANY,
            _ => {
                let (name, depth) = (self.list(&flat, " | "), self.depth(&flat));
                self.intern(name, Shape::Union(flat), depth)
            }
        }
    }

    /// `A & B`. Operands that say nothing are left out.
    pub(super) fn intersection(&mut self, operands: &[TypeId]) -> TypeId {
        let mut flat: Vec<TypeId> = operands.iter().copied().filter(|id| *id != TypeId::ANY).collect();
        self.sort(&mut flat);
        match flat.as_slice() {
            [] => TypeId::ANY,
            [one] => *one,
            _ => {
                let names: Vec<String> = flat.iter().map(|id| self.operand(*id)).collect();
                let depth = self.depth(&flat);
                self.intern(names.join(" & "), Shape::Intersection(flat), depth)
            }
        }
    }

    /// A literal below the type of its kind.
    pub(super) fn literal(&mut self, text: &str, kind: &str) -> TypeId {
        let kind = self.named(kind);
        self.intern(text.to_owned(), Shape::Literal(kind), 1)
    }

    /// A type made of others and related to none, by its canonical name.
    pub(super) fn made(&mut self, name: String, parts: &[TypeId]) -> TypeId {
        let depth = self.depth(parts);
        self.intern(name, Shape::Made, depth)
    }

    /// Names with a separator between them.
    pub(super) fn list(&self, ids: &[TypeId], separator: &str) -> String {
        ids.iter().map(|id| self.name(*id)).collect::<Vec<_>>().join(separator)
    }

    /// A name that may stand beside a mark: in parentheses where it would read otherwise.
    pub(super) fn operand(&self, id: TypeId) -> String {
        let entry = self.entry(id);
        let loose = match entry.shape {
            Shape::Union(_) | Shape::Intersection(_) => true,
            Shape::Made => entry.name.starts_with("func(") || entry.name.contains('!'),
            _ => false,
        };
        if loose { format!("({})", entry.name) } else { entry.name.clone() }
    }

    fn depth(&self, parts: &[TypeId]) -> u32 {
        parts.iter().map(|id| self.entry(*id).depth + 1).max().unwrap_or(1)
    }

    fn sort(&self, ids: &mut Vec<TypeId>) {
        ids.sort_by(|a, b| self.name(*a).cmp(self.name(*b)));
        ids.dedup();
    }

    fn intern(&mut self, name: String, shape: Shape, depth: u32) -> TypeId {
        let name = if name.len() > MAX_NAME_BYTES { cut(&name) } else { name };
        if let Some(known) = self.by_name.get(&name) {
            return *known;
        }
        let id = TypeId(self.entries.len() as u32);
        self.by_name.insert(name.clone(), id);
        self.entries.push(Entry { name, shape, depth, sealed: false, forward: false, spot: None });
        id
    }
}

/// A name of bearable length: a long one keeps its beginning and gets the hash of the whole.
fn cut(name: &str) -> String {
    if name.len() <= MAX_NAME_BYTES {
        return name.to_owned();
    }
    let kept =
        name.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= KEPT_NAME_BYTES).last();
    let kept = name.get(..kept.unwrap_or(0)).unwrap_or_default();
    format!("{kept}…{:016x}", fast_hash(name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_union_is_the_same_in_any_order_and_nesting() {
        let mut types = Universe::new();
        let [a, b, c] = ["m::A", "m::B", "m::C"].map(|name| types.named(name));
        let ab = types.union(&[b, a]);
        assert_eq!(types.name(ab), "m::A | m::B");
        assert_eq!(types.union(&[a, b, a]), ab);
        let abc = types.union(&[c, ab]);
        assert_eq!(types.name(abc), "m::A | m::B | m::C");
        assert_eq!(types.union(&[a, TypeId::ANY]), TypeId::ANY);
        assert_eq!(types.union(&[a, a]), a);
    }

    #[test]
    fn marks_on_unions_are_not_marks_on_their_first_alternative() {
        let mut types = Universe::new();
        let [a, b] = ["m::A", "m::B"].map(|name| types.named(name));
        let ab = types.union(&[a, b]);
        let of_union = types.marked(Mark::Reference, ab);
        let of_a = types.marked(Mark::Reference, a);
        let union = types.union(&[of_a, b]);
        assert_eq!(types.name(of_union), "&(m::A | m::B)");
        assert_eq!(types.name(union), "&m::A | m::B");
    }

    #[test]
    fn names_do_not_grow_with_each_level() {
        let mut types = Universe::new();
        let base = types.named("m::P");
        let mut inner = types.named("m::T");
        let mut seen = Vec::new();
        for _ in 0..60 {
            inner = types.applied(base, &[inner, inner]);
            assert!(types.name(inner).len() <= MAX_NAME_BYTES);
            assert!(!seen.contains(&inner), "each level is a type of its own");
            seen.push(inner);
        }
    }

    #[test]
    fn an_application_to_nothing_in_particular_is_the_bare_type() {
        let mut types = Universe::new();
        let vec = types.named("m::Vec");
        assert_eq!(types.applied(vec, &[TypeId::ANY]), vec);
    }
}
