//! Fuzzes [`janus_cache_fuzz::zstd`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| janus_cache_fuzz::zstd(data));
