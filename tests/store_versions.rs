//! Two versions of the store in one directory.

mod store_kit;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use janus_cache::store::{Effort, GcOptions};
use store_kit::*;

fn snapshot(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let of = |path: PathBuf| (path.clone(), std::fs::read(path).expect("readable"));
    files(directory).into_iter().map(of).collect()
}

#[test]
fn two_versions_share_a_directory_and_neither_touches_the_others_files() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path().join("cache");
    let store = open(&root);
    commit(&store, 0..5);
    // What a later version may keep: names as ours, and others.
    let later = root.join("v2");
    let pack = only_file(&root, "packs");
    let pack_name = pack.file_name().expect("has one");
    for (path, content) in [
        ("lock", &b"held differently"[..]),
        ("packs/index.bin", b"not ours"),
        ("state/published", b"no line ends"),
        ("tmp/0123456789abcdef/0.pack", b"half"),
        ("tmp/0123456789abcdef/lock", b""),
        ("objects/zz/what", b"an object"),
        ("dead/x", b"?"),
        ("deeper/still/file", b"?"),
    ] {
        let path = later.join(path);
        std::fs::create_dir_all(path.parent().expect("above")).expect("made");
        std::fs::write(path, content).expect("written");
    }
    std::fs::write(later.join("packs").join(pack_name), b"a pack of another shape").expect("written");
    let before = snapshot(&later);
    let used = store.used_bytes().expect("counted");
    assert!(used < 4000, "{used} bytes: another version's files count");
    assert_eq!(store.validate(false).expect("validated").findings, []);
    assert_eq!(store.validate(true).expect("repaired").findings, []);
    let health = store.health().expect("looked at");
    assert_eq!((health.packs, health.useless_packs, health.dead_sessions), (1, 0, 0));
    for effort in [Effort::Slice, Effort::Thorough, Effort::Rewrite] {
        let report = store.gc(&GcOptions { effort, ..GcOptions::default() }).expect("collected");
        assert_eq!((report.after_entries, report.useless_bytes), (5, 0));
    }
    store.enforce_limit(used / 2).expect("kept");
    assert!(store.used_bytes().expect("counted") <= used / 2);
    commit(&store, 10..12);
    let measured = store.clear(true).expect("counted");
    assert_eq!(store.clear(false).expect("cleared"), measured);
    commit(&store, 20..22);
    assert!((20..22).all(|number| get(&store, number) == Ok(content(number))));
    assert_eq!(snapshot(&later), before);
    // The other way round: a directory that only the other version has used is ours to use, too.
    let other_only = dir.path().join("other");
    for name in ["CACHEDIR.TAG", ".gitignore", "README"] {
        std::fs::create_dir_all(&other_only).expect("made");
        std::fs::copy(root.join(name), other_only.join(name)).expect("copied");
    }
    copy_tree(&later, &other_only.join("v2"));
    commit(&open(&other_only), [1]);
    assert_eq!(get(&open(&other_only), 1), Ok(content(1)));
    assert_eq!(open(&other_only).validate(false).expect("validated").findings, []);
    assert_eq!(files(&other_only.join("v2")).len(), before.len());
}
