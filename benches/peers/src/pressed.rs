//! Row 10: what a hit costs where its content is compressed, alone or with the dictionary of its pack.

use std::path::Path;

use crate::load::{self, Load};
use crate::measure::{Contestant, row};
use crate::ours::Ours;
use crate::peer::{Batches, Peer, Reading, Writer};

const LOOKUPS: usize = 2_000;

pub(crate) fn rows(dir: &Path, load: &Load, rounds: usize) {
    let folder = |name: &str| dir.join(format!("pressed-{name}"));
    let (plain, alone, optimized) = (folder("plain"), folder("alone"), folder("optimized"));
    Peer::Ours.fill(&plain, load, 1);
    Peer::Ours.fill(&optimized, load, 1);
    Ours::open_for_zstd(&alone).commit(&load.entries(0..load.len()), false);
    let report = Ours::optimize(&optimized);
    let framed = format!("optimized, dictionary of {} bytes", report.dictionary_bytes);
    let stores = [("as it is", &plain), ("Zstandard alone", &alone), (framed.as_str(), &optimized)];
    for reading in [Reading::FirstByte, Reading::EveryByte] {
        let contestants = stores
            .iter()
            .map(|(name, folder)| -> Contestant<'_> {
                let mut reader = Peer::Ours.reader(folder);
                let measure = move |round: usize| {
                    let keys = load::draw(load.len(), LOOKUPS, round as u64);
                    let batch = reader.batch(&keys, reading);
                    assert_eq!(batch.hits, LOOKUPS);
                    batch.ns
                };
                ((*name).to_owned(), Box::new(measure))
            })
            .collect();
        let what = if matches!(reading, Reading::FirstByte) { "first byte" } else { "CRC-32 of all" };
        row(
            &format!("10. warm get, {what}, of compressed contents: {}", load.name),
            "ns",
            rounds,
            contestants,
        );
    }
    for (name, folder) in stores {
        // A fresh handle prepares the dictionary with its first hit.
        let measure = |round: usize| {
            let key = load::draw(load.len(), 1, round as u64);
            Ours::open(folder, false).batch(&key, Reading::FirstByte).ns
        };
        let contestants: Vec<Contestant<'_>> = vec![(name.to_owned(), Box::new(measure))];
        row(&format!("10. first get of a fresh handle: {}", load.name), "ns", rounds, contestants);
    }
}
