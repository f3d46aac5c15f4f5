//! What a build cache manager promises, over real stores.

use std::convert::Infallible;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use janus_cache::build::{
    BuildCacheManager, BuildError, Cache, CacheErrorKind, ManagerOptions, MissCause, Registry, Table,
    TableOrigin, TypeSignature,
};
use janus_cache::config::Verify;
use janus_cache::dispatch::{CompileError, CompileOptions, Family, Method, Optimized, TypeDecl, optimize};
use janus_cache::format::{LogicalTable, Outcome};
use janus_cache::store::{EntryKey, EntryKind, EntryMeta, MissReason, NewEntry, Store, StoreOptions};

fn manager(directory: &Path, options: ManagerOptions) -> BuildCacheManager {
    let store = Store::open(StoreOptions::new(directory)).expect("opens");
    BuildCacheManager::new(Cache::of_store(store), options)
}

fn registry(implementation: &str) -> Registry {
    let types = [TypeDecl::new("Shape", &[]), TypeDecl::new("Circle", &["Shape"])];
    let methods = vec![
        Method::new(&["Shape"], implementation, "geometry"),
        Method::new(&["Circle"], "area(Circle)", "geometry"),
    ];
    Registry::new(types, [Family::new("area", 1, methods)]).expect("a registry")
}

fn signature() -> TypeSignature {
    TypeSignature::new(&[&["Shape", "Circle"]])
}

fn build(table: &LogicalTable, options: &CompileOptions) -> Result<Optimized, CompileError> {
    optimize(table, options)
}

fn get(manager: &BuildCacheManager, registry: &Registry) -> Table {
    manager.get_or_build("area", &signature(), registry, build).expect("a table")
}

fn answer(table: &Table) -> String {
    let view = table.view().expect("opens");
    let circle = view.local_type("Circle").expect("readable");
    let Ok(Outcome::Method(entry)) = view.dispatch(&[circle]) else { panic!("a method") };
    view.entry(entry).expect("an entry").implementation.to_owned()
}

fn never(_: &LogicalTable, _: &CompileOptions) -> Result<Optimized, Infallible> {
    panic!("nothing is to be built")
}

#[test]
fn a_table_is_built_in_the_first_session_and_comes_from_the_cache_in_the_next() {
    let directory = tempfile::tempdir().unwrap();
    let registry = registry("area(Shape)");
    let first = manager(directory.path(), ManagerOptions::default());
    first.start_session().unwrap();
    let built = get(&first, &registry);
    assert_eq!(built.origin(), &TableOrigin::Built { cause: MissCause::Miss(MissReason::Absent) });
    assert_eq!(answer(&built), "area(Circle)");
    let metrics = first.end_session().metrics;
    assert_eq!((metrics.tables_built, metrics.tables_from_cache, metrics.hit_ratio), (1, 0, Some(0.0)));
    assert!(metrics.optimization_ns > 0 && metrics.serialization_ns > 0 && metrics.written_bytes > 0);
    assert!(metrics.total_ns >= metrics.optimization_ns);
    assert_eq!(metrics.misses.get("absent"), Some(&1));

    let second = manager(directory.path(), ManagerOptions::default());
    second.start_session().unwrap();
    let cached = second.get_or_build("area", &signature(), &registry, never).unwrap();
    assert_eq!(cached.origin(), &TableOrigin::Cached { level: "disk".to_owned() });
    assert_eq!(cached.bytes(), built.bytes());
    assert_eq!(cached.rebuild_cost_ns(), built.rebuild_cost_ns());
    let report = second.end_session();
    assert_eq!((report.metrics.tables_built, report.metrics.tables_from_cache), (0, 1));
    assert_eq!((report.metrics.hit_ratio, report.metrics.optimization_ns), (Some(1.0), 0));
    assert_eq!(report.metrics.saved_ns, built.rebuild_cost_ns());
    assert_eq!(report.levels[0].activity.hits, 1);
}

#[test]
fn a_registry_that_changed_has_another_key_and_is_built() {
    let directory = tempfile::tempdir().unwrap();
    let (old, new) = (registry("area(Shape)"), registry("area_of_any(Shape)"));
    let manager = manager(directory.path(), ManagerOptions::default());
    let key = |registry| manager.cache_key("area", &signature(), registry).unwrap();
    assert_ne!(key(&old), key(&new));
    get(&manager, &old);
    manager.end_session();
    let cached = |registry| manager.is_cached("area", &signature(), registry).unwrap();
    assert_eq!((cached(&old), cached(&new)), (true, false));
    manager.start_session().unwrap();
    assert!(!get(&manager, &new).is_cached());
    assert_eq!(manager.end_session().metrics.tables_built, 1);
    assert!(cached(&new));
}

#[test]
fn one_question_is_built_once_however_many_threads_ask() {
    let directory = tempfile::tempdir().unwrap();
    let (registry, built) = (registry("area(Shape)"), AtomicUsize::new(0));
    let manager = manager(directory.path(), ManagerOptions::default());
    manager.start_session().unwrap();
    let slow = |table: &LogicalTable, options: &CompileOptions| {
        built.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(std::time::Duration::from_millis(30));
        build(table, options)
    };
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let table = manager.get_or_build("area", &signature(), &registry, slow).unwrap();
                assert_eq!(answer(&table), "area(Circle)");
            });
        }
    });
    assert_eq!(built.load(Ordering::SeqCst), 1);
    assert_eq!(manager.end_session().metrics.tables_built, 1);
}

#[test]
fn a_builder_that_fails_caches_nothing_and_the_next_one_is_asked() {
    let directory = tempfile::tempdir().unwrap();
    let registry = registry("area(Shape)");
    let manager = manager(directory.path(), ManagerOptions::default());
    let failing = |_: &LogicalTable, _: &CompileOptions| Err::<Optimized, _>("no optimizer at hand");
    let error = manager.get_or_build("area", &signature(), &registry, failing).unwrap_err();
    assert_eq!(error.to_string(), "building area/1 failed: no optimizer at hand");
    assert!(!get(&manager, &registry).is_cached());
}

#[test]
fn a_stale_signature_and_an_unknown_family_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let registry = registry("area(Shape)");
    let manager = manager(directory.path(), ManagerOptions::default());
    let stale = TypeSignature::new(&[&["Shape"]]);
    let error = manager.get_or_build("area", &stale, &registry, build).unwrap_err();
    assert_eq!(
        error.to_string(),
        "family area/1 has the type signature (Circle | Shape) in the registry, the caller expected (Shape)"
    );
    let error = manager.get_or_build("volume", &stale, &registry, build).unwrap_err();
    assert!(matches!(error, BuildError::NoFamily { .. }), "{error}");
}

#[test]
fn sessions_do_not_nest_and_a_manager_that_is_dropped_commits() {
    let directory = tempfile::tempdir().unwrap();
    let registry = registry("area(Shape)");
    {
        let manager = manager(directory.path(), ManagerOptions::default());
        manager.start_session().unwrap();
        assert!(matches!(manager.start_session(), Err(BuildError::SessionRunning)));
        get(&manager, &registry);
    }
    let manager = manager(directory.path(), ManagerOptions::default());
    assert!(manager.is_cached("area", &signature(), &registry).unwrap());
}

#[test]
fn without_a_cache_everything_is_built_and_the_advice_says_so() {
    let registry = registry("area(Shape)");
    let manager = BuildCacheManager::new(Cache::off(), ManagerOptions::default());
    assert_eq!(get(&manager, &registry).origin(), &TableOrigin::Built { cause: MissCause::Off });
    let metrics = manager.end_session().metrics;
    assert_eq!(metrics.recommendations[0].code, "cache-off");
}

#[test]
fn a_dear_table_is_built_by_one_of_many_who_need_it_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let (registry, built) = (registry("area(Shape)"), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let options = ManagerOptions { claim_above_ns: 1, ..ManagerOptions::default() };
                let manager = manager(directory.path(), options);
                let slowly = |table: &LogicalTable, options: &CompileOptions| {
                    built.fetch_add(1, Ordering::Relaxed);
                    std::thread::sleep(std::time::Duration::from_millis(50));
                    optimize(table, options)
                };
                let table = manager.get_or_build("area", &signature(), &registry, slowly).expect("a table");
                assert_eq!(answer(&table), "area(Circle)");
            });
        }
    });
    assert_eq!(built.into_inner(), 1);
}

#[test]
fn recaching_ignores_hits_and_stores_anew() {
    let directory = tempfile::tempdir().unwrap();
    let registry = registry("area(Shape)");
    get(&manager(directory.path(), ManagerOptions::default()), &registry);
    let recaching = manager(directory.path(), ManagerOptions { recache: true, ..ManagerOptions::default() });
    assert_eq!(get(&recaching, &registry).origin(), &TableOrigin::Built { cause: MissCause::Recache });
    assert!(recaching.end_session().metrics.written_bytes > 0);
}

#[test]
fn an_answer_to_another_question_is_not_believed_and_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let (asked, other) = (registry("area(Shape)"), registry("area_of_any(Shape)"));
    let poisoner = manager(directory.path(), ManagerOptions::default());
    let wrong = get(&poisoner, &other);
    let key = poisoner.cache_key("area", &signature(), &asked).unwrap();
    poison(directory.path(), &key, wrong.bytes());
    poison(directory.path(), &key, wrong.bytes());

    let first = manager(directory.path(), ManagerOptions::default());
    let table = get(&first, &asked);
    let TableOrigin::Built { cause: MissCause::OtherQuestion { .. } } = table.origin() else {
        panic!("the poisoned entry was used: {table:?}");
    };
    first.end_session();
    let second = manager(directory.path(), ManagerOptions::default());
    assert!(get(&second, &asked).is_cached(), "a poisoned entry is not met again and again");
}

/// Puts bytes under a key that they do not answer, as a broken producer would.
fn poison(directory: &Path, key: &janus_cache::key::TableKey, bytes: &[u8]) {
    let store = Store::open(StoreOptions::new(directory)).unwrap();
    let meta = EntryMeta {
        kind: EntryKind::DispatchTable,
        codec: janus_cache::codec::Codec::None,
        created_unix_s: 0,
        rebuild_cost_ns: 0,
        project: String::new(),
        producer: String::new(),
        language: String::new(),
    };
    let session = store.session().unwrap();
    let key = EntryKey::from_bytes(*key.as_bytes());
    session.put(&NewEntry { key, meta: &meta, content: bytes, trace: b"" }).unwrap();
    session.commit().unwrap();
}

#[test]
fn bytes_that_are_no_table_are_a_miss_with_a_reason() {
    let directory = tempfile::tempdir().unwrap();
    let registry = registry("area(Shape)");
    let first = manager(directory.path(), ManagerOptions::default());
    let key = first.cache_key("area", &signature(), &registry).unwrap();
    poison(directory.path(), &key, b"not a table");
    let table = get(&first, &registry);
    let TableOrigin::Built { cause: MissCause::Unusable(_) } = table.origin() else { panic!("{table:?}") };
    assert_eq!(first.end_session().metrics.misses.get("unusable"), Some(&1));
}

/// The same question answered in another way: what a changed compiler that kept its version leaves.
fn by_dag(table: &LogicalTable, options: &CompileOptions) -> Result<Optimized, CompileError> {
    let optimizer =
        janus_cache::dispatch::OptimizerChoice::Force(janus_cache::format::Optimization::DecisionDag);
    optimize(table, &CompileOptions { optimizer, ..options.clone() })
}

#[test]
fn verifying_finds_an_entry_that_building_would_not_give_and_replaces_it() {
    let directory = tempfile::tempdir().unwrap();
    let registry = registry("area(Shape)");
    let first = manager(directory.path(), ManagerOptions::default());
    first.get_or_build("area", &signature(), &registry, by_dag).unwrap();
    drop(first);

    let options = ManagerOptions { verify: Verify::Always, ..ManagerOptions::default() };
    let verifying = manager(directory.path(), options.clone());
    let table = get(&verifying, &registry);
    let TableOrigin::Built { cause: MissCause::Mismatch { section } } = table.origin() else {
        panic!("{table:?}")
    };
    assert!(!section.is_empty());
    let report = verifying.end_session();
    assert_eq!((report.metrics.tables_verified, report.metrics.tables_built), (1, 1));
    assert_eq!(report.warnings[0].kind, CacheErrorKind::Corrupted);

    let again = manager(directory.path(), options);
    assert!(get(&again, &registry).is_cached());
    let report = again.end_session();
    assert_eq!((report.metrics.tables_verified, report.warnings.len()), (1, 0));
}

#[test]
fn a_cache_that_cannot_be_written_is_one_warning_and_no_failed_build() {
    let directory = tempfile::tempdir().unwrap();
    let registry = registry("area(Shape)");
    let manager = manager(directory.path(), ManagerOptions::default());
    std::fs::remove_dir(directory.path().join("v1/tmp")).unwrap();
    std::fs::write(directory.path().join("v1/tmp"), "in the way").unwrap();
    assert_eq!(answer(&get(&manager, &registry)), "area(Circle)");
    let report = manager.end_session();
    assert_eq!((report.warnings.len(), report.metrics.write_failures), (1, 1));
    assert!(report.metrics.recommendations.iter().any(|advice| advice.code == "write-failures"));
}

#[test]
fn reports_say_what_was_done_and_what_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let registry = registry("area(Shape)");
    let manager = manager(directory.path(), ManagerOptions::default());
    get(&manager, &registry);
    manager.end_session();
    let report = manager.report();
    assert!(report.starts_with("1 tables: 0 from the cache, 1 built, 1 of them optimized\n"), "{report}");
    assert!(report.contains("hit ratio 0.0 %"), "{report}");
    let report = manager.cache_report();
    assert!(report.contains("level disk (read-write)"), "{report}");
    assert!(report.contains("1 entries of"), "{report}");
}
