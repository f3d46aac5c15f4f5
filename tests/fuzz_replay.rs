//! The fuzz targets of `fuzz/` on stable: seeds, finds, and changed seeds for a bounded time.
//!
//! Every run makes the same inputs in the same order; `JANUS_FUZZ_SECONDS` says how long each target
//! goes on (5 where it is not set). An input that breaks a promise is kept as a file, whose path is told.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use janus_cache_fuzz::{TARGETS, regression_files, seed_files};

/// One input may take so long, on a busy machine and without optimization.
const MOST_PER_INPUT: Duration = Duration::from_secs(20);
/// Inputs do not grow above this.
const MOST_INPUT_BYTES: usize = 64 << 10;
/// Numbers at the edges of what fields of formats hold.
const EDGES: [u32; 12] = [0, 1, 2, 7, 8, 0x7f, 0xff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fff8, u32::MAX];

/// Xorshift: the same numbers on every machine.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `end`, which is not 0.
    fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }

    /// A range inside of `len`, as a rule a short one.
    fn range(&mut self, len: usize) -> std::ops::Range<usize> {
        let most = [4, 16, 64, len][self.below(4)].min(len);
        let wide = self.below(most + 1);
        let start = self.below(len - wide + 1);
        start..start + wide
    }
}

/// `seed` changed in one to four ways; pieces of `other` may come in.
fn changed(seed: &[u8], other: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=numbers.below(4) {
        change(&mut bytes, other, numbers);
    }
    bytes.truncate(MOST_INPUT_BYTES);
    bytes
}

fn change(bytes: &mut Vec<u8>, other: &[u8], numbers: &mut Numbers) {
    if bytes.is_empty() {
        bytes.extend_from_slice(other);
        return;
    }
    let at = numbers.below(bytes.len());
    let edge = EDGES[numbers.below(EDGES.len())];
    match numbers.below(10) {
        0 => bytes[at] ^= 1 << numbers.below(8),
        1 => bytes[at] = edge as u8,
        2 => bytes[at] = bytes[at].wrapping_add([1, 255][numbers.below(2)]),
        // Fields of formats are aligned to four bytes as a rule.
        3 | 4 => {
            let at = at & !3;
            if let Some(field) = bytes.get_mut(at..at + 4) {
                let old = u32::from_le_bytes(field.try_into().expect("four bytes"));
                let new =
                    [edge, old.wrapping_add(1), old.wrapping_sub(1), old.wrapping_mul(2)][numbers.below(4)];
                field.copy_from_slice(&new.to_le_bytes());
            }
        }
        5 => bytes.truncate(at),
        6 => {
            let (to, from) = (numbers.range(bytes.len()), numbers.range(other.len()));
            bytes.splice(to, other[from].iter().copied());
        }
        7 => {
            let twice = bytes[numbers.range(bytes.len())].to_vec();
            bytes.splice(at..at, twice);
        }
        8 => drop(bytes.drain(numbers.range(bytes.len()))),
        _ => {
            // Two pieces of one length change places.
            let (first, second) = (numbers.range(bytes.len()), numbers.range(bytes.len()));
            let wide = first.len().min(second.len());
            for step in 0..wide {
                bytes.swap(first.start + step, second.start + step);
            }
        }
    }
}

fn target(name: &str) -> fn(&[u8]) {
    TARGETS.iter().find(|(known, _)| *known == name).expect("a target of this name").1
}

/// Runs one input. If a promise breaks, the input is kept before the test fails.
fn run(name: &str, body: fn(&[u8]), input: &[u8]) {
    let started = Instant::now();
    let broken = catch_unwind(AssertUnwindSafe(|| body(input))).err();
    let took = started.elapsed();
    if broken.is_none() && took <= MOST_PER_INPUT {
        return;
    }
    let kept = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("find-{name}"));
    std::fs::write(&kept, input).expect("writable");
    eprintln!(
        "{name}: {took:?}; the input is {}: mend, and keep it in fuzz/regressions/{name}/",
        kept.display()
    );
    match broken {
        Some(reason) => resume_unwind(reason),
        None => panic!("{name}: {} bytes took {took:?}, at most {MOST_PER_INPUT:?}", input.len()),
    }
}

fn contents(files: &[PathBuf]) -> Vec<Vec<u8>> {
    files.iter().map(|path| std::fs::read(path).expect("readable")).collect()
}

fn goes_on_for() -> Duration {
    let told = std::env::var("JANUS_FUZZ_SECONDS").ok();
    Duration::from_secs(told.map_or(5, |told| told.parse().expect("a whole number of seconds")))
}

/// Seeds, then changed seeds until the time is over.
fn fuzz(name: &str) {
    let body = target(name);
    let seeds = contents(&seed_files(name));
    assert!(seeds.len() >= 2, "{name} has seeds to start from and to splice");
    for seed in &seeds {
        run(name, body, seed);
    }
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let (until, mut inputs) = (Instant::now() + goes_on_for(), 0);
    while Instant::now() < until {
        let (seed, other) = (numbers.below(seeds.len()), numbers.below(seeds.len()));
        run(name, body, &changed(&seeds[seed], &seeds[other], &mut numbers));
        inputs += 1;
    }
    println!("{name}: {inputs} inputs");
}

macro_rules! each_target_keeps_its_promises {
    ($($test:ident: $name:literal),* $(,)?) => {
        /// Those that have a test here.
        const TESTED: &[&str] = &[$($name),*];
        $(#[test]
        fn $test() {
            fuzz($name);
        })*
    };
}

each_target_keeps_its_promises! {
    a_changed_table_gives_answers_or_error_values: "table",
    a_changed_image_gives_answers_or_error_values: "image",
    a_changed_pack_tells_only_sound_entries: "pack",
    a_changed_columnar_file_keeps_within_its_limit: "columnar",
    a_changed_lz4_file_keeps_within_its_limit: "lz4",
    a_changed_zstd_file_keeps_within_its_limit: "zstd",
    a_changed_corpus_gives_facts_and_diagnostics: "corpus",
    a_changed_source_gives_facts_and_diagnostics: "scanner",
}

#[test]
fn every_find_stays_mended() {
    for (name, body) in TARGETS {
        for (path, find) in regression_files(name).iter().zip(contents(&regression_files(name))) {
            eprintln!("{}", path.display());
            run(name, body, &find);
        }
    }
}

#[test]
fn every_target_is_run_here_and_by_libfuzzer() {
    let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, TESTED);
    for name in names {
        let binary = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fuzz/fuzz_targets/{name}.rs"));
        let text = std::fs::read_to_string(&binary).expect("a libFuzzer target of each name");
        assert!(text.contains(&format!("janus_cache_fuzz::{name}(data)")), "{}", binary.display());
    }
}
