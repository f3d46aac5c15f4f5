//! A question about one family's table: its name, and how its answer is recognized.

use super::registry::{FamilyId, Registry};
use crate::dispatch::{Family, FamilyError, restrict};
use crate::format::LogicalTable;
use crate::key::{KeySettings, TableKey, Trace, table_key};
use crate::store::EntryKey;

/// Everything that can change one table's bytes, as a name.
///
/// The restricted table itself is not kept. A build asks about thousands of families and needs the
/// tables of those few that the cache has no answer for; to hold them all took more memory and time than
/// to restrict these few again.
#[derive(Clone, Debug)]
pub struct Question<'r> {
    /// Whose table.
    pub family: FamilyId,
    /// The question's name.
    pub key: TableKey,
    /// What an answer says of itself.
    pub(super) table_hash: u64,
    registry: &'r Registry,
    source: &'r Family,
}

impl<'r> Question<'r> {
    /// Restricts a family to what matters and names the question. Cost: proportional to the table.
    pub fn ask(
        registry: &'r Registry,
        family: &'r Family,
        settings: &KeySettings,
    ) -> Result<Self, FamilyError> {
        let table = restrict(registry.graph(), family)?;
        let (key, _) = table_key(&table, settings);
        let id = FamilyId { name: family.name.clone(), arity: family.arity };
        Ok(Self { family: id, key, table_hash: table.table_hash(), registry, source: family })
    }

    /// The methods, and the types that matter to them. Cost: proportional to the table.
    pub fn table(&self) -> Result<LogicalTable, FamilyError> {
        restrict(self.registry.graph(), self.source)
    }

    /// About how long building the table takes, in nanoseconds: what the families of a thousand methods and
    /// more take for each of their methods, on one core (`docs/performance.md`).
    pub(super) fn expected_cost_ns(&self) -> u64 {
        const NS_PER_METHOD: u64 = 8_000;
        (self.source.methods.len() as u64).saturating_mul(NS_PER_METHOD)
    }

    /// What entered the key. Cost: proportional to the table.
    pub fn trace(&self, settings: &KeySettings) -> Result<Trace, FamilyError> {
        Ok(table_key(&self.table()?, settings).1)
    }

    /// The key as the cache takes it.
    pub(super) const fn entry_key(&self) -> EntryKey {
        EntryKey::from_bytes(*self.key.as_bytes())
    }
}
