//! What a scan reads out of one text: declarations with byte offsets, nothing resolved yet.
//!
//! Every `u32` in here is an offset and every `u64` a fingerprint; `outline` tells them from what is declared by that.

use super::problem::Problem;

/// A type as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum TypeExpr {
    /// The top type.
    Any,
    /// `a.b.C<T>`; the two separators and the two kinds of brackets mean the same.
    Path { segments: Vec<String>, args: Vec<TypeExpr> },
    /// A type behind a mark: `&`, `&mut `, `*`, `*const `, `[]`, `[]const `, `?`, `!`, `...`.
    Marked(Mark, Box<TypeExpr>),
    /// `[T; 3]` and `[3]T`.
    Array(Box<TypeExpr>, String),
    /// `A!B` and `A ! B`, kept in the written order.
    ErrorUnion(Box<TypeExpr>, Box<TypeExpr>),
    /// `(T, U)`.
    Tuple(Vec<TypeExpr>),
    /// `func(A) -> B`.
    Function(Vec<TypeExpr>, Option<Box<TypeExpr>>),
    /// `A | B`.
    Union(Vec<TypeExpr>),
    /// `A & B`; inline records among the operands are left out.
    Intersection(Vec<TypeExpr>),
    /// A record without a name: `{ a: T }`, with its tokens.
    Record(String),
    /// `0`, `"x"`, `true`, `1.5`, `'c'`.
    Literal(Literal, String),
}

/// What stands before a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Mark {
    Reference,
    MutableReference,
    Pointer,
    ConstPointer,
    Slice,
    ConstSlice,
    Optional,
    Fallible,
    Variadic,
}

impl Mark {
    /// How it stands in a canonical name.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Reference => "&",
            Self::MutableReference => "&mut ",
            Self::Pointer => "*",
            Self::ConstPointer => "*const ",
            Self::Slice => "[]",
            Self::ConstSlice => "[]const ",
            Self::Optional => "?",
            Self::Fallible => "!",
            Self::Variadic => "...",
        }
    }

    /// Whether `M T` is a subtype of `M S` for each `T` below `S`.
    pub(super) const fn is_covariant(self) -> bool {
        matches!(self, Self::Reference | Self::MutableReference | Self::Pointer | Self::ConstPointer)
    }
}

/// Kind of a literal type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Literal {
    Integer,
    Float,
    Text,
    Bool,
    Character,
}

/// A type parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Generic {
    pub(super) name: String,
    /// Its first bound; `None` stands for the top type.
    pub(super) bound: Option<TypeExpr>,
}

/// What encloses a declaration. Scope 0 is the file.
#[derive(Clone, Debug, Hash)]
pub(super) struct Scope {
    /// Index of the enclosing scope; the file is its own.
    pub(super) parent: usize,
    pub(super) kind: ScopeKind,
    /// Where its block opens.
    pub(super) start: u32,
}

#[derive(Clone, Debug, Hash)]
pub(super) enum ScopeKind {
    File,
    /// `module name { … }`.
    Module(String),
    /// The body of a type declaration: its index in [`Scan::types`].
    Type(usize),
    /// An `impl` block: its index in [`Scan::impls`].
    Impl(usize),
}

/// One import.
#[derive(Clone, Debug, Hash)]
pub(super) struct Import {
    pub(super) scope: usize,
    /// The path as it is written, without quotes and without the list of names.
    pub(super) written: String,
    pub(super) target: ImportTarget,
    /// `as X`.
    pub(super) alias: Option<String>,
    /// `.{a, b as c}`: the names there and here. `None` where the module itself is imported.
    pub(super) items: Option<Vec<(String, String)>>,
    pub(super) start: u32,
    pub(super) end: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum ImportTarget {
    /// `a.b.c`, `a::b`, `super::a`, `"std.log"`.
    Module(Vec<String>),
    /// `"./x.jan"`: a file, relative to the importing one.
    File(String),
    /// `use zig "x"`: a file of another language.
    Foreign(String),
}

/// One declared type.
#[derive(Clone, Debug, Hash)]
pub(super) struct TypeDecl {
    pub(super) scope: usize,
    /// More than one segment for `struct http.response`.
    pub(super) name: Vec<String>,
    pub(super) generics: Vec<Generic>,
    pub(super) kind: TypeKind,
    /// `trait A: B + C`.
    pub(super) parents: Vec<TypeExpr>,
    pub(super) sealed: bool,
    /// `struct S;`: says nothing about what is inside, another declaration may.
    pub(super) forward: bool,
    pub(super) start: u32,
    pub(super) end: u32,
}

#[derive(Clone, Debug, Hash)]
pub(super) enum TypeKind {
    /// A struct, record, union or opaque type.
    Plain,
    Trait,
    /// An enum or error set with its variants.
    Variants(Vec<Variant>),
    /// A sum with its alternatives.
    Sum(Vec<Alternative>),
    Alias(TypeExpr),
}

/// One variant of an enum.
#[derive(Clone, Debug, Hash)]
pub(super) struct Variant {
    pub(super) name: String,
    pub(super) start: u32,
    pub(super) end: u32,
}

/// One alternative of a sum.
#[derive(Clone, Debug, Hash)]
pub(super) struct Alternative {
    pub(super) expr: TypeExpr,
    /// Whether a payload stands beside it, so that it declares a type of its own.
    pub(super) declares: bool,
    pub(super) start: u32,
    pub(super) end: u32,
}

/// One `impl` block.
#[derive(Clone, Debug, Hash)]
pub(super) struct ImplDecl {
    pub(super) scope: usize,
    pub(super) generics: Vec<Generic>,
    pub(super) implemented: Option<TypeExpr>,
    pub(super) target: TypeExpr,
    pub(super) start: u32,
    pub(super) end: u32,
}

/// One function.
#[derive(Clone, Debug, Hash)]
pub(super) struct FunctionDecl {
    pub(super) scope: usize,
    /// More than one segment for `func Type.name`.
    pub(super) name: Vec<String>,
    pub(super) generics: Vec<Generic>,
    pub(super) params: Vec<Param>,
    pub(super) external: bool,
    pub(super) dynamic: bool,
    pub(super) signature_hash: u64,
    pub(super) body_hash: Option<u64>,
    /// The name's bytes.
    pub(super) start: u32,
    pub(super) end: u32,
}

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Param {
    pub(super) is_self: bool,
    /// `None` where no type is written.
    pub(super) ty: Option<TypeExpr>,
}

/// Everything in one text.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Scan {
    /// `module a.b;` and where it stands.
    pub(super) module: Option<String>,
    pub(super) scopes: Vec<Scope>,
    pub(super) imports: Vec<Import>,
    pub(super) types: Vec<TypeDecl>,
    pub(super) impls: Vec<ImplDecl>,
    pub(super) functions: Vec<FunctionDecl>,
    pub(super) problems: Vec<Problem>,
    /// How many more problems there are than are kept.
    pub(super) problems_left_out: u64,
}
