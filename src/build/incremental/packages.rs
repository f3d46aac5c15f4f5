//! What other packages offer: modules that a build imports and does not compile.
//!
//! | of a module | in keys | in the state | why |
//! |---|---|---|---|
//! | path | yes | yes | importers may spell it out |
//! | interface | its digest | its digest | it is all that importers see |
//! | package and version | no | yes | a release that shows the same compiles nothing, and its name is told |

use super::record::{PackageRecord, Record};
use super::report::{PackageChange, PackageSeen};
use crate::digest::{ContentDigest, FramedHasher};

/// A module of another package, compiled before: sources of this build can import it.
///
/// It has no section in the output and imports nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackageModule<'a> {
    /// The name under which sources import it, compared byte by byte with the candidates that
    /// [`UnitCompiler::imports`](super::UnitCompiler::imports) gives.
    pub path: &'a str,
    /// The package and its version as people read them, such as `geometry 2.1.0`. For messages: it is in no key.
    pub package: &'a str,
    /// Everything that importers can see, as in [`FileIr::interface`](super::FileIr::interface).
    pub interface: &'a [u8],
}

/// All that is offered to one build, each path once.
#[derive(Debug)]
pub(super) struct Offer<'p> {
    /// In path order.
    modules: Vec<Offered<'p>>,
    digest: [u8; 32],
}

/// A module and the digest of its interface.
#[derive(Debug)]
pub(super) struct Offered<'p> {
    pub(super) module: PackageModule<'p>,
    pub(super) interface: ContentDigest,
}

impl<'p> Offer<'p> {
    /// Where a path is offered more than once, the first one counts. Cost: one hash over all interfaces.
    pub(super) fn of(modules: &[PackageModule<'p>]) -> Self {
        let mut modules = modules.to_vec();
        modules.sort_by_key(|module| module.path);
        modules.dedup_by_key(|module| module.path);
        let offered = modules
            .iter()
            .map(|module| Offered { module: *module, interface: ContentDigest::of(module.interface) });
        let modules: Vec<Offered<'_>> = offered.collect();
        let mut hasher = FramedHasher::new("janus-cache 2026-11 offered modules v1");
        for Offered { module, interface } in &modules {
            hasher.field("path", module.path.as_bytes());
            hasher.field("package", module.package.as_bytes());
            hasher.field("interface", interface.as_bytes());
        }
        let digest = hasher.finish();
        Self { modules, digest }
    }

    pub(super) fn get(&self, path: &str) -> Option<&Offered<'p>> {
        let at = self.modules.binary_search_by(|offered| offered.module.path.cmp(path)).ok()?;
        self.modules.get(at)
    }

    /// Of everything that is offered, versions included: where it is the same, no import means another module.
    pub(super) const fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// What became of a module that the last build knew; none where it is the same, or where either knows none.
    pub(super) fn change(&self, record: &Record, path: &str) -> Option<PackageChange> {
        let (old, new) = (record.package(path)?, self.get(path)?);
        if old.interface == *new.interface.as_bytes() && old.package == new.module.package {
            return None;
        }
        let interface = ContentDigest::from_bytes(old.interface);
        Some(PackageChange {
            path: path.to_owned(),
            old: PackageSeen { package: old.package.clone(), interface },
            new: PackageSeen { package: new.module.package.to_owned(), interface: new.interface },
        })
    }

    /// What the next build is to know of the modules with these paths.
    pub(super) fn records<'a>(&self, paths: impl Iterator<Item = &'a str>) -> Vec<PackageRecord> {
        let record = |offered: &Offered<'_>| PackageRecord {
            path: offered.module.path.to_owned(),
            package: offered.module.package.to_owned(),
            interface: *offered.interface.as_bytes(),
        };
        paths.filter_map(|path| self.get(path)).map(record).collect()
    }
}
