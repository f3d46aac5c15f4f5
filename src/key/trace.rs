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
    /// Digest of the call-frequency profile.
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
    pub const ALL: [Self; 14] = [
        Self::Family,
        Self::Rule,
        Self::Package,
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
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceLine {
    /// The group.
    pub group: InputGroup,
    /// What within the group: a type's name, a method's parameters.
    pub item: String,
    /// Its value.
    pub value: String,
}

/// The inputs of one key, in hashing order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace(Vec<TraceLine>);

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
    /// Adds an input. Line breaks and tabs would make two traces print alike, so they are escaped.
    pub(crate) fn push(&mut self, group: InputGroup, item: &str, value: &str) {
        self.0.push(TraceLine { group, item: escape(item), value: escape(value) });
    }

    /// The inputs, in hashing order.
    pub fn lines(&self) -> &[TraceLine] {
        &self.0
    }

    /// BLAKE3 over every line, length-prefixed.
    pub(crate) fn hash(&self, context: &str) -> [u8; 32] {
        let mut hasher = FramedHasher::new(context);
        for line in &self.0 {
            hasher.field(line.group.as_str(), line.item.as_bytes());
            hasher.field("", line.value.as_bytes());
        }
        hasher.finish()
    }

    /// Reads a printed trace. Lines that are no lines of a trace are skipped: a trace explains, and
    /// a damaged one explains less.
    pub fn parse(text: &str) -> Self {
        let line = |line: &str| {
            let mut parts = line.splitn(3, '\t');
            let (word, item, value) = (parts.next()?, parts.next()?, parts.next()?);
            let group = InputGroup::ALL.into_iter().find(|group| group.as_str() == word)?;
            Some(TraceLine { group, item: item.to_owned(), value: value.to_owned() })
        };
        Self(text.lines().filter_map(line).collect())
    }

    /// What differs between `old` and this trace, by group and item.
    pub fn changes_since(&self, old: &Self) -> Vec<InputChange> {
        let index = |trace: &Self| -> BTreeMap<(InputGroup, String), String> {
            trace.0.iter().map(|line| ((line.group, line.item.clone()), line.value.clone())).collect()
        };
        let (mut before, now) = (index(old), index(self));
        let mut changes = Vec::new();
        for ((group, item), value) in now {
            match before.remove(&(group, item.clone())) {
                Some(previous) if previous == value => {}
                previous => changes.push(InputChange { group, item, old: previous, new: Some(value) }),
            }
        }
        let gone = before.into_iter().map(|((group, item), value)| InputChange {
            group,
            item,
            old: Some(value),
            new: None,
        });
        changes.extend(gone);
        changes.sort_unstable();
        changes
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|line| writeln!(f, "{}\t{}\t{}", line.group.as_str(), line.item, line.value))
    }
}

fn escape(text: &str) -> String {
    let is_plain = |c: char| !(c == '\\' || c.is_control() || c == '\u{2028}' || c == '\u{2029}');
    // Nearly every text; a build escapes thousands of them.
    if text.chars().all(is_plain) {
        return text.to_owned();
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '\t' => escaped.push_str("\\t"),
            c if is_plain(c) => escaped.push(c),
            c => escaped.extend(c.escape_unicode()),
        }
    }
    escaped
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
