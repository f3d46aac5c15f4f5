//! Lookups in open stores: hits, every byte of them, and misses.

use std::path::Path;
use std::time::Instant;

use crate::load::{self, ABSENT, Load};
use crate::measure::{Contestant, row};
use crate::ours::{OursSnapshot, OursTogether};
use crate::peer::{Batches, Peer, Reading};

const LOOKUPS: usize = 10_000;

/// Filled stores under one directory.
pub(crate) struct Filled<'a> {
    dir: &'a Path,
    /// Which contestant, in which folder, and how it is called.
    stores: Vec<(Peer, &'static str, &'static str)>,
}

impl<'a> Filled<'a> {
    /// With the contestants in `peers`; the floor and ours must be among them.
    pub(crate) fn new(dir: &'a Path, load: &Load, peers: &[Peer]) -> Self {
        let mut stores = vec![
            (Peer::Floor, "floor", "floor"),
            (Peer::Ours, "ours", "ours, one pack"),
            (Peer::Ours, "ours8", "ours, eight packs"),
            (Peer::Lmdb, "lmdb", "lmdb"),
            (Peer::Redb, "redb", "redb"),
            (Peer::Files, "files", "file for each entry"),
            (Peer::Cacache, "cacache", "cacache"),
        ];
        stores.retain(|(peer, ..)| peers.contains(peer));
        for (peer, folder, _) in &stores {
            peer.fill(&dir.join(folder), load, if *folder == "ours8" { 8 } else { 1 });
        }
        Self { dir, stores }
    }

    fn readers(&self) -> Vec<(&'static str, Box<dyn Batches>)> {
        let mut readers: Vec<(&'static str, Box<dyn Batches>)> = self
            .stores
            .iter()
            .map(|(peer, folder, name)| (*name, peer.reader(&self.dir.join(folder))))
            .collect();
        let together = OursTogether::open(&self.dir.join("ours"));
        readers.insert(2, ("ours, one pack, keys together", Box::new(together)));
        for (folder, name) in
            [("ours", "ours, one pack, a snapshot"), ("ours8", "ours, eight packs, a snapshot")]
        {
            readers.push((name, Box::new(OursSnapshot::open(&self.dir.join(folder)))));
        }
        readers
    }

    pub(crate) fn stores(&self) -> impl Iterator<Item = (Peer, std::path::PathBuf, &'static str)> {
        self.stores.iter().map(|(peer, folder, name)| (*peer, self.dir.join(folder), *name))
    }
}

fn asking<'a>(
    reader: &'a mut Box<dyn Batches>,
    entries: usize,
    reading: Reading,
) -> Box<dyn FnMut(usize) -> f64 + 'a> {
    Box::new(move |round| {
        let keys = load::draw(entries, LOOKUPS, round as u64);
        let batch = reader.batch(&keys, reading);
        assert_eq!(batch.hits, LOOKUPS);
        batch.ns
    })
}

/// Rows 1 to 3.
pub(crate) fn rows(filled: &Filled<'_>, load: &Load, rounds: usize, wanted: &dyn Fn(u32) -> bool) {
    let mut readers = filled.readers();
    let every_key: Vec<_> = (0..load.len()).map(load::key).collect();
    if wanted(1) || wanted(2) {
        for (_, reader) in &mut readers {
            assert_eq!(reader.batch(&every_key, Reading::FirstByte).hits, load.len());
        }
    }
    let rows = [
        (1, "1. warm get, first byte", Reading::FirstByte),
        (2, "2. warm get, every byte summed", Reading::EveryByte),
    ];
    for (number, title, reading) in rows.into_iter().filter(|(number, ..)| wanted(*number)) {
        let contestants: Vec<Contestant<'_>> = readers
            .iter_mut()
            .map(|(name, reader)| ((*name).to_owned(), asking(reader, load.len(), reading)))
            .collect();
        row(&format!("{title}: {}", load.name), "ns", rounds, contestants);
        if number == 2 {
            fresh_handles(filled, &every_key, rounds, &load.name);
        }
    }
    if wanted(3) {
        misses(&mut readers, filled.dir, rounds, &load.name);
    }
}

/// Each key once, in an order of chance, by a handle that was opened for it: what is read is mapped and
/// proved for the first time.
fn fresh_handles(filled: &Filled<'_>, every_key: &[load::Key], rounds: usize, name: &str) {
    let fresh = |peer: Peer, folder: &str, title: &str| -> Contestant<'_> {
        let dir = filled.dir.join(folder);
        let measure = move |round: usize| {
            let mut keys = every_key.to_vec();
            let mut random = load::Random(round as u64);
            for at in (1..keys.len()).rev() {
                keys.swap(at, random.below(at + 1));
            }
            let mut reader = peer.reader(&dir);
            let batch = reader.batch(&keys, Reading::FirstByte);
            assert_eq!(batch.hits, keys.len());
            batch.ns
        };
        (title.to_owned(), Box::new(measure))
    };
    let contestants = vec![
        fresh(Peer::FloorChecked, "floor", "floor, mapped anew, CRC-32 proved"),
        fresh(Peer::Ours, "ours", "ours, opened anew, one pack"),
        fresh(Peer::Ours, "ours8", "ours, opened anew, eight packs"),
    ];
    row(&format!("2. first get of each key by a fresh handle: {name}"), "ns", rounds, contestants);
}

fn misses(readers: &mut [(&'static str, Box<dyn Batches>)], dir: &Path, rounds: usize, name: &str) {
    let mut contestants: Vec<Contestant<'_>> = Vec::new();
    for (name, reader) in readers {
        let measure = move |round: usize| {
            let keys: Vec<_> = (0..LOOKUPS).map(|at| load::key(ABSENT + round * LOOKUPS + at)).collect();
            let batch = reader.batch(&keys, Reading::FirstByte);
            assert_eq!(batch.hits, 0);
            batch.ns
        };
        contestants.push(((*name).to_owned(), Box::new(measure)));
    }
    // What a miss of ours asks the system, so that nobody's publication is overlooked.
    let file = std::fs::File::open(dir.join("ours/v1/state/published")).expect("there");
    let one_fstat = move |_| {
        let started = Instant::now();
        for _ in 0..LOOKUPS {
            std::hint::black_box(file.metadata().expect("looked at").len());
        }
        started.elapsed().as_nanos() as f64 / LOOKUPS as f64
    };
    contestants.push(("one fstat by itself".to_owned(), Box::new(one_fstat)));
    row(&format!("3. miss: {name}"), "ns", rounds, contestants);
}
