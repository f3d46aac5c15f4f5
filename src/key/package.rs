//! The key of a package's outputs: a hash of everything they are built from.

use std::fmt;

use super::trace::{InputGroup, Trace};
use crate::digest::ContentDigest;

/// Names a question about a package's outputs. Equal keys mean equal inputs, those of its
/// dependencies included.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PackageKey([u8; 32]);

impl PackageKey {
    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for PackageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PackageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PackageKey({self})")
    }
}

/// A package that another one is built with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackageDependency {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it was built from. Because it covers the dependency's own dependencies, direct ones are
    /// enough.
    pub key: PackageKey,
}

/// Everything that can change a package's outputs. The order within the lists does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageInputs {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it is built for: `linux-x86_64`.
    pub platform: String,
    /// How it is built: `debug`, `release`.
    pub variant: String,
    /// Name and version of the compiler.
    pub compiler: String,
    /// Compiler and linker flags and whatever else changes the outputs, as name and value.
    pub configuration: Vec<(String, String)>,
    /// Sources, headers and build scripts, by root-relative path.
    pub sources: Vec<(String, ContentDigest)>,
    /// Direct dependencies.
    pub dependencies: Vec<PackageDependency>,
    /// Namespace of the cache.
    pub namespace: String,
}

/// The key of a package's outputs, and its trace. Cost: proportional to the inputs.
pub fn package_key(inputs: &PackageInputs) -> (PackageKey, Trace) {
    let mut trace = Trace::default();
    trace.push(InputGroup::Package, "name", &inputs.name);
    trace.push(InputGroup::Package, "version", &inputs.version);
    let mut sources: Vec<&(String, ContentDigest)> = inputs.sources.iter().collect();
    sources.sort_unstable();
    for (path, digest) in sources {
        trace.push(InputGroup::Sources, path, &digest.to_string());
    }
    let mut dependencies: Vec<&PackageDependency> = inputs.dependencies.iter().collect();
    dependencies.sort_unstable();
    for dependency in dependencies {
        let value = format!("{} {}", dependency.version, dependency.key);
        trace.push(InputGroup::Dependencies, &dependency.name, &value);
    }
    trace.push(InputGroup::Compiler, "", &inputs.compiler);
    trace.push(InputGroup::Configuration, "platform", &inputs.platform);
    trace.push(InputGroup::Configuration, "variant", &inputs.variant);
    let mut configuration: Vec<&(String, String)> = inputs.configuration.iter().collect();
    configuration.sort_unstable();
    for (name, value) in configuration {
        trace.push(InputGroup::Configuration, &format!("flag {name}"), value);
    }
    trace.push(InputGroup::Namespace, "", &inputs.namespace);
    (PackageKey(trace.hash("janus-cache 2026-11 package key v1")), trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Change<'a> = &'a dyn Fn(&mut PackageInputs);

    fn inputs() -> PackageInputs {
        PackageInputs {
            name: "shapes".to_owned(),
            version: "1.2.0".to_owned(),
            sources: vec![
                ("a.jan".to_owned(), ContentDigest::of(b"a")),
                ("b.jan".to_owned(), ContentDigest::of(b"b")),
            ],
            configuration: vec![("opt".to_owned(), "2".to_owned()), ("lto".to_owned(), "thin".to_owned())],
            ..PackageInputs::default()
        }
    }

    #[test]
    fn every_input_changes_the_key_and_the_trace_says_which() {
        let (key, before) = package_key(&inputs());
        let dependency =
            |version: &str| PackageDependency { name: "base".to_owned(), version: version.to_owned(), key };
        let changes: [(InputGroup, Change<'_>); 9] = [
            (InputGroup::Package, &|inputs| inputs.name.push('s')),
            (InputGroup::Package, &|inputs| inputs.version.push('1')),
            (InputGroup::Sources, &|inputs| inputs.sources[1].1 = ContentDigest::of(b"c")),
            (InputGroup::Sources, &|inputs| inputs.sources.truncate(1)),
            (InputGroup::Dependencies, &|inputs| inputs.dependencies.push(dependency("1"))),
            (InputGroup::Compiler, &|inputs| inputs.compiler.push_str("zig 1")),
            (InputGroup::Configuration, &|inputs| inputs.platform.push_str("wasm")),
            (InputGroup::Configuration, &|inputs| inputs.configuration[0].1 = "3".to_owned()),
            (InputGroup::Namespace, &|inputs| inputs.namespace.push_str("ci")),
        ];
        for (group, change) in changes {
            let mut other = inputs();
            change(&mut other);
            let (other_key, after) = package_key(&other);
            assert_ne!(other_key, key, "{group:?}");
            assert!(after.changes_since(&before).iter().all(|change| change.group == group), "{group:?}");
        }
    }

    #[test]
    fn a_dependency_built_from_other_sources_is_another_dependency() {
        let mut base = inputs();
        let with = |base: &PackageInputs| {
            let dependency = PackageDependency {
                name: "base".to_owned(),
                version: "1".to_owned(),
                key: package_key(base).0,
            };
            package_key(&PackageInputs { dependencies: vec![dependency], ..inputs() }).0
        };
        let before = with(&base);
        base.sources[0].1 = ContentDigest::of(b"changed");
        assert_ne!(with(&base), before);
    }

    #[test]
    fn the_order_of_lists_does_not_matter() {
        let mut other = inputs();
        other.sources.reverse();
        other.configuration.reverse();
        assert_eq!(package_key(&other).0, package_key(&inputs()).0);
    }

    #[test]
    fn a_flag_is_never_taken_for_the_platform() {
        let flag =
            PackageInputs { configuration: vec![("platform".to_owned(), "wasm".to_owned())], ..inputs() };
        let platform = PackageInputs { platform: "wasm".to_owned(), configuration: Vec::new(), ..inputs() };
        assert_ne!(package_key(&flag).0, package_key(&platform).0);
    }
}
