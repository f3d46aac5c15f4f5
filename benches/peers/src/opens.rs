//! Rows 4 and 5: a process that opens a store, asks it, and ends.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::load::{self, Load};
use crate::measure::{Contestant, median, print, take_turns};
use crate::peer::{Peer, Reading};
use crate::reads::Filled;

/// The whole program of a fresh process: `child PEER DIRECTORY ENTRIES GETS SEED`, or `child nothing`.
pub(crate) fn child(arguments: &[String]) {
    let [peer, dir, entries, gets, seed] = arguments else { return };
    let number = |text: &str| text.parse::<usize>().expect("a number");
    let peer = Peer::parse(peer).expect("a contestant");
    let keys = load::draw(number(entries), number(gets), number(seed) as u64);
    let hits = peer.reader(Path::new(dir)).batch(&keys, Reading::FirstByte).hits;
    assert_eq!(hits, keys.len());
}

fn run(arguments: &[String]) -> f64 {
    let program = std::env::current_exe().expect("this program");
    let started = Instant::now();
    let status = Command::new(program).arg("child").args(arguments).status().expect("started");
    let us = started.elapsed().as_nanos() as f64 / 1e3;
    assert!(status.success());
    us
}

pub(crate) fn rows(filled: &Filled<'_>, load: &Load, rounds: usize, wanted: &dyn Fn(u32) -> bool) {
    let mut asked: Vec<(Peer, PathBuf, &str)> = filled.stores().collect();
    let folder =
        |name: &str| asked.iter().find(|(_, _, known)| *known == name).map(|(_, dir, _)| dir.clone());
    let (floor, ours) = (folder("floor").expect("filled"), folder("ours, one pack").expect("filled"));
    let ours8 = folder("ours, eight packs").expect("filled");
    asked.insert(1, (Peer::FloorChecked, floor, "floor, CRC-32 proved"));
    asked.insert(4, (Peer::OursReadOnly, ours, "ours, one pack, read-only"));
    asked.insert(5, (Peer::OursReadOnly, ours8, "ours, eight packs, read-only"));
    for (number, gets) in [(4, 1), (5, 1000)] {
        if !wanted(number) {
            continue;
        }
        let mut contestants: Vec<Contestant<'_>> =
            vec![("an empty process".to_owned(), Box::new(|_| run(&["nothing".to_owned()])))];
        for (peer, dir, name) in &asked {
            let measure = move |round: usize| {
                let dir = dir.to_string_lossy().into_owned();
                let numbers = [load.len(), gets, round].map(|number| number.to_string());
                let [entries, gets, seed] = numbers;
                run(&[peer.name().to_owned(), dir, entries, gets, seed])
            };
            contestants.push(((*name).to_owned(), Box::new(measure)));
        }
        let found = take_turns(rounds, &mut contestants);
        let names: Vec<&str> = contestants.iter().map(|(name, _)| name.as_str()).collect();
        // Of each round by itself: how long an empty process takes drifts more than what is asked here.
        let empty = &found[0];
        let more: Vec<f64> = found
            .iter()
            .map(|rounds| median(rounds.iter().zip(empty).map(|(us, empty)| us - empty).collect()))
            .collect();
        let whole: Vec<f64> = found.iter().cloned().map(median).collect();
        let title = format!("{number}. a process that opens and gets {gets}: {}", load.name);
        print(&format!("{title}; whole process"), "us", &names, &whole);
        print(&format!("{title}; without an empty process"), "us", &names[1..], &more[1..]);
    }
}
