//! How small does a codec make tables and images, and how fast are they back?
//!
//! The floor is LZ4, which is what a build takes that wants small files at no price; the other way to be
//! small is plain data in `postcard`, which is decoded before it answers. `JANUS_CORPUS` may name a
//! corpus file (`dispatch-corpus/1`); without it only the made-up families are measured.

#[path = "support/corpus.rs"]
mod corpus;
#[path = "support/families.rs"]
mod families;
#[path = "support/ratios.rs"]
mod ratios;

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use janus_cache::codec::{Codec, Dictionary, Level};
use janus_cache::dispatch::{CompileOptions, compile};
use janus_cache::format::{FileCodec, LogicalRule, LogicalTable, compress, decompress};
use janus_cache::image::{compress_image, decompress_image};

const LIMIT_BYTES: u64 = 1 << 30;
const CODECS: [(&str, FileCodec); 5] = [
    ("lz4", FileCodec::Lz4),
    ("zstd 1", FileCodec::Zstd(Level::FASTEST)),
    ("zstd 3", FileCodec::Zstd(Level::DEFAULT)),
    ("zstd 19", FileCodec::Zstd(Level::SMALLEST)),
    ("columnar", FileCodec::Columnar),
];

type Press = fn(&[u8], FileCodec) -> Vec<u8>;
type Unpress = fn(&[u8]) -> usize;

const TABLE: (Press, Unpress) = (
    |bytes, codec| compress(bytes, codec).expect("opens"),
    |bytes| decompress(bytes, LIMIT_BYTES).expect("decodes").len(),
);
const IMAGE: (Press, Unpress) = (
    |bytes, codec| compress_image(bytes, codec).expect("opens"),
    |bytes| decompress_image(bytes, LIMIT_BYTES).expect("decodes").len(),
);

/// Bytes of all tables as plain data, without any answers: what a decoder would have to resolve from.
fn plain_len(tables: &[LogicalTable]) -> usize {
    let plain: Vec<_> = tables
        .iter()
        .map(|table| {
            let types: Vec<_> = table.types.iter().map(|row| (&*row.name, row.sealed, &*row.above)).collect();
            let entries: Vec<(Vec<u16>, _, _, _)> = table
                .entries
                .iter()
                .map(|entry| {
                    let params = entry.pattern.iter().map(|param| param.0).collect();
                    (params, &entry.implementation, &entry.module, entry.default)
                })
                .collect();
            let nearest = match &table.rule {
                LogicalRule::Precedence { nearest, .. } => nearest.iter().map(|list| &**list).collect(),
                _ => Vec::new(),
            };
            (&table.name, types, &table.params, entries, nearest)
        })
        .collect();
    postcard::to_stdvec(&plain).expect("encodes").len()
}

fn files(criterion: &mut Criterion, name: &str, files: &[Vec<u8>], (press, unpress): (Press, Unpress)) {
    let total: usize = files.iter().map(Vec::len).sum();
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Bytes(total as u64));
    let mut sizes = vec![("copy", total)];
    group.bench_function("copy", |b| {
        b.iter(|| files.iter().map(|file| black_box(file.clone()).len()).sum::<usize>());
    });
    for (word, codec) in CODECS {
        let small: Vec<Vec<u8>> = files.iter().map(|file| press(file, codec)).collect();
        sizes.push((word, small.iter().map(Vec::len).sum()));
        group.bench_function(word, |b| {
            b.iter(|| small.iter().map(|file| unpress(black_box(file))).sum::<usize>());
        });
    }
    let samples: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
    if let Ok(dictionary) = Dictionary::train(&samples, 64 << 10) {
        let encode = |file: &Vec<u8>| dictionary.encode(file, Level::DEFAULT).expect("memory");
        let small: Vec<(Vec<u8>, u64)> = files.iter().map(|file| (encode(file), file.len() as u64)).collect();
        let kept = dictionary.bytes().len();
        sizes.push(("zstd 3 and dictionary", small.iter().map(|(file, _)| file.len()).sum::<usize>() + kept));
        group.bench_function("zstd 3 and dictionary", |b| {
            let decode = |(file, len): &(Vec<u8>, u64)| dictionary.decode(file, *len, LIMIT_BYTES);
            b.iter(|| {
                small.iter().map(|file| decode(black_box(file)).expect("decodes").len()).sum::<usize>()
            });
        });
    }
    group.finish();
    print_sizes(name, total, &sizes);
    let contestants: Vec<&str> = sizes.iter().map(|(name, _)| *name).collect();
    ratios::print_ratios(name, "lz4", &contestants);
    ratios::print_throughput(name, total, &contestants);
}

fn print_sizes(name: &str, total: usize, sizes: &[(&str, usize)]) {
    println!("\n{name}: bytes, and how many times smaller");
    for (contestant, bytes) in sizes {
        println!("  {contestant:<34} {bytes:>14}     {:>9.2}", total as f64 / *bytes as f64);
    }
}

fn main() {
    let mut criterion = ratios::criterion();
    for methods in [10, 100, 500] {
        let bytes = compile(&families::table(methods), &CompileOptions::default()).expect("a table").bytes;
        files(&mut criterion, &format!("table of {methods} methods"), &[bytes], TABLE);
    }
    if let Some(path) = std::env::var_os("JANUS_CORPUS") {
        let corpus = corpus::read(std::path::Path::new(&path));
        let questions = corpus.tables();
        let tables: Vec<Vec<u8>> = questions.iter().map(corpus::compiled).collect();
        // All of them would take minutes; these are spread over the whole corpus.
        let some: Vec<Vec<u8>> = tables.iter().step_by(64).cloned().collect();
        files(&mut criterion, "every 64th table of the corpus, one by one", &some, TABLE);
        let image = corpus.image(&tables);
        println!("\nall tables as plain data in postcard: {} bytes", plain_len(&questions));
        println!("LZ4 of the whole image: {} bytes", Codec::Lz4.encode(&image).1.len());
        files(&mut criterion, "image of the corpus", &[image], IMAGE);
    }
    criterion.final_summary();
}
