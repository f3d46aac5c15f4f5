//! The keys of what a compiler makes of files and functions, and of the output they become together.

use std::fmt;

use super::trace::{InputGroup, Trace};
use crate::digest::{ContentDigest, FramedHasher};

/// Names a question about a unit: a file, a function, or a whole output. Equal keys mean equal inputs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitKey([u8; 32]);

impl UnitKey {
    /// A key that was kept.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for UnitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for UnitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnitKey({self})")
    }
}

/// What enters the key of every unit of a build beside the unit itself: its configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitSettings {
    /// The language.
    pub language: String,
    /// Name and version of the compiler.
    pub compiler: String,
    /// What is built for: `x86_64-linux-gnu`.
    pub target: String,
    /// Flags that change what the compiler makes, as name and value. Their order does not matter.
    pub flags: Vec<(String, String)>,
    /// The environment that the compiler reads, as name and value: only what it reads. Their order does not matter.
    pub environment: Vec<(String, String)>,
    /// Namespace of the cache.
    pub namespace: String,
}

impl UnitSettings {
    /// A name for all of it: what a state was made with.
    pub fn digest(&self) -> ContentDigest {
        let mut trace = Trace::default();
        self.trace(&mut trace);
        ContentDigest::of(trace.as_str().as_bytes())
    }

    fn trace(&self, trace: &mut Trace) {
        trace.push(InputGroup::Compiler, "", &self.compiler);
        trace.push(InputGroup::Configuration, "language", &self.language);
        trace.push(InputGroup::Configuration, "target", &self.target);
        for (kind, values) in [("flag ", &self.flags), ("environment ", &self.environment)] {
            let mut values: Vec<_> = values.iter().collect();
            values.sort_unstable();
            for (name, value) in values {
                trace.push_pieces(InputGroup::Configuration, [kind, name], [value.as_str()]);
            }
        }
        trace.push(InputGroup::Namespace, "", &self.namespace);
    }
}

/// The keys of one configuration: what all of them share is worked out once.
pub struct UnitKeys {
    settings: Trace,
    context: FramedHasher,
}

impl UnitKeys {
    /// With these settings.
    pub fn new(settings: &UnitSettings) -> Self {
        let mut shared = Trace::default();
        settings.trace(&mut shared);
        Self { settings: shared, context: FramedHasher::new("janus-cache 2026-11 unit key v1") }
    }

    /// As [`file_key`].
    pub fn file(&self, path: &str, content: ContentDigest) -> (UnitKey, Trace) {
        let mut trace = self.start(path.len() * 2);
        trace.push(InputGroup::Unit, "file", path);
        trace.push(InputGroup::Sources, path, &content.to_string());
        self.end(trace)
    }

    /// As [`function_key`].
    pub fn function(&self, inputs: &[u8]) -> (UnitKey, Trace) {
        let mut trace = self.start(0);
        trace.push(InputGroup::Unit, "function", &ContentDigest::of(inputs).to_string());
        self.end(trace)
    }

    /// As [`output_key`].
    pub fn output(&self, entry: &str, combined: &[u8; 32]) -> (UnitKey, Trace) {
        let mut trace = self.start(entry.len());
        trace.push(InputGroup::Unit, "output", entry);
        let combined = ContentDigest::from_bytes(*combined);
        trace.push(InputGroup::Sources, "everything that it reaches", &combined.to_string());
        self.end(trace)
    }

    fn start(&self, names_bytes: usize) -> Trace {
        Trace::with_capacity(self.settings.as_str().len() + names_bytes + 160)
    }

    fn end(&self, mut trace: Trace) -> (UnitKey, Trace) {
        trace.push_all(&self.settings);
        (UnitKey(trace.hash_after(&self.context)), trace)
    }
}

/// The key of a file's intermediate form, which depends on nothing but the file: its path and its content.
pub fn file_key(settings: &UnitSettings, path: &str, content: ContentDigest) -> (UnitKey, Trace) {
    UnitKeys::new(settings).file(path, content)
}

/// The key of a function's output. `inputs` is what the compiler says it is made from; where in which file it stands is
/// none of it, so that a function that moved is found again.
pub fn function_key(settings: &UnitSettings, inputs: &[u8]) -> (UnitKey, Trace) {
    UnitKeys::new(settings).function(inputs)
}

/// The key of a whole output: the entry file, and the combined hash of all that it reaches.
pub fn output_key(settings: &UnitSettings, entry: &str, combined: &[u8; 32]) -> (UnitKey, Trace) {
    UnitKeys::new(settings).output(entry, combined)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> UnitSettings {
        UnitSettings {
            compiler: "mini 1".to_owned(),
            flags: vec![("opt".to_owned(), "2".to_owned()), ("g".to_owned(), String::new())],
            environment: vec![("LANG".to_owned(), "C".to_owned())],
            ..UnitSettings::default()
        }
    }

    #[test]
    fn each_setting_is_in_each_key_and_their_order_is_not() {
        let all = |settings: &UnitSettings| {
            let content = ContentDigest::of(b"x");
            [
                file_key(settings, "a", content).0,
                function_key(settings, b"x").0,
                output_key(settings, "a", &[1; 32]).0,
            ]
        };
        let base = all(&settings());
        let mut other = settings();
        other.flags.reverse();
        assert_eq!(all(&other), base);
        let changes: [fn(&mut UnitSettings); 7] = [
            |settings| settings.compiler.push('1'),
            |settings| settings.language.push('x'),
            |settings| settings.target.push('x'),
            |settings| settings.flags[0].1.push('x'),
            |settings| settings.environment[0].0.push('x'),
            |settings| settings.environment.append(&mut settings.flags.split_off(1)),
            |settings| settings.namespace.push('x'),
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut other = settings();
            change(&mut other);
            for (kind, (now, before)) in all(&other).iter().zip(base).enumerate() {
                assert_ne!(*now, before, "change {number}, key {kind}");
            }
            assert_ne!(other.digest(), settings().digest());
        }
        let kinds: std::collections::BTreeSet<_> = base.into_iter().collect();
        assert_eq!(kinds.len(), 3);
    }
}
