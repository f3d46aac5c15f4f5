//! A hit borrows the bytes of the mapped pack: reading a cached table copies nothing.

mod store_kit;

use std::path::Path;

use janus_cache::build::{BuildCacheManager, Cache, ManagerOptions, Registry, Table};
use janus_cache::dispatch::{CompileOptions, Family, Method, TypeDecl, optimize};
use janus_cache::format::LogicalTable;
use janus_cache::fs::FileAccess;
use janus_cache::store::{Entry, Store, StoreOptions};
use store_kit::*;

/// Where some bytes lie.
fn place(bytes: &[u8]) -> std::ops::Range<usize> {
    let range = bytes.as_ptr_range();
    range.start as usize..range.end as usize
}

fn hit(store: &Store, number: u32) -> Entry {
    store.get(&key(number)).hit().expect("is there")
}

/// The packs that this process has mapped over all of `bytes`, as the system lists its mappings.
#[cfg(target_os = "linux")]
fn mapped_packs_under(bytes: &[u8], directory: &Path) -> Vec<String> {
    let wanted = place(bytes);
    let packs = directory.join("v1/packs").canonicalize().expect("is there");
    let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux has it");
    let covers = |line: &&str| {
        let (start, rest) = line.split_once('-').expect("start-end");
        let end = rest.split(' ').next().expect("start-end");
        let address = |text| usize::from_str_radix(text, 16).expect("hexadecimal");
        address(start) <= wanted.start && wanted.end <= address(end)
    };
    let files = maps.lines().filter(covers).filter_map(|line| line.find('/').map(|at| &line[at..]));
    files.filter(|file| Path::new(file).starts_with(&packs)).map(str::to_owned).collect()
}

#[test]
fn two_hits_of_one_key_have_their_bytes_at_one_address() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    commit(&open(dir.path()), [0, 2]);
    let store = open(dir.path());
    let (first, second) = (hit(&store, 2), hit(&store, 2));
    assert_eq!(first.content(), content(2));
    assert_eq!(place(first.content()), place(second.content()));
    assert_ne!(place(first.content()), place(hit(&store, 0).content()));
}

#[cfg(target_os = "linux")]
#[test]
fn the_bytes_of_a_hit_lie_in_the_mapped_pack_unless_files_are_read() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    commit(&open(dir.path()), [2]);
    let mapped = hit(&open(dir.path()), 2);
    let pack = only_file(dir.path(), "packs").canonicalize().expect("is there");
    assert_eq!(mapped_packs_under(mapped.content(), dir.path()), [pack.display().to_string()]);

    let reading = Store::open(StoreOptions { access: FileAccess::Read, ..options(dir.path()) });
    let read = hit(&reading.expect("opened"), 2);
    assert_eq!(read.content(), mapped.content());
    assert_eq!(mapped_packs_under(read.content(), dir.path()), [""; 0]);
}

/// A table from the cache, by a manager of its own.
fn cached_table(store: &Store, expect_cached: bool) -> Table {
    let types = [TypeDecl::new("Shape", &[]), TypeDecl::new("Circle", &["Shape"])];
    let methods =
        vec![Method::new(&["Shape"], "area(Shape)", "m"), Method::new(&["Circle"], "area(Circle)", "m")];
    let registry = Registry::new(types, [Family::new("area", 1, methods)]).expect("a registry");
    let manager = BuildCacheManager::new(Cache::of_store(store.clone()), ManagerOptions::default());
    let signature = registry.signature("area", 1).expect("registered");
    let build = |table: &LogicalTable, options: &CompileOptions| optimize(table, options);
    let table = manager.get_or_build("area", &signature, &registry, build).expect("a table");
    manager.end_session();
    assert_eq!(table.is_cached(), expect_cached);
    table
}

#[test]
fn a_table_of_a_manager_and_its_view_copy_nothing_either() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    cached_table(&open(dir.path()), false);
    let store = open(dir.path());
    let (first, second) = (cached_table(&store, true), cached_table(&store, true));
    assert_eq!(place(first.bytes()), place(second.bytes()));
    #[cfg(target_os = "linux")]
    assert_eq!(mapped_packs_under(first.bytes(), dir.path()).len(), 1);
    let view = first.view().expect("opens");
    let name =
        place(view.entry(janus_cache::format::EntryId(0)).expect("an entry").implementation.as_bytes());
    let table = place(first.bytes());
    assert!(table.start <= name.start && name.end <= table.end, "a name of the table lies outside it");
}
