//! Does mapped bytes answering beat decoding, and how far is it from reading the bytes at all?
//!
//! Peers hold the same table as plain data with a dense matrix of answers, which is the fastest
//! lookup they can have once decoded; what they pay is the decoding, or, as `rkyv`, the proof that the
//! bytes may be used in place; `planus` proves nothing beforehand and reads lazily. The floor of opening is one CRC-32 over the same bytes: whoever checks
//! what he reads pays that. The floor of encoding is to copy the bytes and sum them up.

#[path = "support/families.rs"]
mod families;
#[rustfmt::skip]
#[path = "support/plain_generated.rs"]
#[allow(
    unsafe_code,
    missing_docs,
    unused_qualifications,
    unreachable_pub,
    clippy::pedantic,
    dead_code,
    reason = "written by planus-cli, see `support/plain.fbs`"
)]
mod generated;
#[path = "support/ratios.rs"]
mod ratios;

use std::collections::HashMap;
use std::hint::black_box;

use criterion::Throughput;
use families::table;
use generated::plain as flat;
use janus_cache::dispatch::{CompileOptions, compile, optimize};
use janus_cache::format::{Encoder, LocalType, LogicalTable, Outcome, TableView, encode};
use planus::ReadAsRoot;
use serde::{Deserialize, Serialize};

/// A table as plain data.
#[derive(Serialize, Deserialize, rkyv::Archive, rkyv::Serialize)]
struct Plain {
    name: String,
    types: Vec<(String, Vec<u16>)>,
    entries: Vec<(Vec<u16>, String, String, bool)>,
    /// Row-major answers by local types; the last row and column stand for all other types.
    matrix: Vec<u32>,
    width: u32,
}

impl Plain {
    fn new(table: &LogicalTable, view: &TableView<'_>) -> Self {
        let width = table.types.len() as u32 + 1;
        let local = |at: u32| if at + 1 == width { LocalType::OTHER } else { LocalType(at) };
        let cells = (0..width).flat_map(|row| (0..width).map(move |column| (row, column)));
        let answer = |(row, column)| match view.dispatch(&[local(row), local(column)]) {
            Ok(Outcome::Method(entry)) => entry.0,
            Ok(Outcome::Ambiguous) => u32::MAX - 1,
            _ => u32::MAX,
        };
        Self {
            name: table.name.clone(),
            types: table.types.iter().map(|row| (row.name.to_string(), row.above.to_vec())).collect(),
            entries: table
                .entries
                .iter()
                .map(|entry| {
                    let params = entry.pattern.iter().map(|param| param.0).collect();
                    (params, entry.implementation.clone(), entry.module.clone(), entry.default)
                })
                .collect(),
            matrix: cells.map(answer).collect(),
            width,
        }
    }

    /// As a flatbuffer.
    fn to_planus(&self) -> Vec<u8> {
        let types =
            self.types.iter().map(|(name, above)| flat::Type { name: name.clone(), above: above.clone() });
        let entries = self.entries.iter().map(|(params, implementation, module, default)| flat::Entry {
            params: params.clone(),
            implementation: implementation.clone(),
            module: module.clone(),
            default: *default,
        });
        let plain = flat::Plain {
            name: self.name.clone(),
            types: types.collect(),
            entries: entries.collect(),
            matrix: self.matrix.clone(),
            width: self.width,
        };
        planus::Builder::new().finish(plain, None).to_vec()
    }

    fn dispatch(&self, row: u32, column: u32) -> u32 {
        self.matrix.get((row * self.width + column) as usize).copied().unwrap_or(u32::MAX)
    }
}

impl ArchivedPlain {
    fn dispatch(&self, row: u32, column: u32) -> u32 {
        let cell = row * self.width.to_native() + column;
        self.matrix.get(cell as usize).map_or(u32::MAX, |cell| cell.to_native())
    }
}

/// Reads the root, the width and one cell; nothing else is looked at.
fn dispatch_in_planus(bytes: &[u8], row: u32, column: u32) -> planus::Result<u32> {
    let plain = flat::PlainRef::read_as_root(bytes)?;
    let cell = row * plain.width()? + column;
    Ok(plain.matrix()?.get(cell as usize).unwrap_or(u32::MAX))
}

fn opening(criterion: &mut criterion::Criterion, methods: usize) {
    let logical = table(methods);
    let bytes = compile(&logical, &CompileOptions::default()).expect("a table").bytes;
    let view = TableView::open(&bytes).expect("opens");
    let plain = Plain::new(&logical, &view);
    let postcard = postcard::to_stdvec(&plain).expect("encodes");
    let json = serde_json::to_vec(&plain).expect("encodes");
    let rkyv = rkyv::to_bytes::<rkyv::rancor::Error>(&plain).expect("encodes");
    let planus = plain.to_planus();
    assert_eq!(dispatch_in_planus(&planus, 1, 2).ok(), Some(plain.dispatch(1, 2)));
    let args = [LocalType(1), LocalType(2)];

    let name = format!("open and dispatch once, {methods} methods");
    let mut group = criterion.benchmark_group(&name);
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("crc32fast of the bytes", |b| b.iter(|| crc32fast::hash(black_box(&bytes))));
    group.bench_function("janus, checked", |b| {
        b.iter(|| TableView::open(black_box(&bytes)).expect("opens").dispatch(&args));
    });
    group.bench_function("janus, checked before", |b| {
        b.iter(|| TableView::open_proved(black_box(&bytes)).expect("opens").dispatch(&args));
    });
    group.bench_function("rkyv, checked", |b| {
        b.iter(|| {
            let plain = rkyv::access::<ArchivedPlain, rkyv::rancor::Error>(black_box(&rkyv)).expect("valid");
            plain.dispatch(1, 2)
        });
    });
    group.bench_function("planus, lazy and unchecked", |b| {
        b.iter(|| dispatch_in_planus(black_box(&planus), 1, 2).expect("readable"));
    });
    group.bench_function("postcard", |b| {
        b.iter(|| {
            let plain: Plain = postcard::from_bytes(black_box(&postcard)).expect("decodes");
            plain.dispatch(1, 2)
        });
    });
    group.bench_function("serde_json", |b| {
        b.iter(|| {
            let plain: Plain = serde_json::from_slice(black_box(&json)).expect("decodes");
            plain.dispatch(1, 2)
        });
    });
    group.finish();
    println!(
        "{name}: {} bytes as a table, {} in rkyv, {} in planus, {} in postcard, {} in JSON",
        bytes.len(),
        rkyv.len(),
        planus.len(),
        postcard.len(),
        json.len()
    );
    let contestants = [
        "crc32fast of the bytes",
        "janus, checked",
        "janus, checked before",
        "rkyv, checked",
        "planus, lazy and unchecked",
        "postcard",
        "serde_json",
    ];
    ratios::print_ratios(&name, "crc32fast of the bytes", &contestants);
}

fn answering(criterion: &mut criterion::Criterion, methods: usize) {
    let logical = table(methods);
    let bytes = compile(&logical, &CompileOptions::default()).expect("a table").bytes;
    let view = TableView::open(&bytes).expect("opens");
    let plain = Plain::new(&logical, &view);
    let hashed: HashMap<(u32, u32), u32> = (0..plain.width)
        .flat_map(|row| (0..plain.width).map(move |column| (row, column)))
        .map(|(row, column)| ((row, column), plain.dispatch(row, column)))
        .collect();
    let calls: Vec<(u32, u32)> = (0..4096_u32)
        .map(|at| {
            let mixed = at.wrapping_mul(2_654_435_761);
            (mixed % (plain.width - 1), (mixed >> 16) % (plain.width - 1))
        })
        .collect();
    let code = |outcome| match outcome {
        Ok(Outcome::Method(entry)) => entry.0,
        Ok(Outcome::Ambiguous) => u32::MAX - 1,
        _ => u32::MAX,
    };
    let ask = |row: u32, column: u32| code(view.dispatch(&[LocalType(row), LocalType(column)]));
    let name = format!("4,096 calls, {methods} methods");
    let mut group = criterion.benchmark_group(&name);
    group.throughput(Throughput::Elements(calls.len() as u64));
    group.bench_function("dense matrix in memory", |b| {
        b.iter(|| {
            calls.iter().fold(0_u32, |sum, (row, column)| sum.wrapping_add(plain.dispatch(*row, *column)))
        });
    });
    group.bench_function("janus, independent", |b| {
        b.iter(|| calls.iter().fold(0_u32, |sum, (row, column)| sum.wrapping_add(ask(*row, *column))));
    });
    // Each call waits for the answer of the one before.
    group.bench_function("janus, dependent", |b| {
        b.iter(|| {
            calls
                .iter()
                .fold(0_u32, |last, (row, column)| ask((row + (last & 1)) % (plain.width - 1), *column))
        });
    });
    group.bench_function("HashMap of tuples", |b| {
        b.iter(|| {
            calls.iter().fold(0_u32, |sum, call| sum.wrapping_add(hashed.get(call).copied().unwrap_or(0)))
        });
    });
    group.finish();
    let contestants =
        ["dense matrix in memory", "janus, independent", "janus, dependent", "HashMap of tuples"];
    ratios::print_ratios(&name, "dense matrix in memory", &contestants);
}

fn compiling(criterion: &mut criterion::Criterion, methods: usize) {
    let logical = table(methods);
    let plan = optimize(&logical, &CompileOptions::default()).expect("a plan").plan;
    let bytes = encode(&logical, &plan).expect("a table");
    let name = format!("encode, {methods} methods");
    let mut group = criterion.benchmark_group(&name);
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("copy and CRC-32 of the bytes", |b| {
        b.iter(|| {
            let copy = black_box(&bytes).clone();
            (crc32fast::hash(&copy), copy)
        });
    });
    group.bench_function("encode", |b| b.iter(|| encode(black_box(&logical), &plan)));
    let mut encoder = Encoder::default();
    group.bench_function("encode, memory kept", |b| b.iter(|| encoder.encode(black_box(&logical), &plan)));
    group.bench_function("optimize and encode", |b| {
        b.iter(|| compile(black_box(&logical), &CompileOptions::default()));
    });
    group.finish();
    let contestants =
        ["copy and CRC-32 of the bytes", "encode", "encode, memory kept", "optimize and encode"];
    ratios::print_ratios(&name, "copy and CRC-32 of the bytes", &contestants);
}

fn main() {
    let mut criterion = ratios::criterion();
    for methods in [5, 50, 500, 5000] {
        opening(&mut criterion, methods);
        answering(&mut criterion, methods);
        compiling(&mut criterion, methods);
    }
    criterion.final_summary();
}
