//! What a comparison of two images says.

use crate::format::Rule;
use crate::image::ImagePlace;

/// What differs between two images. Places alone are no difference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageDiff {
    /// Types that only the later image lists, in name order.
    pub types_added: Vec<String>,
    /// Types that only the earlier image lists, in name order.
    pub types_removed: Vec<String>,
    /// Families of which anything differs, in order of name and arity.
    pub families: Vec<FamilyDiff>,
    /// Number of families of which nothing differs.
    pub same_families: u32,
}

impl ImageDiff {
    /// Whether both images say the same.
    pub fn is_empty(&self) -> bool {
        self.types_added.is_empty() && self.types_removed.is_empty() && self.families.is_empty()
    }
}

/// Whether a family is in both images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FamilyState {
    /// Only in the later one.
    Added,
    /// Only in the earlier one.
    Removed,
    /// In both.
    Changed,
}

impl FamilyState {
    /// The word that is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

/// What differs in one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FamilyDiff {
    /// Qualified name.
    pub name: String,
    /// Number of dispatching positions.
    pub arity: u8,
    /// Whether it is in both images.
    pub state: FamilyState,
    /// The rules, where they differ: the earlier and the later one.
    pub rules: Option<(Rule, Rule)>,
    /// Every method of either image. The other fields number them by their index here.
    pub methods: Vec<DiffMethod>,
    /// Calls that are answered differently. Of an added family only the ambiguous ones, of a removed
    /// one none: there it is every call.
    pub regions: Vec<Region>,
    /// Number of tuples of types in all regions, also of those that are left out. Any other type
    /// counts as one type.
    pub changed_tuples: u64,
    /// Methods of the later image that no call selects, though they are new, or one did before. A
    /// sealed type with others under it has no values of its own, so a method for it that has one for
    /// each of these beside it is never selected.
    pub unreachable: Vec<MethodNumber>,
    /// Methods of both images that a call selects in the later one only.
    pub reachable: Vec<MethodNumber>,
    /// Whether a limit ended the comparison, so that there may be more regions, and `unreachable` and
    /// `reachable` are not known and empty.
    pub truncated: bool,
}

impl FamilyDiff {
    /// A method by its number.
    pub fn method(&self, number: MethodNumber) -> Option<&DiffMethod> {
        self.methods.get(number.0)
    }

    /// Methods that only the later image has.
    pub fn added(&self) -> impl Iterator<Item = &DiffMethod> {
        self.methods.iter().filter(|method| !method.in_before)
    }

    /// Methods that only the earlier image has.
    pub fn removed(&self) -> impl Iterator<Item = &DiffMethod> {
        self.methods.iter().filter(|method| !method.in_after)
    }

    /// Regions that were not ambiguous and are now.
    pub fn new_ambiguities(&self) -> impl Iterator<Item = &Region> {
        self.regions.iter().filter(|region| region.kind() == ChangeKind::NewAmbiguity)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.state == FamilyState::Changed
            && self.rules.is_none()
            && self.regions.is_empty()
            && self.added().next().is_none()
            && self.removed().next().is_none()
            && self.unreachable.is_empty()
            && self.reachable.is_empty()
            && !self.truncated
    }
}

/// A method's index in [`FamilyDiff::methods`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MethodNumber(pub usize);

/// A method of either image. It is the same one in both if implementation, module and the names of
/// the pattern are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffMethod {
    /// Names of the parameter types; `any` for the top type.
    pub pattern: Vec<String>,
    /// Symbol of the implementation.
    pub implementation: String,
    /// Module of the implementation.
    pub module: String,
    /// Where it stands, as the later image that has it says.
    pub place: Option<ImagePlace>,
    /// Whether the earlier image has it.
    pub in_before: bool,
    /// Whether the later image has it.
    pub in_after: bool,
}

/// Who answers a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// This method.
    Method(MethodNumber),
    /// Nobody.
    NoMethod,
    /// Nobody, because none of these is more specific than the others.
    Ambiguous(Vec<MethodNumber>),
}

/// How an answer changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChangeKind {
    /// It is ambiguous now.
    NewAmbiguity,
    /// Another method wins.
    Winner,
    /// A method answered; none does.
    Lost,
    /// It is ambiguous as before, with other candidates.
    Candidates,
    /// It is no longer ambiguous.
    Resolved,
    /// No method answered; one does.
    Gained,
}

impl ChangeKind {
    pub(super) fn of(before: &Verdict, after: &Verdict) -> Self {
        match (before, after) {
            (Verdict::Ambiguous(_), Verdict::Ambiguous(_)) => Self::Candidates,
            (_, Verdict::Ambiguous(_)) => Self::NewAmbiguity,
            (Verdict::Ambiguous(_), _) => Self::Resolved,
            (_, Verdict::NoMethod) => Self::Lost,
            (Verdict::NoMethod, _) => Self::Gained,
            _ => Self::Winner,
        }
    }

    /// The word that is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NewAmbiguity => "new-ambiguity",
            Self::Winner => "winner",
            Self::Lost => "lost",
            Self::Candidates => "candidates",
            Self::Resolved => "resolved",
            Self::Gained => "gained",
        }
    }
}

/// Whether the types of a region are in both images. A type that is missing counts there as any
/// other type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Age {
    /// All are in both.
    Both,
    /// At some position stand types that only the later image lists.
    Added,
    /// At some position stand types that only the earlier image lists.
    Removed,
}

impl Age {
    /// The word that is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Added => "added",
            Self::Removed => "removed",
        }
    }
}

/// Tuples of types whose answer changes in the same way: each combination of one type of each set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// The types of each position.
    pub types: Vec<TypeSet>,
    /// Number of tuples.
    pub tuples: u64,
    /// The earlier answer.
    pub before: Verdict,
    /// The later answer.
    pub after: Verdict,
    /// Whether the types are in both images.
    pub age: Age,
}

impl Region {
    /// How the answer changes.
    pub fn kind(&self) -> ChangeKind {
        ChangeKind::of(&self.before, &self.after)
    }
}

/// Types of one position of a region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TypeSet {
    /// Those that are not under another type of the set, as far as parameters tell.
    pub tops: Vec<String>,
    /// Those under a type of `tops` that are not in the set, without those under another of them: the
    /// set is `tops` and what is under them, except these and what is under them. A type of the set
    /// that this would leave out is among `tops`, too.
    pub except: Vec<String>,
    /// All that a table lists, in name order.
    pub types: Vec<String>,
    /// Whether any other type is one of them.
    pub has_other: bool,
    /// Whether these are all types there are.
    pub is_all: bool,
}
