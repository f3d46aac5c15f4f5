//! Row 9: half of a store goes, and what readers notice of it.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use janus_cache::store::{Effort, EntryKey, GcOptions, Lookup, Retention, Store};

use crate::floor::{self, Table, Tables};
use crate::load::{self, Load};
use crate::measure::{Contestant, median, print, row};
use crate::ours::Ours;
use crate::peer::Writer;

pub(crate) fn rows(dir: &Path, load: &Load, rounds: usize) {
    let contestants: Vec<Contestant<'_>> = vec![
        ("rewrite of half, synced".to_owned(), Box::new(move |_| rewrite(dir, load, true))),
        ("rewrite of half, not synced".to_owned(), Box::new(move |_| rewrite(dir, load, false))),
        ("ours".to_owned(), Box::new(move |_| in_store(dir, load, |store| evict(store, load)))),
    ];
    row(&format!("9. half goes: {}", load.name), "ms", rounds, contestants);
    let mut found: Vec<[f64; 4]> = Vec::new();
    for _ in 0..rounds {
        found.push(in_store(dir, load, |store| latencies(store, load)));
    }
    let medians = [0, 1, 2, 3].map(|at| median(found.iter().map(|found| found[at]).collect()));
    let names = ["median before", "median meanwhile", "p99 before", "p99 meanwhile"];
    print(&format!("9. get on another thread: {}", load.name), "ns", &names[..2], &medians[..2]);
    print("   and its tail", "ns", &names[2..], &medians[2..]);
}

fn in_store<R>(dir: &Path, load: &Load, act: impl FnOnce(&Store) -> R) -> R {
    let folder = dir.join("evicted");
    let mut ours = Ours::open(&folder, true);
    ours.commit(&load.entries(0..load.len()), true);
    let done = act(&ours.store);
    drop(ours);
    std::fs::remove_dir_all(&folder).expect("removed");
    done
}

/// Milliseconds until half of the bytes are gone.
fn evict(store: &Store, load: &Load) -> f64 {
    let retention = Retention { max_bytes: Some(load.payload_bytes() / 2), ..Retention::default() };
    let options = GcOptions { retention, effort: Effort::Thorough, ..GcOptions::default() };
    let started = Instant::now();
    let report = store.gc(&options).expect("collected");
    let ms = started.elapsed().as_nanos() as f64 / 1e6;
    let share = report.after_bytes as f64 / report.before_bytes as f64;
    assert!((0.4..0.51).contains(&share), "{share} is left");
    ms
}

/// Copies every other entry of a table into a new one.
fn rewrite(dir: &Path, load: &Load, sync: bool) -> f64 {
    let folder = dir.join("rewritten");
    Tables::in_dir(&folder).commit(&load.entries(0..load.len()), true);
    let started = Instant::now();
    let table = Table::open(&folder, false);
    let stays = |(key, _): &(load::Key, &[u8])| key[31] & 1 == 0;
    let bytes = floor::build(table.entries().filter(stays), table.entries().filter(stays).count());
    floor::write(&folder.join("new.tmp"), &folder.join("0.table"), &bytes, sync);
    drop(table);
    let ms = started.elapsed().as_nanos() as f64 / 1e6;
    std::fs::remove_dir_all(&folder).expect("removed");
    ms
}

/// Median and 99th percentile of a get, before and while half of the store goes.
fn latencies(store: &Store, load: &Load) -> [f64; 4] {
    let entries = load.len();
    let every_key = (0..entries).map(|number| EntryKey::from_bytes(load::key(number)));
    assert!(every_key.into_iter().all(|key| store.get(&key).miss().is_none()));
    let watch = |stop: &AtomicBool| {
        let mut random = load::Random(7);
        let mut found = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let key = EntryKey::from_bytes(load::key(random.below(entries)));
            let started = Instant::now();
            // Of what went it is a miss, whose time counts as well.
            if let Lookup::Hit(entry) = store.get(&key) {
                std::hint::black_box(entry.content().first().copied());
            }
            found.push(started.elapsed().as_nanos() as f64);
        }
        found.sort_by(f64::total_cmp);
        [found[found.len() / 2], found[found.len() * 99 / 100]]
    };
    let while_doing = |act: &mut dyn FnMut()| {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| watch(&stop));
            act();
            stop.store(true, Ordering::Relaxed);
            reader.join().expect("read to the end")
        })
    };
    let [median_before, p99_before] = while_doing(&mut || std::thread::sleep(Duration::from_secs(1)));
    let [median, p99] = while_doing(&mut || {
        evict(store, load);
    });
    [median_before, median, p99_before, p99]
}
