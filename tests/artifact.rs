//! Outputs of packages: found again by what they were built from, restored where asked.

use std::path::Path;
use std::sync::Arc;

use janus_cache::artifact::{ArtifactCache, ArtifactError, ArtifactFile, Found};
use janus_cache::clock::Clock;
use janus_cache::codec::Codec;
use janus_cache::digest::ContentDigest;
use janus_cache::key::{PackageInputs, package_key};
use janus_cache::store::{EntryKey, EntryKind, EntryMeta, MissReason, NewEntry, Store, StoreOptions};
use janus_cache::tiers::{Chain, ChainOptions, DiskLevel};

const FILES: [ArtifactFile<'static>; 2] = [
    ArtifactFile { path: "bin/shapes", executable: true, bytes: b"program" },
    ArtifactFile { path: "lib/shapes.a", executable: false, bytes: b"archive" },
];

fn store(dir: &Path) -> Store {
    Store::open(StoreOptions::new(dir.join("cache"))).expect("opens")
}

fn artifacts(dir: &Path) -> ArtifactCache {
    let chain = Chain::new(vec![Arc::new(DiskLevel::new(store(dir)))], ChainOptions::default());
    ArtifactCache::new(Arc::new(chain), Clock::System)
}

fn shapes(version: &str) -> PackageInputs {
    PackageInputs {
        name: "shapes".to_owned(),
        version: version.to_owned(),
        sources: vec![("src/shape.jan".to_owned(), ContentDigest::of(b"type Circle"))],
        ..PackageInputs::default()
    }
}

/// A cache in which version 1 was put by another process.
fn filled(dir: &Path) -> ArtifactCache {
    let first = artifacts(dir);
    first.put(&shapes("1"), &FILES, 5_000).expect("kept");
    first.commit().expect("committed");
    artifacts(dir)
}

#[test]
fn outputs_are_found_by_their_inputs_and_by_no_others() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let artifacts = filled(dir.path());
    let Found::Hit(artifact) = artifacts.get(&shapes("1")) else { panic!("it was committed") };
    assert_eq!((artifact.files(), artifact.rebuild_cost_ns()), (FILES.to_vec(), 5_000));
    let mut changed = shapes("1");
    changed.sources[0].1 = ContentDigest::of(b"type Square");
    for inputs in [shapes("2"), changed] {
        let found = artifacts.get(&inputs);
        assert!(matches!(found, Found::Miss(MissReason::Absent)), "{found:?}");
    }
}

#[test]
fn restoring_writes_what_differs_and_marks_what_may_be_executed() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let Found::Hit(artifact) = filled(dir.path()).get(&shapes("1")) else { panic!("it was committed") };
    let out = dir.path().join("out");
    assert_eq!(artifact.restore(&out).expect("writable"), 2);
    assert_eq!(artifact.restore(&out).expect("writable"), 0, "nothing differs");
    std::fs::write(out.join("lib/shapes.a"), b"edited").expect("writable");
    assert_eq!(artifact.restore(&out).expect("writable"), 1);
    for file in FILES {
        assert_eq!(std::fs::read(out.join(file.path)).expect("there"), file.bytes);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(out.join(file.path)).expect("there").permissions().mode();
            assert_eq!(mode & 0o100 != 0, file.executable, "{}", file.path);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_a_link_is_not_entered() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let Found::Hit(artifact) = filled(dir.path()).get(&shapes("1")) else { panic!("it was committed") };
    let (out, outside) = (dir.path().join("out"), dir.path().join("outside"));
    std::fs::create_dir(&out).expect("writable");
    std::fs::create_dir(&outside).expect("writable");
    std::os::unix::fs::symlink(&outside, out.join("lib")).expect("links are possible");
    let found = artifact.restore(&out);
    assert!(matches!(found, Err(ArtifactError::Restore { .. })), "{found:?}");
    assert_eq!(std::fs::read_dir(&outside).expect("a folder").count(), 0);
}

#[test]
fn a_bundle_of_a_faulty_writer_is_unusable_and_building_afresh_replaces_it() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let key = EntryKey::from_bytes(*package_key(&shapes("1")).0.as_bytes());
    let meta = EntryMeta {
        kind: EntryKind::PackageArtifact,
        codec: Codec::None,
        created_unix_s: 0,
        rebuild_cost_ns: 0,
        project: String::new(),
        producer: String::new(),
        language: String::new(),
    };
    let session = store(dir.path()).session().expect("a session");
    session.put(&NewEntry { key, meta: &meta, content: b"no bundle", trace: b"" }).expect("kept");
    session.commit().expect("committed");
    let found = artifacts(dir.path()).get(&shapes("1"));
    assert!(matches!(found, Found::Unusable(_)), "{found:?}");
    let Found::Hit(artifact) = filled(dir.path()).get(&shapes("1")) else { panic!("it was replaced") };
    assert_eq!(artifact.files(), FILES);
}
