//! The speed-up in build metrics: what building every table had cost, divided by what this session spent.

use std::path::Path;

use janus_cache::build::{
    BuildCacheManager, BuildMetrics, Cache, ManagerOptions, Registry, Table, TypeSignature,
};
use janus_cache::codec::Codec;
use janus_cache::dispatch::{CompileOptions, Family, Method, TypeDecl, compile, optimize};
use janus_cache::format::LogicalTable;
use janus_cache::store::{EntryKey, EntryKind, EntryMeta, NewEntry, Store, StoreOptions};

fn manager(directory: &Path) -> BuildCacheManager {
    let store = Store::open(StoreOptions::new(directory)).expect("opens");
    BuildCacheManager::new(Cache::of_store(store), ManagerOptions::default())
}

/// Two families, `area/1` and `name/1`.
fn registry() -> Registry {
    let types = [TypeDecl::new("Shape", &[]), TypeDecl::new("Circle", &["Shape"])];
    let family = |name: &str| Family::new(name, 1, vec![Method::new(&["Shape"], name, "geometry")]);
    Registry::new(types, [family("area"), family("name")]).expect("a registry")
}

fn get(manager: &BuildCacheManager, family: &str) -> Table {
    let build = |table: &LogicalTable, options: &CompileOptions| optimize(table, options);
    let signature = TypeSignature::new(&[&["Shape"]]);
    manager.get_or_build(family, &signature, &registry(), build).expect("a table")
}

/// Puts the right table of `family` into the cache, with a cost of our choice beside it.
fn cache_with_cost(directory: &Path, family: &str, rebuild_cost_ns: u64) {
    let manager = manager(directory);
    let key = manager.cache_key(family, &TypeSignature::new(&[&["Shape"]]), &registry()).expect("a key");
    let registry = registry();
    let family = registry.family(family, 1).expect("registered");
    let table = janus_cache::dispatch::restrict(registry.graph(), family).expect("a family");
    let bytes = compile(&table, &CompileOptions::default()).expect("fits").bytes;
    let meta = EntryMeta {
        kind: EntryKind::DispatchTable,
        codec: Codec::None,
        created_unix_s: 0,
        rebuild_cost_ns,
        project: String::new(),
        producer: String::new(),
        language: String::new(),
    };
    let store = Store::open(StoreOptions::new(directory)).expect("opens");
    let session = store.session().expect("a session");
    let key = EntryKey::from_bytes(*key.as_bytes());
    session.put(&NewEntry { key, meta: &meta, content: &bytes, trace: b"" }).expect("put");
    session.commit().expect("committed");
}

fn spent_ns(metrics: &BuildMetrics) -> u64 {
    metrics.lookup_ns + metrics.optimization_ns + metrics.serialization_ns
}

fn assert_speed_up(metrics: &BuildMetrics, recorded_ns: u64) {
    let expected = recorded_ns as f64 / spent_ns(metrics) as f64;
    let found = metrics.speed_up.expect("tables were asked for");
    assert!((found - expected).abs() <= expected * 1e-9, "{found}, expected {expected}");
}

#[test]
fn hits_are_as_fast_as_their_recorded_cost_divided_by_what_they_took() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    // An hour each, so that no lookup takes as long.
    let cost_ns = 3_600_000_000_000;
    cache_with_cost(directory.path(), "area", cost_ns);
    cache_with_cost(directory.path(), "name", cost_ns);
    let manager = manager(directory.path());
    assert!(get(&manager, "area").is_cached() && get(&manager, "name").is_cached());
    let metrics = manager.end_session().metrics;
    assert_eq!(metrics.saved_ns, 2 * cost_ns);
    assert_speed_up(&metrics, 2 * cost_ns);
    assert!(metrics.speed_up.expect("known") > 1.0);
}

#[test]
fn hits_that_cost_nothing_to_build_are_no_speed_up() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    cache_with_cost(directory.path(), "area", 0);
    let manager = manager(directory.path());
    assert!(get(&manager, "area").is_cached());
    assert_eq!(manager.end_session().metrics.speed_up, Some(0.0));
}

#[test]
fn a_built_table_counts_with_what_building_it_took() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let cost_ns = 3_600_000_000_000;
    cache_with_cost(directory.path(), "area", cost_ns);
    let manager = manager(directory.path());
    assert!(get(&manager, "area").is_cached());
    let built = get(&manager, "name");
    assert!(!built.is_cached() && built.rebuild_cost_ns() > 0);
    assert_speed_up(&manager.end_session().metrics, cost_ns + built.rebuild_cost_ns());
}

#[test]
fn without_a_table_there_is_no_speed_up() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let manager = manager(directory.path());
    manager.start_session().expect("started");
    assert_eq!(manager.end_session().metrics.speed_up, None);
}
