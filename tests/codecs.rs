//! Compressed tables and images: what comes back is what went in, byte for byte; damage is refused or
//! decodes to something that opens or is refused; nobody reserves what a bomb promises.

mod support;

#[path = "support/seal.rs"]
mod seal;

use std::path::Path;

use janus_cache::codec::{CodecError, Level};
use janus_cache::dispatch::{CompileOptions, OptimizerChoice, compile, restrict};
use janus_cache::format::{
    DecompressError, FileCodec, OpenError, Optimization, TableView, compress, decompress,
};
use janus_cache::image::{
    ImageContent, ImagePlace, ImageType, ImageView, compress_image, decompress_image, encode_image,
};
use proptest::prelude::*;
use seal::{IMAGES, TABLES, put, reseal, u32_at};
use support::{World, ruled_worlds};

const LIMIT_BYTES: u64 = 1 << 20;
const CODECS: [FileCodec; 3] = [FileCodec::Lz4, FileCodec::Zstd(Level::DEFAULT), FileCodec::Columnar];

fn vector(file: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("format-spec/vectors").join(file);
    std::fs::read(path).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// All golden vectors that are stored as they are and open.
fn vectors(ending: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("format-spec/vectors");
    let names = std::fs::read_dir(folder).expect("is there").map(|file| file.expect("listed").file_name());
    names
        .map(|name| name.to_string_lossy().into_owned())
        .filter(|name| name.ends_with(ending))
        .map(|name| (name.clone(), vector(&name)))
        .filter(|(_, bytes)| TableView::open(bytes).is_ok() || ImageView::open(bytes).is_ok())
        .collect()
}

fn table_of(world: &World, optimizer: OptimizerChoice) -> Vec<u8> {
    let table = restrict(&world.graph(), &world.family).expect("the family fits its types");
    compile(&table, &CompileOptions { optimizer, ..CompileOptions::default() }).expect("fits").bytes
}

fn image_of(worlds: &[World]) -> Vec<u8> {
    let tables: Vec<Vec<u8>> = worlds
        .iter()
        .enumerate()
        .map(|(at, world)| {
            let mut world = world.clone();
            world.family.name = format!("m::f{}", at / 2);
            world.family.arity = world.family.methods[0].params.len() as u8;
            if at % 2 == 1 {
                world.family.name.push('b');
            }
            table_of(&world, OptimizerChoice::Auto)
        })
        .collect();
    // Worlds name their types alike, so the largest declares those of all.
    let decls = worlds.iter().map(|world| &world.decls).max_by_key(|decls| decls.len()).expect("a world");
    let types = decls.iter().map(|decl| ImageType { name: decl.name.clone(), sealed: decl.sealed }).collect();
    let content = ImageContent {
        name: "worlds",
        types,
        tables: tables.iter().map(Vec::as_slice).collect(),
        creation_timestamp: 0,
    };
    let place = |family: &str, symbol: &str| {
        let line = symbol.len() as u32 + 3;
        Some(ImagePlace { file: format!("src/{family}.jan"), line, column: 1 })
    };
    encode_image(&content, place).expect("fits")
}

#[test]
fn every_vector_comes_back_byte_for_byte_and_no_codec_makes_it_larger() {
    let tables = vectors(".jdt");
    assert!(tables.len() > 15);
    for ((name, bytes), codec) in tables.iter().flat_map(|table| CODECS.map(|codec| (table, codec))) {
        let small = compress(bytes, codec).expect("opens");
        assert!(small.len() <= bytes.len(), "{name}");
        assert!(decompress(&small, LIMIT_BYTES).as_deref() == Ok(bytes), "{name}, {codec:?}");
    }
    for (name, bytes) in vectors(".jdi") {
        for codec in CODECS {
            let small = compress_image(&bytes, codec).expect("opens");
            assert!(small.len() < bytes.len(), "{name}");
            assert!(decompress_image(&small, LIMIT_BYTES).as_deref() == Ok(&bytes), "{name}");
        }
    }
}

#[test]
fn columns_are_smaller_than_lz4() {
    let bytes = vector("wide.jdt");
    let [lz4, _, columnar] = CODECS.map(|codec| compress(&bytes, codec).expect("opens").len());
    assert!(columnar * 2 < lz4, "{columnar} and {lz4} of {}", bytes.len());
}

#[test]
fn a_compressed_file_is_not_read_where_it_lies_and_says_why() {
    let small = compress(&vector("wide.jdt"), FileCodec::Columnar).expect("opens");
    let found = TableView::open(&small).map(|_| ());
    assert_eq!(found, Err(OpenError::Compressed { codec: "columnar" }));
    let small = compress_image(&vector("shared.jdi"), FileCodec::Lz4).expect("opens");
    let found = ImageView::open(&small).map(|_| ());
    assert_eq!(found, Err(OpenError::Compressed { codec: "lz4" }));
    assert_eq!(compress_image(&small, FileCodec::Lz4), Err(OpenError::Compressed { codec: "lz4" }));
}

#[test]
fn a_file_that_is_stored_as_it_is_comes_back_without_a_copy() {
    let bytes = vector("dag.jdt");
    assert!(compress(&bytes, FileCodec::None).as_deref() == Ok(&bytes));
    let found = decompress(&bytes, LIMIT_BYTES).expect("is not compressed");
    assert!(matches!(found, std::borrow::Cow::Borrowed(_)));
}

#[test]
fn padding_that_is_not_zero_and_unknown_sections_survive() {
    let mut bytes = vector("newer-minor.jdt");
    let first_section = u32_at(&bytes, 88 + 8) as usize;
    let name_len = u32_at(&bytes, 88 + 12) as usize;
    assert_ne!(name_len % 8, 0, "there is padding behind the name");
    bytes[first_section + name_len] = 7;
    reseal(&mut bytes, TABLES);
    for codec in CODECS {
        let small = compress(&bytes, codec).expect("opens");
        assert!(decompress(&small, LIMIT_BYTES).as_deref() == Ok(&bytes), "{codec:?}");
    }
}

#[test]
fn a_promise_over_the_limit_is_refused_before_anything_else_is_believed() {
    for codec in CODECS {
        let bytes = vector("wide.jdt");
        let mut small = compress(&bytes, codec).expect("opens");
        let limit_bytes = bytes.len() as u64 - 1;
        let over = |decoded_bytes| Err(CodecError::OverLimit { decoded_bytes, limit_bytes }.into());
        assert_eq!(decompress(&small, limit_bytes).map(|bytes| bytes.len()), over(bytes.len() as u64));
        small[64..72].copy_from_slice(&u64::MAX.to_le_bytes());
        reseal(&mut small, TABLES);
        assert_eq!(decompress(&small, limit_bytes).map(|bytes| bytes.len()), over(u64::MAX));
    }
}

#[test]
fn another_size_than_promised_is_refused() {
    for codec in CODECS {
        let bytes = vector("wide.jdt");
        for total_len in [0, 80, 88, 300, bytes.len() as u32 - 8, bytes.len() as u32 + 8, u32::MAX] {
            let mut small = compress(&bytes, codec).expect("opens");
            put(&mut small, 64, total_len);
            reseal(&mut small, TABLES);
            // A limit that lets every promise through, so that the stream itself must refuse.
            let limit_bytes = if total_len == u32::MAX { 1 << 20 } else { u64::from(u32::MAX) };
            let found = decompress(&small, limit_bytes).map(|bytes| bytes.len());
            assert!(matches!(found, Err(DecompressError::Stream(_))), "{codec:?}, {total_len}: {found:?}");
        }
    }
}

#[test]
fn every_truncation_and_every_flipped_bit_is_refused() {
    for codec in CODECS {
        let table = compress(&vector("levels-dag.jdt"), codec).expect("opens");
        let image = compress_image(&vector("shared.jdi"), codec).expect("opens");
        for len in 0..table.len() {
            assert!(decompress(&table[..len], LIMIT_BYTES).is_err(), "{codec:?}: {len} bytes");
        }
        for len in 0..image.len() {
            assert!(decompress_image(&image[..len], LIMIT_BYTES).is_err(), "{codec:?}: {len} bytes");
        }
        for (at, bit) in (0..table.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut bytes = table.clone();
            bytes[at] ^= 1 << bit;
            // One bit may turn the codec into "none": then opening refuses the file.
            let found = decompress(&bytes, LIMIT_BYTES);
            let opens = found.as_ref().is_ok_and(|table| TableView::open(table).is_ok());
            assert!(!opens, "{codec:?}: bit {bit} of byte {at}");
        }
        for (at, bit) in (0..image.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut bytes = image.clone();
            bytes[at] ^= 1 << bit;
            let found = decompress_image(&bytes, LIMIT_BYTES);
            let opens = found.as_ref().is_ok_and(|image| ImageView::open(image).is_ok());
            // Reserved bytes are under the checksum, too.
            assert!(!opens, "{codec:?}: bit {bit} of byte {at}");
        }
    }
}

#[test]
fn every_changed_byte_under_right_checksums_decodes_to_the_promised_length_or_is_refused() {
    for codec in CODECS {
        let (table, image) = (vector("levels-dag.jdt"), vector("shared.jdi"));
        let small = compress(&table, codec).expect("opens");
        for (at, byte) in (88..small.len()).flat_map(|at| [0, 1, 0x7f, 0x80, 0xff].map(|byte| (at, byte))) {
            let mut bytes = small.clone();
            bytes[at] = byte;
            reseal(&mut bytes, TABLES);
            if let Ok(found) = decompress(&bytes, LIMIT_BYTES) {
                assert_eq!(found.len(), table.len(), "byte {at}");
                let _opens_or_not = TableView::open(&found);
            }
        }
        let small = compress_image(&image, codec).expect("opens");
        for (at, byte) in (64..small.len()).flat_map(|at| [0, 1, 0x7f, 0x80, 0xff].map(|byte| (at, byte))) {
            let mut bytes = small.clone();
            bytes[at] = byte;
            reseal(&mut bytes, IMAGES);
            if let Ok(found) = decompress_image(&bytes, LIMIT_BYTES) {
                assert_eq!(found.len(), image.len(), "byte {at}");
                let _opens_or_not = ImageView::open(&found);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn tables_of_every_rule_and_optimizer_come_back(world in ruled_worlds(24, 20, 3)) {
        let mut optimizers = vec![OptimizerChoice::Auto];
        optimizers.extend([Optimization::Linear, Optimization::DecisionDag].map(OptimizerChoice::Force));
        for optimizer in optimizers {
            let bytes = table_of(&world, optimizer);
            for codec in CODECS {
                let small = compress(&bytes, codec).expect("opens");
                prop_assert!(decompress(&small, LIMIT_BYTES).as_deref() == Ok(&bytes));
            }
        }
    }

    #[test]
    fn images_come_back(worlds in prop::collection::vec(ruled_worlds(20, 9, 3), 1..7)) {
        let bytes = image_of(&worlds);
        for codec in CODECS {
            let small = compress_image(&bytes, codec).expect("opens");
            prop_assert!(decompress_image(&small, LIMIT_BYTES).as_deref() == Ok(&bytes));
        }
    }

    #[test]
    fn any_edits_under_right_checksums_are_refused_or_decode(
        worlds in prop::collection::vec(ruled_worlds(12, 6, 2), 1..4),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let image = image_of(&worlds);
        let mut small = compress_image(&image, FileCodec::Columnar).expect("opens");
        for (at, byte) in edits {
            let at = 64 + at.index(small.len() - 64);
            small[at] = byte;
        }
        reseal(&mut small, IMAGES);
        if let Ok(found) = decompress_image(&small, LIMIT_BYTES) {
            prop_assert_eq!(found.len(), image.len());
            let _opens_or_not = ImageView::open(&found).map(|image| image.verify());
        }
    }
}
