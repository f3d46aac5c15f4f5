//! Rows 6 to 8: commits, and what they take on the disk.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Instant;

use janus_cache::store::{Effort, EntryKind, GcOptions, Retention};

use crate::load::Load;
use crate::measure::{Contestant, print, row};
use crate::ours::Ours;
use crate::peer::{Peer, Writer};

/// A store takes so many small commits before a new one is begun, so that it stays one that is kept up.
const COMMITS_A_STORE: usize = 8;
const SMALL: usize = 10;

/// Row 6.
pub(crate) fn small(dir: &Path, load: &Load, rounds: usize, peers: &[Peer]) {
    for sync in [false, true] {
        let contestants = peers
            .iter()
            .copied()
            .filter(|peer| !sync || peer.can_sync())
            .map(|peer| -> Contestant<'_> {
                let mut writer: Option<Box<dyn Writer>> = None;
                let measure = move |round: usize| {
                    if round.is_multiple_of(COMMITS_A_STORE) {
                        // LMDB refuses to open a second time what is open.
                        writer = None;
                        let folder = format!("small-{}-{sync}-{round}", peer.name());
                        writer = Some(peer.writer(&dir.join(folder), sync));
                    }
                    let first = round * SMALL % (load.len() - SMALL);
                    let entries = load.entries(first..first + SMALL);
                    let started = Instant::now();
                    writer.as_mut().expect("open").commit(&entries, sync);
                    started.elapsed().as_nanos() as f64 / 1e3
                };
                (peer.name().to_owned(), Box::new(measure))
            })
            .collect();
        let durability = if sync { "survives a power loss" } else { "survives the process" };
        row(&format!("6. commit of 10 entries that {durability}: {}", load.name), "us", rounds, contestants);
    }
}

/// Row 7: a fresh store each round.
pub(crate) fn large(dir: &Path, load: &Load, rounds: usize, peers: &[Peer]) {
    let contestants = peers
        .iter()
        .copied()
        .map(|peer| -> Contestant<'_> {
            let mut known = None;
            let measure = move |round: usize| {
                // It takes seconds, and more rounds would not make it another.
                if let (Peer::Cacache, Some(ms)) = (peer, known) {
                    return ms;
                }
                let folder = dir.join(format!("large-{}-{round}", peer.name()));
                let entries = load.entries(0..load.len());
                let mut writer = peer.writer(&folder, false);
                let started = Instant::now();
                writer.commit(&entries, false);
                let ms = started.elapsed().as_nanos() as f64 / 1e6;
                drop(writer);
                std::fs::remove_dir_all(&folder).expect("removed");
                known = Some(ms);
                ms
            };
            (peer.name().to_owned(), Box::new(measure))
        })
        .collect();
    row(&format!("7. commit of all: {}", load.name), "ms", rounds, contestants);
}

/// Row 8: blocks of the disk, folders included.
pub(crate) fn space(dir: &Path, load: &Load, peers: &[Peer]) {
    let (mut names, mut found) = (vec!["payload"], vec![load.payload_bytes() as f64 / 1e6]);
    for peer in peers.iter().copied() {
        let folder = dir.join(format!("space-{}", peer.name()));
        let mut writer = peer.writer(&folder, true);
        writer.commit(&load.entries(0..load.len()), true);
        drop(writer);
        names.push(peer.name());
        found.push(disk_bytes(&folder) as f64 / 1e6);
        if peer == Peer::Ours {
            let options = GcOptions {
                retention: Retention::default(),
                effort: Effort::Rewrite,
                ..GcOptions::default()
            };
            Ours::open(&folder, false).store.gc(&options).expect("written anew");
            names.push("ours, written anew");
            found.push(disk_bytes(&folder) as f64 / 1e6);
            let started = Instant::now();
            let report = Ours::optimize(&folder);
            let seconds = started.elapsed().as_secs_f64();
            println!(
                "\n(optimized in {seconds:.1} s, with a dictionary of {} bytes)",
                report.dictionary_bytes
            );
            names.push("ours, optimized");
            found.push(disk_bytes(&folder) as f64 / 1e6);
            std::fs::remove_dir_all(&folder).expect("removed");
            Ours::open_for_kind(&folder, EntryKind::FileIr).commit(&load.entries(0..load.len()), true);
            Ours::optimize(&folder);
            names.push("ours, optimized without a dictionary");
            found.push(disk_bytes(&folder) as f64 / 1e6);
        }
        std::fs::remove_dir_all(&folder).expect("removed");
    }
    print(&format!("8. on the disk: {}", load.name), "MB", &names, &found);
}

fn disk_bytes(path: &Path) -> u64 {
    let found = std::fs::symlink_metadata(path).expect("looked at");
    let inside: u64 = if found.is_dir() {
        std::fs::read_dir(path).expect("listed").map(|entry| disk_bytes(&entry.expect("read").path())).sum()
    } else {
        0
    };
    found.blocks() * 512 + inside
}
