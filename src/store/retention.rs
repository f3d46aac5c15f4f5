//! Which entries stay: a pure plan from a census and a policy, with a reason for each that goes.

use std::collections::{HashMap, HashSet};

use super::census::{EntryFacts, Garbage};
use super::entry::{EntryKey, EntryKind};
use super::weights::Weights;

/// In which order entries go when there is too much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EvictionPolicy {
    /// Least recently used first.
    #[default]
    Lru,
    /// Least worth a byte first: rebuild cost × hits ÷ size, halved for each three days without use.
    ///
    /// This is GreedyDual-Size-Frequency (Cherkasova 1998) with age in place of its inflation clock,
    /// which processes would have to share.
    Value,
}

impl EvictionPolicy {
    /// Its name in settings and output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lru => "lru",
            Self::Value => "value",
        }
    }
}

/// In three days without use an entry loses half its value.
const HALF_LIFE_S: f64 = 3.0 * 24.0 * 3600.0;

/// What may stay in a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Files together, in bytes; where there is more, entries go until [`Retention::low_water_percent`] of
    /// this is left. None for no limit.
    pub max_bytes: Option<u64>,
    /// 1 to 100; 0 counts as 100. Leaving some room spares the next sessions an eviction each.
    pub low_water_percent: u8,
    /// Entries that were not used for so long go.
    pub max_age_s: Option<u64>,
    /// In which order entries go.
    pub policy: EvictionPolicy,
    /// At most so many bytes of the entries of each of these projects.
    pub project_quotas: Vec<(String, u64)>,
    /// Of each project the newest package artifact stays, whatever its age and the limits say.
    pub keep_packages: bool,
    /// Entries that go in any case.
    pub select: Option<Selection>,
}

/// Entries with all of these properties.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Made for this project.
    pub project: Option<String>,
    /// Of this kind.
    pub kind: Option<EntryKind>,
    /// Not used for so long, in seconds.
    pub unused_s: Option<u64>,
}

/// Why an entry goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EvictionReason {
    /// A newer pack holds its key.
    Superseded,
    /// It was removed before, and only its bytes were left.
    Removed,
    /// It was asked for.
    Selected,
    /// Nobody used it for too long.
    Age,
    /// Its project has more than its share.
    Quota,
    /// There is more than fits.
    Size,
    /// Its content is not what it was when it was stored.
    Damaged,
}

impl EvictionReason {
    /// Its name in output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Superseded => "superseded",
            Self::Removed => "removed",
            Self::Selected => "selected",
            Self::Age => "age",
            Self::Quota => "quota",
            Self::Size => "size",
            Self::Damaged => "damaged",
        }
    }
}

/// What a plan looks at.
pub(super) struct Stock<'a> {
    pub(super) entries: &'a [EntryFacts],
    pub(super) projects: &'a [Box<str>],
    /// Lengths of loose objects.
    pub(super) object_bytes: &'a [u64],
    /// Whether the entries of a pack stay whatever the size is: its session still runs.
    pub(super) is_kept_pack: &'a dyn Fn(u32) -> bool,
    /// Bytes of the store that belong to no entry.
    pub(super) fixed_bytes: u64,
    pub(super) now_unix_s: u64,
}

/// For each entry why it goes; none where it stays. Sorting the entries is all it costs.
pub(super) fn decide(stock: &Stock<'_>, retention: &Retention) -> Vec<Option<EvictionReason>> {
    let idle_s = |entry: &EntryFacts| stock.now_unix_s.saturating_sub(entry.last_used_unix_s());
    let selected = |entry: &EntryFacts| {
        retention.select.as_ref().is_some_and(|select| {
            select.kind.is_none_or(|kind| kind == entry.kind)
                && select.unused_s.is_none_or(|unused| idle_s(entry) >= unused)
                && select.project.as_ref().is_none_or(|project| {
                    stock.projects.get(entry.project as usize).is_some_and(|of| **of == **project)
                })
        })
    };
    let newest_packages = if retention.keep_packages { newest_packages(stock) } else { HashSet::new() };
    let mut reasons: Vec<Option<EvictionReason>> = stock
        .entries
        .iter()
        .map(|entry| match entry.garbage {
            Some(Garbage::Superseded) => Some(EvictionReason::Superseded),
            Some(Garbage::Removed) => Some(EvictionReason::Removed),
            None if selected(entry) => Some(EvictionReason::Selected),
            None if newest_packages.contains(&entry.key) => None,
            // A clock that went back must not make everything old: idle time is never negative.
            None if retention.max_age_s.is_some_and(|max| idle_s(entry) > max) => Some(EvictionReason::Age),
            None => None,
        })
        .collect();
    let mut weights = Weights::of(stock, &reasons);
    let needs_order = retention.max_bytes.is_some_and(|max| weights.total > max)
        || retention.project_quotas.iter().any(|(name, quota)| weights.of_project(stock, name) > *quota);
    if !needs_order {
        return reasons;
    }
    let order = worst_first(stock, &reasons, &newest_packages, retention.policy);
    for (name, quota) in &retention.project_quotas {
        let Some(project) = stock.projects.iter().position(|of| **of == **name) else { continue };
        let limit = low_water(*quota, retention.low_water_percent);
        if weights.of_project(stock, name) <= *quota {
            continue;
        }
        let is_of = |at: &usize| stock.entries[*at].project as usize == project;
        for at in order.iter().copied().filter(is_of) {
            if reasons[at].is_some() {
                continue;
            }
            if weights.by_project[project] <= limit {
                break;
            }
            weights.take(stock, at);
            reasons[at] = Some(EvictionReason::Quota);
        }
    }
    if let Some(max) = retention.max_bytes.filter(|max| weights.total > *max) {
        let limit = low_water(max, retention.low_water_percent);
        for at in order {
            if weights.total <= limit {
                break;
            }
            if reasons[at].is_none() {
                weights.take(stock, at);
                reasons[at] = Some(EvictionReason::Size);
            }
        }
    }
    reasons
}

fn low_water(max: u64, percent: u8) -> u64 {
    let percent = if percent == 0 { 100 } else { u64::from(percent.min(100)) };
    (u128::from(max) * u128::from(percent) / 100) as u64
}

/// The entries that may go, in the order in which they do. Ties go by key, so that the same store has
/// the same order on every machine.
fn worst_first(
    stock: &Stock<'_>,
    reasons: &[Option<EvictionReason>],
    kept: &HashSet<EntryKey>,
    policy: EvictionPolicy,
) -> Vec<usize> {
    let may_go = |at: usize, entry: &EntryFacts| {
        reasons[at].is_none() && !(stock.is_kept_pack)(entry.pack) && !kept.contains(&entry.key)
    };
    let candidates = stock.entries.iter().enumerate().filter(|(at, entry)| may_go(*at, entry));
    let mut ranked: Vec<(f64, usize)> =
        candidates.map(|(at, entry)| (rank(stock, entry, policy), at)).collect();
    ranked.sort_unstable_by(|(a, left), (b, right)| {
        let (left, right) = (&stock.entries[*left], &stock.entries[*right]);
        a.total_cmp(b).then_with(|| left.key.cmp(&right.key)).then_with(|| right.pack.cmp(&left.pack))
    });
    ranked.into_iter().map(|(_, at)| at).collect()
}

/// Of each project the package artifact that was made last; of equally new ones that of the largest key.
fn newest_packages(stock: &Stock<'_>) -> HashSet<EntryKey> {
    let mut newest: HashMap<u32, (u64, EntryKey)> = HashMap::new();
    let artifacts = stock.entries.iter().filter(|entry| entry.kind == EntryKind::PackageArtifact);
    for entry in artifacts.filter(|entry| entry.garbage.is_none()) {
        let made = (entry.created_unix_s, entry.key);
        newest.entry(entry.project).and_modify(|known| *known = made.max(*known)).or_insert(made);
    }
    newest.into_values().map(|(_, key)| key).collect()
}

fn rank(stock: &Stock<'_>, entry: &EntryFacts, policy: EvictionPolicy) -> f64 {
    let last_used = entry.last_used_unix_s();
    match policy {
        EvictionPolicy::Lru => last_used as f64,
        EvictionPolicy::Value => {
            let object = entry.object.map_or(0, |object| stock.object_bytes[object as usize]);
            let bytes = (entry.pack_bytes + object).max(1) as f64;
            let idle_s = stock.now_unix_s.saturating_sub(last_used) as f64;
            let expected = (1.0 + f64::from(entry.usage.hits)) * (-idle_s / HALF_LIFE_S).exp2();
            expected * entry.rebuild_cost_ns.max(1) as f64 / bytes
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Codec;
    use crate::store::entry::EntryKey;
    use crate::store::pack_codec::PackCodec;
    use crate::store::recency::Usage;

    const NOW_H: u32 = 500_000;

    fn entry(number: u8, idle_h: u32, pack_bytes: u64) -> EntryFacts {
        EntryFacts {
            key: EntryKey::from_bytes([number; 32]),
            kind: EntryKind::DispatchTable,
            pack: u32::from(number),
            project: 0,
            at: 0,
            pack_bytes,
            object: None,
            codec: PackCodec::Alone(Codec::None),
            decoded_bytes: pack_bytes,
            created_unix_s: 0,
            rebuild_cost_ns: 1000,
            usage: Usage { hour: NOW_H - idle_h, hits: 0 },
            garbage: None,
        }
    }

    fn decided(entries: &[EntryFacts], retention: &Retention) -> Vec<Option<EvictionReason>> {
        let projects = ["a".into(), "b".into()];
        let stock = Stock {
            entries,
            projects: &projects,
            object_bytes: &[1000],
            is_kept_pack: &|pack| pack == 99,
            fixed_bytes: 0,
            now_unix_s: u64::from(NOW_H) * 3600,
        };
        decide(&stock, retention)
    }

    use EvictionReason::{Age, Quota, Selected, Size, Superseded};

    #[test]
    fn what_was_unused_longest_goes_until_low_water_is_reached() {
        let entries = [entry(1, 5, 100), entry(2, 9, 100), entry(3, 1, 100), entry(4, 7, 100)];
        let retention =
            |max, low| Retention { max_bytes: Some(max), low_water_percent: low, ..Retention::default() };
        assert_eq!(decided(&entries, &retention(400, 50)), [None; 4]);
        assert_eq!(decided(&entries, &retention(399, 100)), [None, Some(Size), None, None]);
        assert_eq!(decided(&entries, &retention(399, 60)), [None, Some(Size), None, Some(Size)]);
    }

    #[test]
    fn age_counts_from_the_last_use_and_a_clock_that_went_back_makes_nothing_old() {
        let mut entries = [entry(1, 10, 1), entry(2, 11, 1), entry(3, 0, 1)];
        entries[2].usage.hour = NOW_H + 1000;
        let retention = Retention { max_age_s: Some(10 * 3600), ..Retention::default() };
        assert_eq!(decided(&entries, &retention), [None, Some(Age), None]);
    }

    #[test]
    fn a_project_over_its_quota_loses_its_own_entries_only() {
        let mut entries = [entry(1, 5, 100), entry(2, 9, 100), entry(3, 99, 100)];
        entries[2].project = 1;
        let project_quotas = vec![("a".to_owned(), 150), ("none".to_owned(), 0)];
        let retention = Retention { project_quotas, ..Retention::default() };
        assert_eq!(decided(&entries, &retention), [None, Some(Quota), None]);
    }

    #[test]
    fn of_two_quotas_of_one_project_the_smaller_one_holds() {
        let mut entries = [entry(1, 5, 100), entry(2, 9, 100), entry(3, 7, 100)];
        for entry in &mut entries {
            entry.object = Some(0);
        }
        for quotas in [[1250, 1150], [1150, 1250]] {
            let project_quotas = quotas.map(|quota| ("a".to_owned(), quota)).to_vec();
            let retention = Retention { project_quotas, ..Retention::default() };
            assert_eq!(decided(&entries, &retention), [None, Some(Quota), Some(Quota)], "{quotas:?}");
        }
    }

    #[test]
    fn value_keeps_what_is_dear_for_its_size_and_used_often() {
        let mut entries = [entry(1, 1, 100), entry(2, 1, 100), entry(3, 1, 1000)];
        entries[0].rebuild_cost_ns = 1_000_000;
        entries[1].usage.hits = 50;
        entries[2].rebuild_cost_ns = 2000;
        let retention =
            Retention { max_bytes: Some(1199), policy: EvictionPolicy::Value, ..Retention::default() };
        assert_eq!(decided(&entries, &retention), [None, None, Some(Size)]);
        let mut idle = [entry(1, 24 * 30, 100), entry(2, 1, 100)];
        idle[0].rebuild_cost_ns = 100_000;
        let retention = Retention { max_bytes: Some(100), ..retention };
        assert_eq!(decided(&idle, &retention), [Some(Size), None], "a dear one that nobody uses goes too");
    }

    #[test]
    fn an_object_counts_until_its_last_entry_goes() {
        let mut entries = [entry(1, 5, 100), entry(2, 9, 100), entry(3, 1, 100)];
        entries[0].object = Some(0);
        entries[1].object = Some(0);
        let retention = |max| Retention { max_bytes: Some(max), ..Retention::default() };
        assert_eq!(decided(&entries, &retention(1300)), [None; 3]);
        assert_eq!(decided(&entries, &retention(1100)), [Some(Size), Some(Size), None]);
    }

    #[test]
    fn of_each_package_the_newest_artifact_stays_where_asked() {
        let mut entries = [entry(1, 5, 100), entry(2, 9, 100), entry(3, 99, 100), entry(4, 1, 100)];
        for (entry, created_unix_s) in entries.iter_mut().zip([10, 20, 5]) {
            (entry.kind, entry.created_unix_s) = (EntryKind::PackageArtifact, created_unix_s);
        }
        entries[2].project = 1;
        let retention = Retention { max_bytes: Some(0), max_age_s: Some(0), ..Retention::default() };
        assert!(decided(&entries, &retention).iter().all(Option::is_some));
        let keeping = Retention { keep_packages: true, ..retention };
        assert_eq!(decided(&entries, &keeping), [Some(Age), None, None, Some(Age)]);
    }

    #[test]
    fn garbage_goes_always_and_the_packs_of_a_running_session_stay() {
        let mut entries = [entry(1, 5, 100), entry(99, 9, 100)];
        entries[0].garbage = Some(Garbage::Superseded);
        let retention = Retention { max_bytes: Some(0), ..Retention::default() };
        assert_eq!(decided(&entries, &retention), [Some(Superseded), None]);
    }

    #[test]
    fn a_selection_takes_what_has_all_its_properties() {
        let mut entries = [entry(1, 5, 1), entry(2, 50, 1), entry(3, 50, 1)];
        entries[2].kind = EntryKind::FileIr;
        let select = |select| Retention { select: Some(select), ..Retention::default() };
        let old = Selection { unused_s: Some(36_000), ..Selection::default() };
        assert_eq!(decided(&entries, &select(old.clone())), [None, Some(Selected), Some(Selected)]);
        let old_ir = Selection { kind: Some(EntryKind::FileIr), ..old };
        assert_eq!(decided(&entries, &select(old_ir)), [None, None, Some(Selected)]);
        let other = Selection { project: Some("b".to_owned()), ..Selection::default() };
        assert_eq!(decided(&entries, &select(other)), [None; 3]);
        assert_eq!(decided(&entries, &select(Selection::default())), [Some(Selected); 3]);
    }
}
