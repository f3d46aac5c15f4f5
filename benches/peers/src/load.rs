//! What is stored: keys and contents, the same in every run and in every process.

use std::path::Path;

use crate::corpus;

pub(crate) type Key = [u8; 32];

/// Contents are pieces of this much noise, so that a million of them need no memory of their own.
const POOL_BYTES: usize = 8 << 20;
const MEDIAN_BYTES: f64 = 1536.0;
const SIGMA: f64 = 1.0;
/// Longer ones would become files of their own in our store, which is another question.
const MAX_BYTES: f64 = 512.0 * 1024.0;

/// Entries by their number.
pub(crate) struct Load {
    pub(crate) name: String,
    pool: Vec<u8>,
    pieces: Vec<(u32, u32)>,
}

impl Load {
    /// Log-normal sizes: median 1.5 KiB, sigma 1.
    pub(crate) fn log_normal(entries: usize) -> Self {
        let mut random = Random(0x5eed);
        let pool: Vec<u8> = (0..POOL_BYTES / 8).flat_map(|_| random.next().to_le_bytes()).collect();
        let piece = |random: &mut Random| {
            // Box and Muller's way from two even numbers to a normal one.
            let radius = (-2.0 * random.unit().ln()).sqrt();
            let normal = radius * (std::f64::consts::TAU * random.unit()).cos();
            let len = (MEDIAN_BYTES * (SIGMA * normal).exp()).clamp(1.0, MAX_BYTES) as usize;
            (random.below(POOL_BYTES - len) as u32, len as u32)
        };
        let pieces = (0..entries).map(|_| piece(&mut random)).collect();
        Self { name: format!("log-normal, {entries} entries"), pool, pieces }
    }

    /// The compiled tables of a corpus.
    pub(crate) fn corpus(path: &Path) -> Self {
        let tables = corpus::read(path).tables();
        let (mut pool, mut pieces) = (Vec::new(), Vec::new());
        for table in &tables {
            let bytes = corpus::compiled(table);
            pieces.push((pool.len() as u32, bytes.len() as u32));
            pool.extend_from_slice(&bytes);
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        Self { name: format!("{name}, {} tables", pieces.len()), pool, pieces }
    }

    pub(crate) fn len(&self) -> usize {
        self.pieces.len()
    }

    pub(crate) fn entry(&self, number: usize) -> (Key, &[u8]) {
        let (at, len) = self.pieces[number];
        (key(number), &self.pool[at as usize..at as usize + len as usize])
    }

    pub(crate) fn entries(&self, numbers: std::ops::Range<usize>) -> Vec<(Key, &[u8])> {
        numbers.map(|number| self.entry(number)).collect()
    }

    pub(crate) fn payload_bytes(&self) -> u64 {
        self.pieces.iter().map(|(_, len)| u64::from(*len)).sum()
    }
}

/// The key of an entry. Keys from [`ABSENT`] up are in no store.
pub(crate) fn key(number: usize) -> Key {
    let mut random = Random(number as u64 ^ 0x6b65_7973);
    let mut key = [0; 32];
    for word in key.chunks_exact_mut(8) {
        word.copy_from_slice(&random.next().to_le_bytes());
    }
    key
}

/// No load has so many entries.
pub(crate) const ABSENT: usize = 1 << 40;

/// `count` keys of `entries`, drawn anew for each seed.
pub(crate) fn draw(entries: usize, count: usize, seed: u64) -> Vec<Key> {
    let mut random = Random(seed ^ 0xd1a3);
    (0..count).map(|_| key(random.below(entries))).collect()
}

/// `SplitMix64` (Steele, Lea and Flood 2014).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }

    /// Above 0, at most 1.
    fn unit(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / (1u64 << 53) as f64
    }
}
