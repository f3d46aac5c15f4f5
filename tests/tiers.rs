//! Levels and their chain, over real stores.

use std::path::Path;
use std::sync::Arc;

use janus_cache::codec::Codec;
use janus_cache::config::WriteErrorPolicy;
use janus_cache::store::{EntryKey, EntryKind, EntryMeta, NewEntry, Store, StoreOptions};
use janus_cache::tiers::{Chain, ChainOptions, DiskLevel, Fetched, Level, LevelActivity};

const KEY: EntryKey = EntryKey::from_bytes([7; 32]);

fn level(directory: &Path, read_only: bool) -> Arc<dyn Level> {
    let options = StoreOptions { read_only, ..StoreOptions::new(directory) };
    Arc::new(DiskLevel::new(Store::open(options).expect("opens")))
}

fn chain(levels: Vec<Arc<dyn Level>>, write_error_policy: WriteErrorPolicy) -> Chain {
    Chain::new(levels, ChainOptions { write_error_policy })
}

fn meta() -> EntryMeta {
    EntryMeta {
        kind: EntryKind::DispatchTable,
        codec: Codec::None,
        created_unix_s: 1,
        rebuild_cost_ns: 2,
        project: "p".into(),
        producer: String::new(),
        language: "janus".into(),
    }
}

fn put(chain: &Chain) -> Result<(), janus_cache::tiers::ChainError> {
    chain.put(&NewEntry { key: KEY, meta: &meta(), content: b"answer", trace: b"rule\t\tsymmetric\n" })
}

fn hit_level(chain: &Chain, directories: &[&Path]) -> Option<String> {
    let Fetched::Hit { answer, .. } = chain.get(&KEY) else { return None };
    assert_eq!((answer.content(), answer.rebuild_cost_ns()), (&b"answer"[..], 2));
    let levels = chain.report();
    let hit = levels.iter().position(|level| level.activity.hits > 0)?;
    directories.get(hit).map(|path| path.display().to_string())
}

/// A level that opens and cannot be written: where its sessions would work lies a file.
fn broken(directory: &Path) -> Arc<dyn Level> {
    let level = level(directory, false);
    std::fs::remove_dir(directory.join("v1/tmp")).expect("empty");
    std::fs::write(directory.join("v1/tmp"), "in the way").expect("written");
    level
}

fn activities(chain: &Chain) -> Vec<LevelActivity> {
    chain.report().into_iter().map(|level| level.activity).collect()
}

#[test]
fn a_hit_of_a_farther_level_is_copied_to_the_nearer_ones() {
    let (near, far) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let filled = chain(vec![level(far.path(), false)], WriteErrorPolicy::L0);
    put(&filled).unwrap();
    filled.commit().unwrap();

    let both = chain(vec![level(near.path(), false), level(far.path(), false)], WriteErrorPolicy::L0);
    assert_eq!(hit_level(&both, &[near.path(), far.path()]), Some(far.path().display().to_string()));
    assert_eq!(both.commit().unwrap().entries, 1);
    let [near_did, far_did] = activities(&both)[..] else { panic!("two levels") };
    assert_eq!((near_did.misses, near_did.backfills, near_did.writes), (1, 1, 1));
    assert_eq!((far_did.hits, far_did.writes, far_did.backfills), (1, 0, 0));

    let alone = chain(vec![level(near.path(), false)], WriteErrorPolicy::L0);
    assert_eq!(hit_level(&alone, &[near.path()]), Some(near.path().display().to_string()));
}

#[test]
fn a_copy_keeps_what_is_known_about_the_answer() {
    let (near, far) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let filled = chain(vec![level(far.path(), false)], WriteErrorPolicy::L0);
    put(&filled).unwrap();
    filled.commit().unwrap();
    let both = chain(vec![level(near.path(), false), level(far.path(), false)], WriteErrorPolicy::L0);
    assert!(matches!(both.get(&KEY), Fetched::Hit { .. }));
    both.commit().unwrap();
    let alone = chain(vec![level(near.path(), false)], WriteErrorPolicy::L0);
    let Fetched::Hit { answer, .. } = alone.get(&KEY) else { panic!("was copied") };
    assert_eq!((answer.meta(), answer.trace()), (meta(), Some(b"rule\t\tsymmetric\n".to_vec())));
}

#[test]
fn a_read_only_level_does_not_make_the_chain_read_only() {
    let (near, far) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(level(near.path(), false));
    let both = chain(vec![level(near.path(), true), level(far.path(), false)], WriteErrorPolicy::All);
    put(&both).expect("a read-only level never counts");
    both.commit().expect("nor does it here");
    let far_only = chain(vec![level(far.path(), false)], WriteErrorPolicy::L0);
    assert!(hit_level(&far_only, &[far.path()]).is_some());
    let [near_did, far_did] = activities(&both)[..] else { panic!("two levels") };
    assert_eq!((near_did.writes, near_did.write_failures, far_did.writes), (0, 0, 1));
}

#[test]
fn the_policy_decides_whose_failure_to_write_is_told() {
    let told = |policy, broken_first: bool| {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (bad, good) = (broken(one.path()), level(other.path(), false));
        let levels = if broken_first { vec![bad, good] } else { vec![good, bad] };
        let both = chain(levels, policy);
        let failed = put(&both).is_err();
        both.commit().expect("nothing was begun where it failed");
        let far = chain(vec![level(other.path(), false)], WriteErrorPolicy::L0);
        assert!(hit_level(&far, &[other.path()]).is_some(), "the sound level was written all the same");
        let failures: u64 = activities(&both).iter().map(|did| did.write_failures).sum();
        assert_eq!(failures, 1, "the failure is counted, whoever is told");
        failed
    };
    assert_eq!([true, false].map(|first| told(WriteErrorPolicy::Ignore, first)), [false, false]);
    assert_eq!([true, false].map(|first| told(WriteErrorPolicy::L0, first)), [true, false]);
    assert_eq!([true, false].map(|first| told(WriteErrorPolicy::All, first)), [true, true]);
}

#[test]
fn damage_is_counted_apart_from_misses_and_the_next_level_answers() {
    let (near, far) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for directory in [near.path(), far.path()] {
        let filled = chain(vec![level(directory, false)], WriteErrorPolicy::L0);
        put(&filled).unwrap();
        filled.commit().unwrap();
    }
    let pack = std::fs::read_dir(near.path().join("v1/packs"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "pack"))
        .expect("one pack");
    let mut bytes = std::fs::read(&pack).unwrap();
    let at = bytes.windows(6).position(|window| window == b"answer").expect("stored as it is");
    bytes[at] ^= 1;
    std::fs::write(&pack, bytes).unwrap();

    let both = chain(vec![level(near.path(), false), level(far.path(), false)], WriteErrorPolicy::L0);
    assert_eq!(hit_level(&both, &[near.path(), far.path()]), Some(far.path().display().to_string()));
    let [near_did, _] = activities(&both)[..] else { panic!("two levels") };
    assert_eq!((near_did.damaged, near_did.misses, near_did.errors), (1, 0, 0));
    // The sound copy is newer, so it is found first from now on.
    both.commit().unwrap();
    let alone = chain(vec![level(near.path(), false)], WriteErrorPolicy::L0);
    assert!(hit_level(&alone, &[near.path()]).is_some());
}
