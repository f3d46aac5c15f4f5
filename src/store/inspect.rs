//! What stands in a pack, also in a damaged one, for who wants to look at a single file.

use std::mem::offset_of;

use zerocopy::FromBytes;

use super::entry::{EntryKey, EntryKind};
use super::pack_codec::PackCodec;
use super::pack_format::{
    EntryHeader, FOOTER_BYTES, FOOTER_MAGIC, HEADER_BYTES, HEADER_MAGIC, PackFooter, PackHeader, PackId,
};
use super::pack_verify::{self, SoundEntry, Verified};
use super::text;
use crate::image::inspect::{Field, Problem};

/// Contents that decode to more are not looked into.
const MAX_LOOKED_INTO_BYTES: u64 = 64 << 20;

/// All that can be read of a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackInspection {
    /// How long the file is.
    pub len_bytes: u64,
    /// The header.
    pub header: Vec<Field>,
    /// The footer, if the file ends with one.
    pub footer: Vec<Field>,
    /// The entries that are sound, in file order.
    pub entries: Vec<PackEntry>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// A sound entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackEntry {
    /// Where its header begins, in bytes.
    pub at_bytes: u64,
    /// Its key.
    pub key: EntryKey,
    /// What it holds.
    pub kind: EntryKind,
    /// How its content is stored.
    pub codec: PackCodec,
    /// Whether its content is in a file of its own.
    pub is_loose: bool,
    /// Its stored bytes stand with an earlier entry, which has the same.
    pub is_shared: bool,
    /// Stored length in bytes.
    pub stored_bytes: u64,
    /// Length in bytes.
    pub decoded_bytes: u64,
    /// When it was made, in seconds since the Unix epoch.
    pub created_unix_s: u64,
    /// How long that took, in nanoseconds.
    pub rebuild_cost_ns: u64,
    /// For which project it was made first.
    pub project: String,
    /// Who made it.
    pub producer: String,
    /// Of which language it is.
    pub language: String,
    /// The text of the key's inputs, if it can be read.
    pub trace: Option<String>,
    /// What the caller says of the content.
    pub content: Option<String>,
}

/// Whether a file begins as a pack does.
pub fn is_pack(bytes: &[u8]) -> bool {
    bytes.starts_with(&HEADER_MAGIC)
}

/// Reads all that can be read of a pack's bytes. `file_name` without extension is its identity; where
/// it is none, the header's is taken. `describe` is asked what to say of a content.
///
/// Cost: that of the deep check, and of decoding each content.
pub fn inspect_pack(
    bytes: &[u8],
    file_name: Option<&str>,
    describe: &dyn Fn(EntryKind, &[u8]) -> Option<String>,
) -> PackInspection {
    let in_header = bytes.get(offset_of!(PackHeader, pack_id)..).and_then(|rest| rest.first_chunk::<16>());
    let id = file_name.and_then(PackId::parse).or_else(|| in_header.map(|id| PackId::from_bytes(*id)));
    let id = id.unwrap_or(PackId::from_bytes([0; 16]));
    let found = pack_verify::verify(bytes, id);
    let mut problems = Vec::with_capacity(found.problems.len());
    if let Some(version) = found.version {
        let what = format!("format version {version}, which this program does not read");
        problems.push(Problem { at_bytes: offset_of!(PackHeader, version) as u64, what });
    }
    for problem in &found.problems {
        let entry = problem.key.map_or_else(String::new, |key| format!("entry {}: ", key.short()));
        problems.push(Problem { at_bytes: problem.at_bytes, what: format!("{entry}{}", problem.what) });
    }
    let entries = found.sound.iter().filter_map(|entry| read(bytes, entry, &found, describe));
    PackInspection {
        len_bytes: bytes.len() as u64,
        header: header_fields(bytes),
        footer: footer_fields(bytes),
        entries: entries.collect(),
        problems,
    }
}

fn read(
    bytes: &[u8],
    sound: &SoundEntry,
    found: &Verified,
    describe: &dyn Fn(EntryKind, &[u8]) -> Option<String>,
) -> Option<PackEntry> {
    let SoundEntry { at, header, .. } = sound;
    let (kind, codec) = (EntryKind::from_byte(header.kind)?, PackCodec::from_byte(header.codec)?);
    let name = |at: u32| {
        text::string_at(found.strings(bytes), at).map_or_else(String::new, |(name, _)| name.to_owned())
    };
    let decoded_bytes = header.decoded_bytes.get();
    let content = (!header.is_loose() && decoded_bytes <= MAX_LOOKED_INTO_BYTES).then(|| {
        let held = header.held_range(*at)?;
        let stored = bytes.get(held.start as usize..held.end as usize)?;
        let content = match codec {
            PackCodec::Alone(codec) => codec.decode(stored, decoded_bytes, MAX_LOOKED_INTO_BYTES).ok()?,
            PackCodec::Dictionary => {
                found.dictionary.as_ref()?.decode(stored, decoded_bytes, MAX_LOOKED_INTO_BYTES).ok()?.into()
            }
        };
        describe(kind, &content)
    });
    Some(PackEntry {
        at_bytes: *at,
        key: EntryKey::from_bytes(header.key),
        kind,
        codec,
        is_loose: header.is_loose(),
        is_shared: header.is_shared(),
        stored_bytes: header.stored_bytes.get(),
        decoded_bytes,
        created_unix_s: header.created_unix_s.get(),
        rebuild_cost_ns: header.rebuild_cost_ns.get(),
        project: name(header.project.get()),
        producer: name(header.producer.get()),
        language: name(header.language.get()),
        trace: trace(bytes, header, found),
        content: content.flatten(),
    })
}

fn trace(bytes: &[u8], header: &EntryHeader, found: &Verified) -> Option<String> {
    let (block, _) = text::block_at(found.traces(bytes), header.trace_block.get())?;
    let (trace, _) = text::trace_in_block(&block, header.trace_at.get())?;
    Some(String::from_utf8_lossy(trace).into_owned())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A field of a struct that begins at `base`, if the struct is there.
macro_rules! field {
    ($base:expr, $shape:ty, $read:expr, $name:ident, $show:expr) => {
        Field {
            name: stringify!($name),
            at_bytes: $base + offset_of!($shape, $name) as u64,
            value: $read.map(|read: &$shape| {
                let show: fn(&$shape) -> String = $show;
                show(read)
            }),
        }
    };
}

fn header_fields(bytes: &[u8]) -> Vec<Field> {
    let header = bytes.get(..HEADER_BYTES as usize).and_then(|bytes| PackHeader::ref_from_bytes(bytes).ok());
    vec![
        field!(0, PackHeader, header, magic, |header| header.magic.escape_ascii().to_string()),
        field!(0, PackHeader, header, version, |header| header.version.to_string()),
        field!(0, PackHeader, header, flags, |header| format!("{:08x}", header.flags.get())),
        field!(0, PackHeader, header, pack_id, |header| PackId::from_bytes(header.pack_id).to_string()),
        field!(0, PackHeader, header, created_unix_s, |header| header.created_unix_s.to_string()),
        field!(0, PackHeader, header, boot_id, |header| hex(&header.boot_id)),
        field!(0, PackHeader, header, crc32, |header| format!("{:08x}", header.crc32.get())),
    ]
}

fn footer_fields(bytes: &[u8]) -> Vec<Field> {
    let Some(base) = (bytes.len() as u64).checked_sub(FOOTER_BYTES).filter(|base| *base >= HEADER_BYTES)
    else {
        return Vec::new();
    };
    // A file that was cut ends in something else, which would look like a footer of odd numbers.
    if !bytes.ends_with(&FOOTER_MAGIC) {
        return Vec::new();
    }
    let footer = bytes.get(base as usize..).and_then(|bytes| PackFooter::ref_from_bytes(bytes).ok());
    vec![
        field!(base, PackFooter, footer, pack_id, |footer| PackId::from_bytes(footer.pack_id).to_string()),
        field!(base, PackFooter, footer, entry_count, |footer| footer.entry_count.to_string()),
        field!(base, PackFooter, footer, loose_count, |footer| footer.loose_count.to_string()),
        field!(base, PackFooter, footer, slot_count, |footer| footer.slot_count.to_string()),
        field!(base, PackFooter, footer, max_probe, |footer| footer.max_probe.to_string()),
        field!(base, PackFooter, footer, entries_bytes, |footer| footer.entries_bytes.to_string()),
        field!(base, PackFooter, footer, traces_bytes, |footer| footer.traces_bytes.to_string()),
        field!(base, PackFooter, footer, strings_bytes, |footer| footer.strings_bytes.to_string()),
        field!(base, PackFooter, footer, filter_blocks, |footer| footer.filter_blocks.to_string()),
        field!(base, PackFooter, footer, version, |footer| footer.version.to_string()),
        field!(base, PackFooter, footer, file_bytes, |footer| footer.file_bytes.to_string()),
        field!(base, PackFooter, footer, decoded_bytes, |footer| footer.decoded_bytes.to_string()),
        field!(base, PackFooter, footer, loose_bytes, |footer| footer.loose_bytes.to_string()),
        field!(base, PackFooter, footer, min_created_unix_s, |footer| footer.min_created_unix_s.to_string()),
        field!(base, PackFooter, footer, max_created_unix_s, |footer| footer.max_created_unix_s.to_string()),
        field!(base, PackFooter, footer, index_crc32, |footer| format!("{:08x}", footer.index_crc32.get())),
        field!(base, PackFooter, footer, filter_crc32, |footer| format!("{:08x}", footer.filter_crc32.get())),
        field!(base, PackFooter, footer, dictionary_bytes, |footer| footer.dictionary_bytes.to_string()),
        field!(base, PackFooter, footer, crc32, |footer| format!("{:08x}", footer.crc32.get())),
        field!(base, PackFooter, footer, magic, |footer| footer.magic.escape_ascii().to_string()),
    ]
}
