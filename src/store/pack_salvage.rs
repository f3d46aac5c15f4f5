//! Where the sections of a pack lie whose footer is of no use.

use super::pack_format::{SECTION_ALIGN, Sections};
use super::{pack_dictionary, text};

/// Where traces, strings and dictionary lie, told from their own checksums.
pub(super) fn derive_sections(bytes: &[u8], entries_end: u64) -> Sections {
    let traces_at = entries_end.next_multiple_of(SECTION_ALIGN);
    let from = |at: u64| bytes.get(at as usize..).unwrap_or_default();
    let traces_bytes = extent(|at| text::block_at(from(traces_at), at).map(|(_, next)| next));
    let strings_at = (traces_at + traces_bytes).next_multiple_of(SECTION_ALIGN);
    let strings_bytes = extent(|at| text::string_at(from(strings_at), at).map(|(_, next)| next));
    let dictionary_at = (strings_at + strings_bytes).next_multiple_of(SECTION_ALIGN);
    let dictionary_bytes = pack_dictionary::dictionary_at(from(dictionary_at)).map_or(0, |(_, bytes)| bytes);
    Sections {
        entries_end,
        traces_at,
        traces_bytes,
        strings_at,
        strings_bytes,
        dictionary_at,
        dictionary_bytes,
        index_at: 0,
        index_bytes: 0,
        filter_at: 0,
        filter_bytes: 0,
        footer_at: 0,
    }
}

/// How far sound records follow each other.
fn extent(next: impl Fn(u32) -> Option<u32>) -> u64 {
    let mut at = 0;
    while let Some(after) = next(at) {
        at = after;
    }
    u64::from(at)
}
