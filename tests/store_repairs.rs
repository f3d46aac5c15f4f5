//! Bad input as a table: whatever happened to the files of a cache, validation names it, repair mends it, and a
//! build beside it goes on and is right.
//!
//! Flips and cuts take some places by default; with `JANUS_SOAK_S` set, every byte and every length.

mod store_kit;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use janus_cache::store::{Problem, Store, StoreOptions, mend_places};
use store_kit::*;

const ENTRIES: u32 = 5;

fn small_options(directory: &Path) -> StoreOptions {
    StoreOptions { loose_above_bytes: 90, ..options(directory) }
}

/// A folder in memory where the machine has one, since thousands of caches are made.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }
        .expect("a temporary folder")
}

/// A cache with two packs, objects, a removal record, recency and every lock.
fn sample() -> (tempfile::TempDir, PathBuf) {
    let dir = folder();
    let root = dir.path().join("cache");
    let store = Store::open(small_options(&root)).expect("opened");
    commit(&store, 0..ENTRIES);
    let session = store.session().expect("a session");
    put_content(&session, 100, &[7; 500]);
    session.commit().expect("committed");
    let is_gone = |path: &PathBuf| std::fs::read(path).expect("read") == [7; 500];
    let gone = files(&root.join("v1/objects")).into_iter().find(is_gone).expect("an object");
    std::fs::remove_file(gone).expect("removed");
    store.validate(true).expect("repaired");
    assert!((0..ENTRIES).all(|number| get(&store, number) == Ok(content(number))));
    drop(store);
    (dir, root)
}

fn copied(root: &Path) -> (tempfile::TempDir, PathBuf) {
    let dir = folder();
    let there = dir.path().join("cache");
    copy_tree(root, &there);
    (dir, there)
}

/// A build: what it finds is right, and what it cannot store or open is only a warning.
fn build_beside(root: &Path, what: &str) {
    let Ok(store) = Store::open(small_options(root)) else { return };
    for number in 0..ENTRIES {
        if let Ok(found) = get(&store, number) {
            assert_eq!(found, content(number), "{what}");
        }
    }
    if let Ok(session) = store.session() {
        put(&session, 50);
        let _ = session.commit();
    }
}

/// Names, mends, and goes on. `named` is what validation has to name; none where everything is legal.
fn named_and_mended(root: &Path, named: Option<&Path>, what: &str) {
    let read_only = StoreOptions { read_only: true, ..small_options(root) };
    let store = Store::open(read_only).unwrap_or_else(|error| panic!("{what}: not even to be read: {error}"));
    let report = store.validate(false).unwrap_or_else(|error| panic!("{what}: not validated: {error}"));
    drop(store);
    match named {
        Some(path) => {
            let is_it =
                |found: &janus_cache::store::Finding| found.path == *path && found.problem.is_damage();
            assert!(report.findings.iter().any(is_it), "{what}: {:?}", report.findings);
        }
        None => assert!(report.is_sound(), "{what}: {:?}", report.findings),
    }
    build_beside(root, what);
    mend_places(root).unwrap_or_else(|error| panic!("{what}: not mended: {error}"));
    let store =
        Store::open(small_options(root)).unwrap_or_else(|error| panic!("{what}: not opened: {error}"));
    let report = store.validate(true).unwrap_or_else(|error| panic!("{what}: not repaired: {error}"));
    assert!(!report.needs_repair(), "{what}: {:?}", report.findings);
    let again = store.validate(false).expect("validated");
    assert!(again.is_sound(), "{what}: {:?}", again.findings);
    drop(store);
    let store = Store::open(small_options(root)).expect("opened");
    for number in 0..ENTRIES {
        if let Ok(found) = get(&store, number) {
            assert_eq!(found, content(number), "{what}");
        }
    }
    let session = store.session().unwrap_or_else(|error| panic!("{what}: no session: {error}"));
    (0..ENTRIES).for_each(|number| put(&session, number));
    session.commit().unwrap_or_else(|error| panic!("{what}: not committed: {error}"));
    assert!((0..ENTRIES).all(|number| get(&store, number) == Ok(content(number))), "{what}");
}

/// Every so many places of a file are tried, and its last one.
fn places(len: usize, of_all: usize) -> BTreeSet<usize> {
    let every = if std::env::var_os("JANUS_SOAK_S").is_some() { 1 } else { (of_all / 1500).max(1) };
    (0..len).step_by(every).chain(len.checked_sub(1)).collect()
}

fn is_free_of_meaning(root: &Path, file: &Path) -> bool {
    // Every value is legal there: numbers of use, and the lock of a session that is over.
    file.starts_with(root.join("v1/recency")) || file.starts_with(root.join("v1/tmp"))
}

#[test]
fn a_flipped_byte_anywhere_is_named_and_mended() {
    let (_dir, root) = sample();
    let all: usize = files(&root).iter().map(|file| std::fs::read(file).expect("read").len()).sum();
    for file in files(&root).into_iter().filter(|file| !is_free_of_meaning(&root, file)) {
        let below = file.strip_prefix(&root).expect("below");
        let sound = std::fs::read(&file).expect("read");
        for at in places(sound.len(), all) {
            let (_copy, there) = copied(&root);
            let mut bad = sound.clone();
            bad[at] ^= 0x20;
            std::fs::write(there.join(below), bad).expect("written");
            named_and_mended(&there, Some(&there.join(below)), &format!("{} byte {at}", below.display()));
        }
    }
}

#[test]
fn a_file_that_was_cut_is_named_and_mended() {
    let (_dir, root) = sample();
    let all: usize = files(&root).iter().map(|file| std::fs::read(file).expect("read").len()).sum();
    for file in files(&root) {
        let below = file.strip_prefix(&root).expect("below");
        let sound = std::fs::read(&file).expect("read");
        for len in places(sound.len(), all) {
            let (_copy, there) = copied(&root);
            std::fs::write(there.join(below), &sound[..len]).expect("written");
            let is_legal = is_free_of_meaning(&root, &file)
                || below.ends_with("published")
                || ends_with_a_whole_record(&file, &sound[..len]);
            let named = (!is_legal).then(|| there.join(below));
            named_and_mended(&there, named.as_deref(), &format!("{} cut to {len}", below.display()));
        }
    }
}

#[test]
fn files_that_took_each_others_places_are_named_and_mended() {
    let (_dir, root) = sample();
    let all = files(&root);
    for (at, one) in all.iter().enumerate() {
        for other in all.iter().skip(at + 1) {
            let contents = [one, other].map(|path| std::fs::read(path).expect("read"));
            if contents[0] == contents[1]
                || [one, other].into_iter().any(|file| is_free_of_meaning(&root, file))
            {
                continue;
            }
            let (_copy, there) = copied(&root);
            let below = [one, other].map(|path| path.strip_prefix(&root).expect("below"));
            std::fs::write(there.join(below[0]), &contents[1]).expect("written");
            std::fs::write(there.join(below[1]), &contents[0]).expect("written");
            // A signal may have any length, so one that is now empty tells nothing; nor does an empty history.
            let tells = |path: &Path, content: &[u8]| {
                !(path.ends_with("published") || path.starts_with("v1/history") && content.is_empty())
            };
            let is_told = usize::from(!tells(below[0], &contents[1]));
            let named = below[is_told];
            let what = format!("{} and {} swapped", below[0].display(), below[1].display());
            named_and_mended(&there, Some(&there.join(named)), &what);
        }
    }
}

/// What happens to a cache, and the path that validation has to name.
type Case = (&'static str, fn(&Path) -> Option<PathBuf>);

fn first(root: &Path, folder: &str) -> PathBuf {
    files(&root.join("v1").join(folder)).into_iter().next().expect("a file")
}

fn folder_instead_of(path: PathBuf) -> PathBuf {
    if path.exists() {
        std::fs::remove_file(&path).expect("removed");
    }
    std::fs::create_dir(&path).expect("made");
    std::fs::write(path.join("inside"), "x").expect("written");
    path
}

fn file_instead_of(path: PathBuf) -> PathBuf {
    // A copy has only folders in which something lies.
    let _ = std::fs::remove_dir_all(&path);
    std::fs::write(&path, "a file").expect("written");
    path
}

#[cfg(unix)]
fn dangling_link_instead_of(path: PathBuf) -> PathBuf {
    if path.exists() {
        std::fs::remove_file(&path).expect("removed");
    }
    std::os::unix::fs::symlink("nowhere/at/all", &path).expect("linked");
    path
}

#[cfg(unix)]
fn link_to_a_neighbour_instead_of(path: PathBuf) -> PathBuf {
    let victim = path.parent().and_then(Path::parent).expect("above").join("victim");
    std::fs::write(&victim, "").expect("written");
    std::fs::remove_file(&path).expect("removed");
    std::os::unix::fs::symlink(&victim, &path).expect("linked");
    path
}

const CASES: [Case; 25] = [
    ("no packs at all", |root| {
        std::fs::remove_dir_all(root.join("v1/packs")).expect("removed");
        std::fs::create_dir(root.join("v1/packs")).expect("made");
        None
    }),
    ("a pack of another version", |root| {
        let pack = first(root, "packs");
        let mut bytes = std::fs::read(&pack).expect("read");
        bytes[8] = 77;
        std::fs::write(&pack, bytes).expect("written");
        Some(pack)
    }),
    ("an empty pack", |root| {
        let pack = root.join("v1/packs").join(first(root, "packs").file_name().expect("has one"));
        std::fs::write(&pack, "").expect("written");
        Some(pack)
    }),
    ("recency of the wrong size", |root| {
        std::fs::write(first(root, "recency"), [9; 7]).expect("written");
        None
    }),
    ("recency that is empty", |root| {
        std::fs::write(first(root, "recency"), "").expect("written");
        None
    }),
    ("recency that is a folder", |root| Some(folder_instead_of(first(root, "recency")))),
    ("a pack that is a folder", |root| Some(folder_instead_of(first(root, "packs")))),
    ("an object that is a folder", |root| Some(folder_instead_of(first(root, "objects")))),
    ("a removal record that is a folder", |root| Some(folder_instead_of(first(root, "dead")))),
    ("a sign that is a folder", |root| Some(folder_instead_of(root.join("README")))),
    ("a tag that is a folder", |root| Some(folder_instead_of(root.join("CACHEDIR.TAG")))),
    ("a lock that is a folder", |root| Some(folder_instead_of(root.join("v1/lock")))),
    ("a maintenance lock that is a folder", |root| {
        Some(folder_instead_of(root.join("v1/state/maintenance.lock")))
    }),
    ("a signal that is a folder", |root| Some(folder_instead_of(root.join("v1/state/published")))),
    ("a mark of the last cleaning that is a folder", |root| {
        Some(folder_instead_of(root.join("v1/state/collected")))
    }),
    ("a lock with something in it", |root| {
        std::fs::write(root.join("v1/lock"), "something").expect("written");
        Some(root.join("v1/lock"))
    }),
    ("an object folder that is a file", |root| {
        Some(file_instead_of(first(root, "objects").parent().expect("a folder").to_owned()))
    }),
    ("packs that are a file", |root| Some(file_instead_of(root.join("v1/packs")))),
    ("objects that are a file", |root| Some(file_instead_of(root.join("v1/objects")))),
    ("state that is a file", |root| Some(file_instead_of(root.join("v1/state")))),
    ("tmp that is a file", |root| Some(file_instead_of(root.join("v1/tmp")))),
    ("a quarantine that is a file", |root| Some(file_instead_of(root.join("v1/quarantine")))),
    ("recency and dead that are files", |root| {
        file_instead_of(root.join("v1/recency"));
        Some(file_instead_of(root.join("v1/dead")))
    }),
    ("everything below the version that is a file", |root| Some(file_instead_of(root.join("v1")))),
    ("an object of another content", |root| {
        let object = first(root, "objects");
        std::fs::write(&object, "another content").expect("written");
        Some(object)
    }),
];

#[test]
fn each_bad_thing_of_the_table_is_named_and_mended() {
    let (_dir, root) = sample();
    for (what, spoil) in CASES {
        let (_copy, there) = copied(&root);
        // A copy has no empty folders; opening makes them.
        drop(Store::open(small_options(&there)).expect("opened"));
        let named = spoil(&there);
        named_and_mended(&there, named.as_deref(), what);
    }
}

#[cfg(unix)]
#[test]
fn a_link_where_a_lock_or_the_signal_belongs_is_never_followed_and_is_mended() {
    let (_dir, root) = sample();
    for name in ["v1/lock", "v1/state/maintenance.lock", "v1/state/published"] {
        for (what, spoil) in [
            ("dangling", dangling_link_instead_of as fn(PathBuf) -> PathBuf),
            ("to a file", link_to_a_neighbour_instead_of),
        ] {
            let (_copy, there) = copied(&root);
            drop(Store::open(small_options(&there)).expect("opened"));
            let named = spoil(there.join(name));
            // What a link would lead to, from each of the places.
            let targets = ["v1/nowhere", "v1/state/nowhere"].map(|target| there.join(target));
            for target in &targets {
                std::fs::create_dir_all(target.join("at")).expect("made");
            }
            build_beside(&there, what);
            if let Ok(store) = Store::open(small_options(&there)) {
                let _ = store.gc(&janus_cache::store::GcOptions::default());
            }
            for target in &targets {
                assert!(!target.join("at/all").exists(), "{name} {what}: followed");
                std::fs::remove_dir_all(target).expect("removed");
            }
            for victim in ["victim", "v1/victim"].map(|victim| there.join(victim)) {
                assert_eq!(std::fs::read(&victim).unwrap_or_default(), b"", "{name} {what}: written to");
                let _ = std::fs::remove_file(victim);
            }
            // The link to a file leads nowhere by now, too.
            named_and_mended(&there, Some(&named), &format!("{name} {what}"));
        }
    }
}

#[test]
fn what_stood_in_the_way_is_in_quarantine_and_a_sound_cache_is_left_alone() {
    let (_dir, root) = sample();
    assert_eq!(mend_places(&root).expect("looked at"), []);
    std::fs::remove_file(root.join("v1/lock")).expect("removed");
    std::fs::create_dir(root.join("v1/lock")).expect("made");
    std::fs::write(root.join("v1/lock/mine.txt"), "mine").expect("written");
    let findings = mend_places(&root).expect("mended");
    assert_eq!(findings.len(), 1);
    assert_eq!((findings[0].path.clone(), findings[0].problem), (root.join("v1/lock"), Problem::Misplaced));
    let kept = files(&root.join("v1/quarantine"));
    assert!(kept.iter().any(|path| path.ends_with("mine.txt")), "{kept:?}");
    let foreign = root.parent().expect("above").join("foreign");
    std::fs::create_dir_all(foreign.join("v1/lock")).expect("made");
    mend_places(&foreign).expect_err("not a cache");
    assert!(foreign.join("v1/lock").is_dir());
}
