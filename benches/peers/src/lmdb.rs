//! LMDB by way of `heed`.

use std::path::Path;

use heed::types::Bytes;
use heed::{CommitOrAbort, Database, Env, EnvFlags, EnvOpenOptions, RoTxn, WithoutTls};

use crate::load::Key;
use crate::peer::{Reader, Writer};

type Entries = Database<'static, Bytes, Bytes>;

/// Address space only.
const MAP_BYTES: usize = 16 << 30;

pub(crate) struct Lmdb {
    env: Env<WithoutTls>,
    database: Entries,
}

impl Lmdb {
    pub(crate) fn open(dir: &Path, sync: bool) -> Self {
        std::fs::create_dir_all(dir).expect("made");
        // Without a sync a commit survives the process, as ours does, and not a power loss.
        let env = env(dir, if sync { EnvFlags::empty() } else { EnvFlags::NO_SYNC });
        let database = unnamed(&env);
        Self { env, database }
    }
}

fn env(dir: &Path, flags: EnvFlags) -> Env<WithoutTls> {
    let mut options = EnvOpenOptions::new().read_txn_without_tls();
    options.map_size(MAP_BYTES);
    #[expect(unsafe_code, reason = "the directory is of this bench alone, and opened once at a time")]
    unsafe {
        options.flags(flags).open(dir).expect("opened")
    }
}

/// The one database that every environment has.
fn unnamed(env: &Env<WithoutTls>) -> Entries {
    let txn = env.read_txn().expect("begun");
    let opened = env.open_databases_and_commit(txn, |opener, txn| {
        opener.open_database(txn, None).map(CommitOrAbort::<_, ()>::Commit)
    });
    opened.expect("opened").unwrap_commit().expect("there")
}

impl Writer for Lmdb {
    fn commit(&mut self, entries: &[(Key, &[u8])], _sync: bool) {
        let mut txn = self.env.write_txn().expect("begun");
        for (key, content) in entries {
            self.database.put(&mut txn, key, content).expect("put");
        }
        txn.commit().expect("committed");
    }
}

/// One read transaction for all lookups, which is the cheapest way to ask LMDB.
pub(crate) struct Snapshot {
    txn: RoTxn<'static, WithoutTls>,
    database: Entries,
}

impl Snapshot {
    pub(crate) fn open(dir: &Path) -> Self {
        let env = env(dir, EnvFlags::empty());
        let database = unnamed(&env);
        let txn = env.static_read_txn().expect("begun");
        Self { txn, database }
    }
}

impl Reader for Snapshot {
    #[inline]
    fn get<R>(&mut self, key: &Key, read: impl FnOnce(&[u8]) -> R) -> Option<R> {
        self.database.get(&self.txn, key).expect("read").map(read)
    }
}
