//! The bytes of the history: a record for each session, described in `format-spec/PACK.md`.

use std::ops::Range;

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::history::{Access, PastSession};
use crate::digest::crc32_of;

const MAGIC: [u8; 8] = *b"JCHS\r\n\x1a\0";
/// 1: first.
const VERSION: u32 = 1;
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct HistoryHeader {
    magic: [u8; 8],
    version: U32,
    access_count: U32,
    ended_unix_s: U64,
    hits: U64,
    misses: U64,
    failures: U64,
    saved_ns: U64,
    left_out: U32,
    crc32: U32,
}

#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct HistoryAccess {
    key: [u8; 6],
    stored_bytes: U16,
    rebuild_cost_ns: U16,
    hits: U16,
}

const HEADER_BYTES: usize = size_of::<HistoryHeader>();
const ACCESS_BYTES: usize = size_of::<HistoryAccess>();

/// The first 48 bits.
pub(super) fn short_key(key: &[u8]) -> u64 {
    key.iter().take(6).rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// The record of a session, which takes at most `most_bytes`: what is too much is counted, and left out.
pub(super) fn encode(mut session: PastSession, most_bytes: u64) -> Vec<u8> {
    let most = usize::try_from(most_bytes).unwrap_or(usize::MAX).saturating_sub(HEADER_BYTES) / ACCESS_BYTES;
    let over = session.accesses.len().saturating_sub(most);
    session.accesses.truncate(most);
    let accesses: Vec<HistoryAccess> = session.accesses.iter().map(HistoryAccess::from).collect();
    let mut header = HistoryHeader {
        magic: MAGIC,
        version: VERSION.into(),
        access_count: (accesses.len() as u32).into(),
        ended_unix_s: session.ended_unix_s.into(),
        hits: session.hits.into(),
        misses: session.misses.into(),
        failures: session.failures.into(),
        saved_ns: session.saved_ns.into(),
        left_out: session.left_out.saturating_add(u32::try_from(over).unwrap_or(u32::MAX)).into(),
        crc32: 0.into(),
    };
    header.crc32 = header.computed_crc(accesses.as_bytes()).into();
    [header.as_bytes(), accesses.as_bytes()].concat()
}

impl HistoryHeader {
    fn computed_crc(&self, accesses: &[u8]) -> u32 {
        let fields = self.as_bytes();
        crc32_of(&[fields.get(..HEADER_BYTES - 4).unwrap_or_default(), accesses])
    }
}

impl From<&Access> for HistoryAccess {
    fn from(access: &Access) -> Self {
        let key = access.key.to_le_bytes();
        Self {
            key: key.first_chunk().copied().unwrap_or_default(),
            stored_bytes: rounded(access.stored_bytes).into(),
            rebuild_cost_ns: rounded(access.rebuild_cost_ns).into(),
            hits: access.hits.into(),
        }
    }
}

impl From<&HistoryAccess> for Access {
    fn from(access: &HistoryAccess) -> Self {
        Self {
            key: short_key(&access.key),
            stored_bytes: unrounded(access.stored_bytes.get()),
            rebuild_cost_ns: unrounded(access.rebuild_cost_ns.get()),
            hits: access.hits.get(),
        }
    }
}

/// Ten bits below the highest one, and how far they were moved.
fn rounded(number: u64) -> u16 {
    let moved = (u64::BITS - number.leading_zeros()).saturating_sub(11);
    if number < 1024 {
        return number as u16;
    }
    ((moved + 1) << 10) as u16 | (number >> moved & 1023) as u16
}

fn unrounded(code: u16) -> u64 {
    let bits = u64::from(code & 1023);
    match u32::from(code >> 10) {
        0 => bits,
        // No writer goes further.
        moved if moved > 54 => u64::MAX,
        moved => (1024 | bits) << (moved - 1),
    }
}

/// The records of a file, and the ranges of bytes that belong to none.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) sessions: Vec<PastSession>,
    pub(super) sound: Vec<Range<usize>>,
    pub(super) first_damage: Option<usize>,
}

/// Reads what can be read.
pub(super) fn decode(bytes: &[u8]) -> Records {
    let mut records = Records::default();
    let mut at = 0;
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        // No record holds the beginning of another one, so that each byte is proved once, whatever lengths
        // damaged records claim.
        let next = rest.get(1..).unwrap_or_default().windows(MAGIC.len()).position(|window| window == MAGIC);
        let most = next.map_or(rest.len(), |next| next + 1);
        if let Some((session, len)) = first_record(rest.get(..most).unwrap_or_default()) {
            records.sessions.push(session);
            records.sound.push(at..at + len);
            at += len;
            continue;
        }
        records.first_damage.get_or_insert(at);
        // Appends go on behind a torn record.
        at += most;
    }
    records
}

fn first_record(bytes: &[u8]) -> Option<(PastSession, usize)> {
    let (header, rest) = HistoryHeader::read_from_prefix(bytes).ok()?;
    if header.magic != MAGIC || header.version.get() != VERSION {
        return None;
    }
    let accesses = rest.get(..(header.access_count.get() as usize).checked_mul(ACCESS_BYTES)?)?;
    if header.computed_crc(accesses) != header.crc32.get() {
        return None;
    }
    let session = PastSession {
        ended_unix_s: header.ended_unix_s.get(),
        hits: header.hits.get(),
        misses: header.misses.get(),
        failures: header.failures.get(),
        saved_ns: header.saved_ns.get(),
        accesses: <[HistoryAccess]>::ref_from_bytes(accesses).ok()?.iter().map(Access::from).collect(),
        left_out: header.left_out.get(),
    };
    Some((session, HEADER_BYTES + accesses.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec_tables::assert_spec;

    const SPEC: &str = include_str!("../../format-spec/PACK.md");

    #[test]
    fn the_tables_of_the_specification_say_what_the_structs_are() {
        assert_spec!(
            SPEC,
            HistoryHeader {
                magic,
                version,
                access_count,
                ended_unix_s,
                hits,
                misses,
                failures,
                saved_ns,
                left_out,
                crc32
            }
        );
        assert_spec!(SPEC, HistoryAccess { key, stored_bytes, rebuild_cost_ns, hits });
    }

    #[test]
    fn three_digits_of_every_number_stay() {
        for number in
            [0, 1, 1023, 1024, 1025, 4096, 123_456_789, u64::from(u32::MAX), u64::MAX >> 1, u64::MAX]
        {
            let kept = unrounded(rounded(number));
            assert!(kept <= number && number - kept <= number / 1024, "{number} became {kept}");
        }
        assert!((0..=u16::MAX).map(unrounded).is_sorted(), "every code has a value");
    }

    fn past(ended_unix_s: u64) -> PastSession {
        let access = Access { key: 0x1234_5678_9abc, stored_bytes: 1000, rebuild_cost_ns: 7, hits: 3 };
        PastSession {
            ended_unix_s,
            hits: 3,
            misses: 1,
            saved_ns: 21,
            accesses: vec![access],
            ..PastSession::default()
        }
    }

    #[test]
    fn a_torn_record_is_passed_over_and_those_around_it_are_read() {
        let (first, second) = (encode(past(1), 4096), encode(past(2), 4096));
        for kept in 0..first.len() {
            let torn = [&second, &first[..kept], &second].concat();
            let records = decode(&torn);
            assert_eq!(records.sessions, [past(2), past(2)], "{kept} bytes were written");
            assert_eq!(records.first_damage, (kept > 0).then_some(second.len()), "{kept}");
        }
    }

    #[test]
    fn each_flipped_byte_is_found() {
        let sound = encode(past(1), 4096);
        for at in 0..sound.len() {
            let mut damaged = sound.clone();
            damaged[at] ^= 0x10;
            assert_eq!(decode(&damaged).first_damage, Some(0), "byte {at}");
        }
    }

    #[test]
    fn a_record_that_claims_those_after_it_is_passed_over_and_they_are_read() {
        let others = [encode(past(1), 4096), encode(past(2), 4096), encode(past(3), 4096)].concat();
        let mut liar = encode(PastSession::default(), 4096);
        let header = HistoryHeader::mut_from_bytes(&mut liar).expect("a header alone");
        header.access_count = ((others.len() / ACCESS_BYTES) as u32).into();
        header.crc32 = header.computed_crc(&others).into();
        let records = decode(&[liar, others].concat());
        assert_eq!(records.sessions, [past(1), past(2), past(3)]);
        assert_eq!(records.first_damage, Some(0));
    }

    #[test]
    fn a_session_with_too_much_says_how_much_it_left_out() {
        let mut session = past(1);
        session.accesses = vec![session.accesses[0]; 100];
        let records = decode(&encode(session, 64 + 12 * 60));
        assert_eq!((records.sessions[0].accesses.len(), records.sessions[0].left_out), (60, 40));
    }
}
