//! Fuzzes [`janus_cache_fuzz::columnar`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| janus_cache_fuzz::columnar(data));
