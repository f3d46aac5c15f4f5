//! What past sessions would have found under other limits: replays them against the plan of eviction.
//!
//! The plan is the one that really evicts ([`super::retention`]), so what is said here is what would
//! happen, as far as the history goes back. One difference is stated: the first session that used an entry
//! which was there before the history began counts as a hit under every limit.

use std::collections::HashMap;

use super::census::{EntryFacts, INDEX_BYTES};
use super::entry::{EntryKey, EntryKind, MAX_CONTENT_BYTES};
use super::history::{Access, PastSession};
use super::pack_codec::PackCodec;
use super::pack_format::{ENTRY_ALIGN, ENTRY_HEADER_BYTES};
use super::recency::Usage;
use super::retention::{Retention, Stock, decide};
use crate::codec::Codec;

/// Age is looked at so often, as a store does by itself.
const AGE_INTERVAL_S: u64 = 24 * 3600;

/// What sessions would have found. An entry counts once a session, however often it was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Simulated {
    /// Entries that sessions used or made.
    pub asked: u64,
    /// Of them those that would have been there.
    pub hits: u64,
    /// What making the others would have taken, in nanoseconds.
    pub rebuilt_ns: u64,
    /// Entries that would have been evicted.
    pub evicted: u64,
    /// The most bytes after a session.
    pub peak_bytes: u64,
}

impl Simulated {
    /// Hits of what was asked; none where nothing was.
    pub fn hit_ratio(&self) -> Option<f64> {
        (self.asked > 0).then(|| self.hits as f64 / self.asked as f64)
    }
}

/// Bytes of all entries that the sessions used or made, each once: with so much room nothing would be
/// evicted for its size.
pub fn working_set_bytes(sessions: &[PastSession]) -> u64 {
    let last: HashMap<u64, u64> = accesses(sessions).map(|access| (access.key, pack_bytes(access))).collect();
    last.values().sum()
}

/// Replays sessions, earliest first, in a store that begins empty. Of `retention` the size, low water, age and
/// policy count. Cost: a sort of what is there for each session that ends over the size.
pub fn simulate(sessions: &[PastSession], retention: &Retention) -> Simulated {
    let retention = Retention { project_quotas: Vec::new(), select: None, ..retention.clone() };
    let mut replay = Replay::default();
    let mut aged_unix_s = sessions.first().map_or(0, |first| first.ended_unix_s);
    for (number, session) in (0..).zip(sessions) {
        for access in &session.accesses {
            replay.ask(access, number, session.ended_unix_s);
        }
        let is_over = retention.max_bytes.is_some_and(|max| replay.bytes > max);
        let is_aged = session.ended_unix_s.saturating_sub(aged_unix_s) >= AGE_INTERVAL_S;
        if is_over || is_aged {
            let max_age_s = retention.max_age_s.filter(|_| is_aged);
            replay.evict(&Retention { max_age_s, ..retention.clone() }, number, session.ended_unix_s);
        }
        if is_aged {
            aged_unix_s = session.ended_unix_s;
        }
        replay.told.peak_bytes = replay.told.peak_bytes.max(replay.bytes);
    }
    replay.told
}

fn accesses(sessions: &[PastSession]) -> impl Iterator<Item = &Access> {
    sessions.iter().flat_map(|session| &session.accesses)
}

fn pack_bytes(access: &Access) -> u64 {
    // A history that was not written by this program may say anything.
    let stored_bytes = access.stored_bytes.min(MAX_CONTENT_BYTES);
    ENTRY_HEADER_BYTES + stored_bytes.next_multiple_of(ENTRY_ALIGN) + INDEX_BYTES
}

#[derive(Default)]
struct Replay {
    entries: Vec<EntryFacts>,
    /// Where an entry is; none where it was evicted.
    known: HashMap<u64, Option<usize>>,
    bytes: u64,
    told: Simulated,
}

impl Replay {
    fn ask(&mut self, access: &Access, session: u32, now_unix_s: u64) {
        self.told.asked += 1;
        let place = self.known.get(&access.key).copied();
        if let Some(entry) = place.flatten().and_then(|at| self.entries.get_mut(at)) {
            self.told.hits += 1;
            entry.usage.hour = u32::try_from(now_unix_s / 3600).unwrap_or(u32::MAX);
            entry.usage.hits = entry.usage.hits.saturating_add(u32::from(access.hits).max(1));
            return;
        }
        let was_there_before = place.is_none() && access.hits > 0;
        if was_there_before {
            self.told.hits += 1;
        } else {
            self.told.rebuilt_ns = self.told.rebuilt_ns.saturating_add(access.rebuild_cost_ns);
        }
        let mut key = [0; 32];
        for (to, from) in key.iter_mut().zip(access.key.to_le_bytes()) {
            *to = from;
        }
        let entry = EntryFacts {
            key: EntryKey::from_bytes(key),
            kind: EntryKind::DispatchTable,
            pack: session,
            project: 0,
            at: 0,
            pack_bytes: pack_bytes(access),
            codec: PackCodec::Alone(Codec::None),
            decoded_bytes: access.stored_bytes,
            object: None,
            created_unix_s: now_unix_s,
            rebuild_cost_ns: access.rebuild_cost_ns,
            usage: Usage { hour: 0, hits: u32::from(access.hits) },
            garbage: None,
        };
        self.bytes += entry.pack_bytes;
        self.known.insert(access.key, Some(self.entries.len()));
        self.entries.push(entry);
    }

    fn evict(&mut self, retention: &Retention, session: u32, now_unix_s: u64) {
        let stock = Stock {
            entries: &self.entries,
            projects: &["".into()],
            object_bytes: &[],
            is_kept_pack: &|pack| pack == session,
            fixed_bytes: 0,
            now_unix_s,
        };
        let reasons = decide(&stock, retention);
        let entries = std::mem::take(&mut self.entries);
        for (entry, reason) in entries.into_iter().zip(reasons) {
            let key = entry.key.word::<0>();
            if reason.is_none() {
                self.known.insert(key, Some(self.entries.len()));
                self.entries.push(entry);
            } else {
                self.bytes -= entry.pack_bytes;
                self.told.evicted += 1;
                self.known.insert(key, None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::EvictionPolicy;

    const HOUR_S: u64 = 3600;
    /// With header and index this makes 1000 bytes.
    const STORED: u64 = 1000 - 104 - 15 - 1;

    fn session(hour: u64, accesses: &[(u64, u16)]) -> PastSession {
        let access =
            |&(key, hits): &(u64, u16)| Access { key, stored_bytes: STORED, rebuild_cost_ns: 1000, hits };
        let accesses = accesses.iter().map(access).collect();
        PastSession { ended_unix_s: 500_000 * HOUR_S + hour * HOUR_S, accesses, ..PastSession::default() }
    }

    fn sized(max_bytes: u64) -> Retention {
        Retention { max_bytes: Some(max_bytes), low_water_percent: 100, ..Retention::default() }
    }

    #[test]
    fn what_does_not_fit_is_made_again_when_it_comes_back() {
        // 1 and 2, then 3 pushes 1 out, which comes back.
        let sessions =
            [session(0, &[(1, 0)]), session(1, &[(2, 0)]), session(2, &[(3, 0)]), session(3, &[(1, 1)])];
        assert_eq!(pack_bytes(&sessions[0].accesses[0]), 999);
        assert_eq!(working_set_bytes(&sessions), 3 * 999);
        let all = simulate(&sessions, &Retention::default());
        assert_eq!((all.asked, all.hits, all.rebuilt_ns, all.evicted), (4, 1, 3000, 0));
        assert_eq!(all.hit_ratio(), Some(0.25));
        let two = simulate(&sessions, &sized(2000));
        assert_eq!((two.asked, two.hits, two.rebuilt_ns, two.evicted), (4, 0, 4000, 2));
        assert_eq!(two.peak_bytes, 2 * 999);
    }

    #[test]
    fn what_was_there_before_the_history_began_is_a_hit_once() {
        let sessions = [session(0, &[(1, 5)]), session(1, &[(2, 0)]), session(2, &[(1, 1)])];
        let one = simulate(&sessions, &sized(1000));
        assert_eq!((one.hits, one.rebuilt_ns), (1, 2000), "found once, then evicted and made again");
    }

    #[test]
    fn the_policy_decides_what_stays() {
        // A dear entry that is old, cheap ones that are young.
        let mut sessions =
            vec![session(0, &[(1, 0)]), session(1, &[(2, 0)]), session(2, &[(3, 0)]), session(3, &[(1, 1)])];
        for access in sessions.iter_mut().flat_map(|session| &mut session.accesses) {
            access.rebuild_cost_ns = if access.key == 1 { 1_000_000 } else { 10 };
        }
        let value = Retention { policy: EvictionPolicy::Value, ..sized(2000) };
        assert_eq!(simulate(&sessions, &sized(2000)).hits, 0);
        assert_eq!(simulate(&sessions, &value).hits, 1);
    }

    #[test]
    fn age_removes_what_nobody_used_and_a_session_keeps_what_it_made() {
        let sessions =
            [session(0, &[(1, 0)]), session(24 * 8, &[(2, 0)]), session(24 * 9, &[(1, 1), (2, 1)])];
        let week = Retention { max_age_s: Some(7 * 24 * HOUR_S), ..Retention::default() };
        let told = simulate(&sessions, &week);
        assert_eq!((told.hits, told.evicted), (1, 1));
        assert_eq!(simulate(&sessions, &sized(1)).peak_bytes, 999, "what a session made stays until it ends");
    }

    #[test]
    fn sizes_and_times_that_cannot_be_are_counted_as_the_most_there_is() {
        let mut sessions = vec![session(0, &[(1, 0), (2, 0)]), session(1, &[(1, 1)]), session(2, &[(3, 1)])];
        for access in sessions.iter_mut().flat_map(|session| &mut session.accesses) {
            (access.stored_bytes, access.rebuild_cost_ns) = (u64::MAX, u64::MAX);
        }
        (sessions[0].ended_unix_s, sessions[2].ended_unix_s) = (0, u64::MAX);
        assert!(working_set_bytes(&sessions) > MAX_CONTENT_BYTES);
        for max_bytes in [0, 1, u64::MAX] {
            for policy in [EvictionPolicy::Lru, EvictionPolicy::Value] {
                let limits = Retention { policy, max_age_s: Some(0), ..sized(max_bytes) };
                assert_eq!(simulate(&sessions, &limits).asked, 4);
            }
        }
    }

    #[test]
    fn more_room_never_finds_less_where_the_last_used_stay() {
        let sessions: Vec<PastSession> =
            (0..200).map(|hour| session(hour, &[(hour * hour % 17, 1), (hour % 5 + 20, 1)])).collect();
        let hits: Vec<u64> = (1..25).map(|room| simulate(&sessions, &sized(room * 999)).hits).collect();
        assert!(hits.is_sorted(), "{hits:?}");
        assert!(hits[0] < hits[23], "{hits:?}");
    }
}
