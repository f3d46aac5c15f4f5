//! `redb`.

use std::path::Path;

use redb::{Database, Durability, ReadOnlyDatabase, ReadOnlyTable, ReadableDatabase, TableDefinition};

use crate::load::Key;
use crate::peer::{Reader, Writer};

const TABLE: TableDefinition<&[u8; 32], &[u8]> = TableDefinition::new("entries");
const NAME: &str = "entries.redb";

pub(crate) struct Redb {
    database: Database,
}

impl Redb {
    pub(crate) fn create(dir: &Path) -> Self {
        std::fs::create_dir_all(dir).expect("made");
        Self { database: Database::create(dir.join(NAME)).expect("created") }
    }
}

impl Writer for Redb {
    /// Without `sync` a commit is visible to this process and survives nothing: `redb` has no step between.
    fn commit(&mut self, entries: &[(Key, &[u8])], sync: bool) {
        let mut txn = self.database.begin_write().expect("begun");
        txn.set_durability(if sync { Durability::Immediate } else { Durability::None }).expect("set");
        let mut table = txn.open_table(TABLE).expect("opened");
        for (key, content) in entries {
            table.insert(key, content).expect("put");
        }
        drop(table);
        txn.commit().expect("committed");
    }
}

/// One read transaction for all lookups.
pub(crate) struct Snapshot {
    _database: ReadOnlyDatabase,
    table: ReadOnlyTable<&'static [u8; 32], &'static [u8]>,
}

impl Snapshot {
    pub(crate) fn open(dir: &Path) -> Self {
        let database = ReadOnlyDatabase::open(dir.join(NAME)).expect("opened");
        let table = database.begin_read().expect("begun").open_table(TABLE).expect("there");
        Self { _database: database, table }
    }
}

impl Reader for Snapshot {
    #[inline]
    fn get<R>(&mut self, key: &Key, read: impl FnOnce(&[u8]) -> R) -> Option<R> {
        self.table.get(key).expect("read").map(|content| read(content.value()))
    }
}
