//! What a value may look like, and that it comes back as it went in.

use std::ffi::OsStr;
use std::fmt::Debug;
use std::path::PathBuf;
use std::time::Duration;

use proptest::prelude::*;

use super::{Say, inputs};
use crate::config::value::{Chain, Namespace, SettingValue, Size};
use crate::config::words::{Durability, Verify, WriteErrorPolicy};

fn assert_comes_back<T: SettingValue + PartialEq + Debug>(texts: &[&str]) {
    for text in texts {
        let value = T::from_text(OsStr::new(text)).expect("a good text");
        assert_eq!(T::from_text(OsStr::new(&value.to_text())), Some(value), "{text}");
    }
}

#[test]
fn every_word_comes_back_as_it_went_in() {
    assert_comes_back::<bool>(&["1", "true", "Yes", "ON", "0", "False", "no", "off"]);
    assert_comes_back::<WriteErrorPolicy>(&["ignore", "l0", "all"]);
    assert_comes_back::<Verify>(&["off", "sampled", "always"]);
    assert_comes_back::<Durability>(&["default", "sync"]);
    assert_comes_back::<Chain>(&["disk", " disk "]);
    assert_comes_back::<Namespace>(&["", "team-a_1.2"]);
    assert_comes_back::<PathBuf>(&["a/b", "/x"]);
}

proptest! {
    #[test]
    fn every_size_comes_back_exactly(bytes in 1_u64.., unit in 0_u32..6) {
        for bytes in [bytes, (bytes >> 40) * 1000_u64.pow(unit % 4), (bytes >> 40) << (10 * (unit % 4))] {
            let size = Size { bytes: bytes.max(1) };
            prop_assert_eq!(Size::from_text(OsStr::new(&size.to_text())), Some(size));
        }
    }

    #[test]
    fn every_time_comes_back_exactly(seconds in 0_u64..1 << 40, nanoseconds in 0_u32..1_000_000_000) {
        for time in [Duration::from_secs(seconds), Duration::new(seconds, nanoseconds)] {
            prop_assert_eq!(Duration::from_text(OsStr::new(&time.to_text())), Some(time));
        }
    }

    #[test]
    fn no_text_breaks_a_type(text in ".*") {
        let text = OsStr::new(&text);
        let _ = bool::from_text(text);
        let _ = Size::from_text(text);
        let _ = Duration::from_text(text);
        let _ = Chain::from_text(text);
        let _ = Namespace::from_text(text);
        let _ = PathBuf::from_text(text);
    }

    #[test]
    fn no_file_breaks_the_reader(text in "(\\[?cache\\]?|max_size|dir|store|[\\[\\]{}.=,'\"\n 0-9a-z\\\\u-])*") {
        let _ = crate::config::Settings::resolve(&inputs().project(&text).user(&text));
    }
}

#[test]
fn decimal_and_binary_units_are_told_apart_and_a_bare_number_is_bytes() {
    let bytes = |text: &str| inputs().variable("JANUS_CACHE_SIZE", text).settings().max_size.value.bytes;
    assert_eq!(bytes("3 kB"), 3000);
    assert_eq!(bytes("3 KiB"), 3072);
    assert_eq!(bytes("2MB"), 2_000_000);
    assert_eq!(bytes("2MiB"), 2_097_152);
    assert_eq!(bytes("1.5 GB"), 1_500_000_000);
    assert_eq!(bytes("4096"), 4096);
}

#[test]
fn a_size_is_said_in_the_unit_that_needs_the_smallest_number() {
    let said = |bytes| Size { bytes }.to_text();
    assert_eq!(said(2_000_000), "2 MB");
    assert_eq!(said(2_097_152), "2 MiB");
    assert_eq!(said(1_500_000), "1500 kB");
    assert_eq!(said(1536), "1536 B");
    assert_eq!(said(u64::MAX), "18446744073709551615 B");
}

#[test]
fn a_time_is_said_in_one_unit_where_one_is_enough() {
    assert_eq!(Duration::from_secs(7 * 24 * 3600).to_text(), "7d");
    assert_eq!(Duration::from_secs(90 * 60).to_text(), "90m");
    assert_eq!(Duration::from_millis(1500).to_text(), "1s 500ms");
}

#[test]
fn a_file_may_give_a_size_as_a_number_of_bytes_in_any_base() {
    let bytes = |text: &str| inputs().user(text).settings().max_size.value.bytes;
    assert_eq!(bytes("max_size = 1_000"), 1000);
    assert_eq!(bytes("max_size = 0x100"), 256);
}

#[test]
fn a_size_of_nothing_is_refused() {
    for text in ["0", "0 MB", "0.1 B", "-1", "", "MB"] {
        assert_eq!(Size::from_text(OsStr::new(text)), None, "{text}");
    }
}

#[test]
fn the_units_of_time_reach_from_seconds_to_weeks() {
    let seconds = |text: &str| Duration::from_text(OsStr::new(text)).map(|time| time.as_secs());
    assert_eq!(seconds("30s"), Some(30));
    assert_eq!(seconds("10m"), Some(600));
    assert_eq!(seconds("12h"), Some(43_200));
    assert_eq!(seconds("7d"), Some(604_800));
    assert_eq!(seconds("2w"), Some(1_209_600));
    assert_eq!(seconds("0s"), Some(0));
    assert_eq!(seconds("7"), None);
}

#[test]
fn a_namespace_is_short_and_can_stand_in_a_file_name() {
    let allowed = |text: &str| Namespace::from_text(OsStr::new(text)).is_some();
    assert!(allowed(&"n".repeat(64)));
    assert!(!allowed(&"n".repeat(65)));
    assert!(!allowed("a/b"));
    assert!(!allowed("ä"));
}

#[test]
fn a_chain_names_each_level_once_and_at_least_one() {
    let allowed = |text: &str| Chain::from_text(OsStr::new(text)).is_some();
    assert!(allowed("disk"));
    assert!(!allowed("disk,disk"));
    assert!(!allowed("disk,"));
    assert!(!allowed(""));
}
