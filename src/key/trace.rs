//! Everything that entered a key, printable: what is hashed is what stands here, and nothing else.

use std::collections::BTreeMap;
use std::fmt;

use crate::digest::FramedHasher;

/// A group of inputs. A reason names the group that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum InputGroup {
    /// The family's name and arity.
    Family,
    /// The resolution rule and its parameters.
    Rule,
    /// A package's name and version.
    Package,
    /// Which file, function, section or output of a compiler.
    Unit,
    /// The methods.
    Methods,
    /// The types under a parameter, and the parameters above each.
    Types,
    /// Content of a package's sources.
    Sources,
    /// Packages that a package is built with.
    Dependencies,
    /// Optimizer settings.
    Optimizer,
    /// Calls that a profile counted.
    Profile,
    /// Codec of the bytes.
    Codec,
    /// Version of the file format.
    Format,
    /// The compiler and the front end, with their versions.
    Compiler,
    /// Build configuration that changes the answer.
    Configuration,
    /// Namespace of the cache.
    Namespace,
}

impl InputGroup {
    /// Every group, in the order in which they are hashed and printed.
    pub const ALL: [Self; 15] = [
        Self::Family,
        Self::Rule,
        Self::Package,
        Self::Unit,
        Self::Methods,
        Self::Types,
        Self::Sources,
        Self::Dependencies,
        Self::Optimizer,
        Self::Profile,
        Self::Codec,
        Self::Format,
        Self::Compiler,
        Self::Configuration,
        Self::Namespace,
    ];

    /// The word that stands in traces.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Family => "family",
            Self::Rule => "rule",
            Self::Package => "package",
            Self::Unit => "unit",
            Self::Methods => "method",
            Self::Types => "type",
            Self::Sources => "source",
            Self::Dependencies => "dependency",
            Self::Optimizer => "optimizer",
            Self::Profile => "profile",
            Self::Codec => "codec",
            Self::Format => "format",
            Self::Compiler => "compiler",
            Self::Configuration => "configuration",
            Self::Namespace => "namespace",
        }
    }
}

/// One input: a group, an item within it, its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceLine<'t> {
    /// The group.
    pub group: InputGroup,
    /// What within the group: a type's name, a method's parameters.
    pub item: &'t str,
    /// Its value.
    pub value: &'t str,
}

/// The inputs of one key, in hashing order.
///
/// A trace *is* its printed text, a line for each input, and that text is what is hashed: a build asks
/// about thousands of tables with thousands of types, so that an allocation for each line, and a call of
/// the hasher for each field, were most of what a build without changes did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace(String);

/// A difference between two traces.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InputChange {
    /// The group.
    pub group: InputGroup,
    /// What within the group.
    pub item: String,
    /// Value before; none where the item is new.
    pub old: Option<String>,
    /// Value now; none where the item is gone.
    pub new: Option<String>,
}

impl Trace {
    /// An empty trace with room for so many bytes.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(String::with_capacity(bytes))
    }

    /// Adds an input.
    pub(crate) fn push(&mut self, group: InputGroup, item: &str, value: &str) {
        self.push_pieces(group, [item], [value]);
    }

    /// Adds an input whose item and value are in pieces. Line breaks and tabs would make two traces
    /// print alike, so they are escaped.
    pub(crate) fn push_pieces<'p>(
        &mut self,
        group: InputGroup,
        item: impl IntoIterator<Item = &'p str>,
        value: impl IntoIterator<Item = &'p str>,
    ) {
        self.0.push_str(group.as_str());
        self.0.push('\t');
        item.into_iter().for_each(|piece| escape_into(&mut self.0, piece));
        self.0.push('\t');
        value.into_iter().for_each(|piece| escape_into(&mut self.0, piece));
        self.0.push('\n');
    }

    /// The inputs, in hashing order.
    pub fn lines(&self) -> impl Iterator<Item = TraceLine<'_>> {
        self.0.lines().filter_map(line_of)
    }

    /// The printed text: a line for each input.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// BLAKE3 of the printed text.
    pub(crate) fn hash(&self, context: &str) -> [u8; 32] {
        self.hash_after(&FramedHasher::new(context))
    }

    /// The same, by a hasher of the context to which nothing was added.
    pub(crate) fn hash_after(&self, context: &FramedHasher) -> [u8; 32] {
        context.clone().field("trace", self.0.as_bytes()).finish()
    }

    /// Adds the lines of another trace.
    pub(crate) fn push_all(&mut self, other: &Self) {
        self.0.push_str(&other.0);
    }

    /// Takes a printed trace. Lines that are no lines of a trace say nothing: a trace explains, and
    /// a damaged one explains less.
    pub fn parse(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// What differs between `old` and this trace, by group and item.
    pub fn changes_since(&self, old: &Self) -> Vec<InputChange> {
        fn index(trace: &Trace) -> BTreeMap<(InputGroup, &str), &str> {
            trace.lines().map(|line| ((line.group, line.item), line.value)).collect()
        }
        let change = |(group, item): (InputGroup, &str), old: Option<&str>, new: Option<&str>| InputChange {
            group,
            item: item.to_owned(),
            old: old.map(str::to_owned),
            new: new.map(str::to_owned),
        };
        let (mut before, now) = (index(old), index(self));
        let mut changes = Vec::new();
        for (of, value) in now {
            match before.remove(&of) {
                Some(previous) if previous == value => {}
                previous => changes.push(change(of, previous, Some(value))),
            }
        }
        changes.extend(before.into_iter().map(|(of, value)| change(of, Some(value), None)));
        changes.sort_unstable();
        changes
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn line_of(line: &str) -> Option<TraceLine<'_>> {
    let mut parts = line.splitn(3, '\t');
    let (word, item, value) = (parts.next()?, parts.next()?, parts.next()?);
    let group = InputGroup::ALL.into_iter().find(|group| group.as_str() == word)?;
    Some(TraceLine { group, item, value })
}

fn escape_into(out: &mut String, text: &str) {
    // Nearly every text. Looking at all bytes, without stopping at the first that is not plain, is what
    // the compiler makes wide instructions of.
    let is_special = |byte: u8| byte < b' ' || byte == b'\\' || byte >= 0x7F;
    if !text.bytes().fold(false, |found, byte| found | is_special(byte)) {
        out.push_str(text);
        return;
    }
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            // What some reader of lines takes for the end of one.
            c if c.is_control() || c == '\u{2028}' || c == '\u{2029}' => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(lines: &[(InputGroup, &str, &str)]) -> Trace {
        let mut trace = Trace::default();
        for (group, item, value) in lines {
            trace.push(*group, item, value);
        }
        trace
    }

    #[test]
    fn a_printed_trace_reads_back() {
        let lines = [(InputGroup::Rule, "", "symmetric"), (InputGroup::Types, "m::A\tB\n", "open; above \\")];
        let written = trace(&lines);
        assert_eq!(Trace::parse(&written.to_string()), written);
    }

    #[test]
    fn changes_name_the_item_with_its_old_and_new_value() {
        let old = trace(&[
            (InputGroup::Types, "A", "1"),
            (InputGroup::Types, "B", "1"),
            (InputGroup::Rule, "", "x"),
        ]);
        let new = trace(&[
            (InputGroup::Types, "A", "2"),
            (InputGroup::Types, "C", "1"),
            (InputGroup::Rule, "", "x"),
        ]);
        let change = |item: &str, old: Option<&str>, new: Option<&str>| InputChange {
            group: InputGroup::Types,
            item: item.to_owned(),
            old: old.map(str::to_owned),
            new: new.map(str::to_owned),
        };
        let expected =
            [change("A", Some("1"), Some("2")), change("B", Some("1"), None), change("C", None, Some("1"))];
        assert_eq!(new.changes_since(&old), expected);
    }

    #[test]
    fn moving_text_between_item_and_value_changes_the_hash() {
        let one = trace(&[(InputGroup::Types, "ab", "c")]).hash("test");
        assert_ne!(one, trace(&[(InputGroup::Types, "a", "bc")]).hash("test"));
    }
}
