//! A question about one family's table: the restricted table, its key, and the trace of the key.

use super::registry::{FamilyId, Registry};
use crate::dispatch::{Family, FamilyError, restrict};
use crate::format::LogicalTable;
use crate::key::{KeySettings, TableKey, Trace, table_key};
use crate::store::EntryKey;

/// Everything that can change one table's bytes, and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Whose table.
    pub family: FamilyId,
    /// The methods, and the types that matter to them.
    pub table: LogicalTable,
    /// The question's name.
    pub key: TableKey,
    /// What entered the key.
    pub trace: Trace,
}

impl Question {
    /// Restricts a family to what matters and names the question. Cost: proportional to the table.
    pub fn ask(registry: &Registry, family: &Family, settings: &KeySettings) -> Result<Self, FamilyError> {
        let table = restrict(registry.graph(), family)?;
        let (key, trace) = table_key(&table, settings);
        let family = FamilyId { name: family.name.clone(), arity: family.arity };
        Ok(Self { family, table, key, trace })
    }

    /// The key as the cache takes it.
    pub(super) const fn entry_key(&self) -> EntryKey {
        EntryKey::from_bytes(*self.key.as_bytes())
    }
}
