//! What is told of a file.

/// What a file should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A table.
    Table,
    /// An image.
    Image,
}

impl FileKind {
    /// The word that is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Image => "image",
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, in bytes from the file's beginning.
    pub at_bytes: u64,
    /// What was expected and what is there.
    pub what: String,
}

/// A field of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in the specification.
    pub name: &'static str,
    /// Where it is, in bytes from the file's beginning.
    pub at_bytes: u64,
    /// Its value as text; none where the file ends before it.
    pub value: Option<String>,
}

/// A checksum of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    /// What it covers.
    pub what: &'static str,
    /// The one in the header.
    pub stored: u32,
    /// That of the bytes; none where they are not all there.
    pub computed: Option<u32>,
}

impl Checksum {
    /// Whether it is that of the bytes.
    pub fn is_right(&self) -> bool {
        self.computed == Some(self.stored)
    }
}

/// A row of the section directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionDump {
    /// The tag; bytes that are no ASCII letters are escaped.
    pub tag: String,
    /// The flags, bit 0 being *required*.
    pub flags: u32,
    /// Where the section begins.
    pub offset_bytes: u64,
    /// How long it should be.
    pub len_bytes: u64,
    /// How much of it is in the file.
    pub present_bytes: u64,
}

/// A listed type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeDump {
    /// Its name; `?` where it cannot be read.
    pub name: String,
    /// Whether it is sealed.
    pub sealed: bool,
    /// The parameters it is under; empty in the list of an image.
    pub under: Vec<String>,
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryDump {
    /// Names of the parameter types; `?` where one cannot be read.
    pub pattern: Vec<String>,
    /// Symbol of the implementation.
    pub implementation: String,
    /// Module of the implementation.
    pub module: String,
    /// Longest chain of more specific entries.
    pub specificity: u32,
    /// Calls seen in a profile.
    pub call_frequency: u32,
    /// Whether it has the default mark.
    pub default: bool,
    /// Where it stands in the sources, in an image.
    pub place: Option<String>,
}

/// A class of a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassDump {
    /// The position.
    pub position: usize,
    /// The class.
    pub class: u32,
    /// Its listed types.
    pub types: Vec<String>,
}

/// A node of a decision DAG.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeDump {
    /// The word at which it begins.
    pub word: u32,
    /// The position it looks at.
    pub position: u8,
    /// Where each class leads: `node 12`, `entry 3`, `no method`, `ambiguous`.
    pub children: Vec<String>,
}

/// How often an outcome stands in a matrix or a perfect hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutcomeCount {
    /// `entry 3`, `no method`, `ambiguous`; `?` where it is none of them.
    pub outcome: String,
    /// In how many cells or slots.
    pub count: u64,
}

/// Cells of a matrix that differ in the class of the last position only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixRow {
    /// The class of each position but the last.
    pub classes: Vec<u32>,
    /// The outcome for each class of the last position.
    pub outcomes: Vec<String>,
}

/// Section `MTRX`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixDump {
    /// Bits of a cell.
    pub cell_bits: u32,
    /// Cells that there should be; where the classes cannot be read, as many as the bytes hold.
    pub cells: u64,
    /// The outcomes that were read: no method, ambiguous, entries, and what is none of them.
    pub outcomes: Vec<OutcomeCount>,
    /// The cells, where they are few.
    pub rows: Vec<MatrixRow>,
}

/// Section `PHSH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashDump {
    /// Displacements that there should be.
    pub buckets: u32,
    /// Slots that there should be.
    pub slots: u32,
    /// Slots that were read and hold a tuple.
    pub occupied: u64,
    /// The outcomes in these, in the order of [`MatrixDump::outcomes`].
    pub outcomes: Vec<OutcomeCount>,
}

/// The place of a parameter in the one order that all types' lists have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankDump {
    /// The parameter's type.
    pub param: String,
    /// From 0, nearest first.
    pub rank: u16,
}

/// Parameters that belong to a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamList {
    /// The type.
    pub name: String,
    /// The parameters' types.
    pub params: Vec<String>,
}

/// Section `RULE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleDump {
    /// Of rule `precedence`.
    Precedence {
        /// The positions in the order in which they are compared.
        argument_order: Vec<u8>,
        /// One order for all: the rank of each parameter.
        ranks: Vec<RankDump>,
        /// No such order: each type with its list, nearest first.
        lists: Vec<ParamList>,
    },
    /// Of rule `levels`: each parameter with those that it counts as being under.
    Levels(Vec<ParamList>),
    /// Of rule `custom`: the rule's name.
    Custom(String),
}

/// A method that no call selects, and that is no entry therefore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOutDump {
    /// Names of the parameter types; `?` where one cannot be read.
    pub pattern: Vec<String>,
    /// Symbol of the implementation.
    pub implementation: String,
    /// Module of the implementation.
    pub module: String,
    /// Whether it has the default mark.
    pub default: bool,
}

/// A further piece of a family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PieceDump {
    /// The tag.
    pub tag: String,
    /// From the first byte of section `BLOB`.
    pub offset_bytes: u64,
    /// How long it should be.
    pub len_bytes: u64,
}

/// A family, or the one of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FamilyDump {
    /// Qualified name.
    pub name: String,
    /// Number of positions.
    pub arity: u8,
    /// Code and word of the resolution rule.
    pub rule: String,
    /// Code and word of the optimization.
    pub optimization: String,
    /// The table hash.
    pub table_hash: u64,
    /// The flags, bit 0 being *may be ambiguous*.
    pub flags: u32,
    /// The local types.
    pub types: Vec<TypeDump>,
    /// The entries in file order.
    pub entries: Vec<EntryDump>,
    /// The classes that have types.
    pub classes: Vec<ClassDump>,
    /// Where a call begins in the DAG.
    pub root: Option<String>,
    /// The nodes in file order.
    pub nodes: Vec<NodeDump>,
    /// What the rule needs beside patterns and relations.
    pub rule_data: Option<RuleDump>,
    /// The matrix of cells.
    pub matrix: Option<MatrixDump>,
    /// The perfect hash.
    pub hash: Option<HashDump>,
    /// Methods that no call selects.
    pub left_out: Vec<LeftOutDump>,
    /// The rows of section `PIEC`, in an image.
    pub pieces: Vec<PieceDump>,
}

/// All that can be read of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// What it was read as.
    pub kind: FileKind,
    /// How long the file is.
    pub len_bytes: u64,
    /// Code and word of the codec; none where the file ends before it.
    pub codec: Option<String>,
    /// How long the file is decoded, where it is in a codec and could be decoded: then everything but
    /// header and checksums is of the decoded file, and so are the places of problems in sections.
    pub decoded_bytes: Option<u64>,
    /// The fixed header.
    pub fields: Vec<Field>,
    /// Those that could be compared.
    pub checksums: Vec<Checksum>,
    /// The section directory.
    pub sections: Vec<SectionDump>,
    /// Every type of an image; empty for a table.
    pub types: Vec<TypeDump>,
    /// The families of an image, the family of a table.
    pub families: Vec<FamilyDump>,
    /// What is wrong, in the order in which it was met. A long list is cut.
    pub problems: Vec<Problem>,
    /// How many more there are.
    pub more_problems: usize,
    /// Whether there are more rows than are told.
    pub truncated: bool,
}

impl Inspection {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }
}
