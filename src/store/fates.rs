//! What becomes of each pack: a pure plan from a census and the reasons for which entries go.

use super::census::Census;
use super::gc::GcOptions;
use super::pack_format::PackId;
use super::retention::EvictionReason;

/// A lookup that misses asks so many packs at most, once a collection has run.
pub(super) const MAX_PACKS: usize = 8;
/// Merging stops at so many: the next sessions' packs shall not each cause another merge.
const MERGED_PACKS: usize = 4;
/// An automatic run writes so much at most; what is left waits for the next one.
const SLICE_BYTES: u64 = 256 << 20;

/// How much work a collection may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Effort {
    /// Writes packs anew that are a quarter dead, merges small ones, and stops after 256 MiB.
    #[default]
    Slice,
    /// Writes every pack anew that holds anything dead, and merges small ones.
    Thorough,
    /// Writes all packs anew as few, the entries that were used last in front.
    Rewrite,
}

/// What becomes of a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Stays,
    Goes,
    /// What stays of it is written into a new pack.
    Copied,
}

/// What becomes of each pack of the census, given why entries go.
pub(super) fn fates(
    census: &Census,
    reasons: &[Option<EvictionReason>],
    options: &GcOptions,
    keep: &[PackId],
) -> Vec<Fate> {
    let live_bytes: Vec<u64> = census
        .packs
        .iter()
        .map(|pack| {
            let entries = pack.entries.clone().filter(|at| reasons[*at].is_none());
            entries.map(|at| census.entries[at].pack_bytes).sum()
        })
        .collect();
    let max_bytes = options.retention.max_bytes.unwrap_or(u64::MAX);
    let mut fates = vec![Fate::Stays; census.packs.len()];
    let mut left_bytes = census.total_bytes();
    let mut written_bytes = 0;
    // Most dead first, so that a slice frees as much as it can.
    let mut order: Vec<usize> = (0..census.packs.len()).collect();
    let dead_of = |at: usize| {
        let all: u64 = census.packs[at].entries.clone().map(|entry| census.entries[entry].pack_bytes).sum();
        (all - live_bytes[at], all)
    };
    order.sort_by_key(|at| {
        let (dead, all) = dead_of(*at);
        std::cmp::Reverse(dead.saturating_mul(1000) / all.max(1))
    });
    for at in order {
        let (pack, (dead, all)) = (&census.packs[at], dead_of(at));
        let is_over = left_bytes > max_bytes;
        // What of it cannot be read is for `validate --repair` to save; it goes only to make room.
        if pack.pack.is_none() || pack.is_cut {
            if is_over && live_bytes[at] == 0 && !keep.contains(&pack.id) {
                fates[at] = Fate::Goes;
                left_bytes = left_bytes.saturating_sub(pack.file_bytes);
            }
            continue;
        }
        let is_worth = match options.effort {
            Effort::Slice => dead.saturating_mul(4) >= all || (is_over && dead > 0),
            Effort::Thorough => dead > 0,
            Effort::Rewrite => true,
        };
        if live_bytes[at] == 0 {
            fates[at] = Fate::Goes;
            left_bytes = left_bytes.saturating_sub(pack.file_bytes);
        } else if is_worth && (options.effort != Effort::Slice || written_bytes < SLICE_BYTES) {
            fates[at] = Fate::Copied;
            written_bytes += live_bytes[at];
            left_bytes = left_bytes.saturating_sub(dead);
        }
    }
    merge_small(census, &live_bytes, &mut fates, options.effort, written_bytes);
    fates
}

/// Where there are too many packs, the smallest become one; and with them those that are no larger than
/// all of these together, so that each byte is copied a logarithmic number of times.
fn merge_small(census: &Census, live_bytes: &[u64], fates: &mut [Fate], effort: Effort, written_bytes: u64) {
    let staying: Vec<usize> = (0..fates.len())
        .filter(|at| {
            fates[*at] == Fate::Stays && census.packs[*at].pack.is_some() && !census.packs[*at].is_cut
        })
        .collect();
    let is_written = usize::from(fates.contains(&Fate::Copied));
    if staying.len() + is_written <= MAX_PACKS {
        return;
    }
    let mut smallest = staying;
    smallest.sort_by_key(|at| live_bytes[*at]);
    let must_go = smallest.len() + 1 - MERGED_PACKS;
    let mut merged_bytes = 0;
    for (merged, at) in smallest.iter().enumerate() {
        let bytes = live_bytes[*at];
        if merged >= must_go && bytes > merged_bytes {
            break;
        }
        if effort == Effort::Slice && merged > 1 && written_bytes + merged_bytes + bytes > SLICE_BYTES {
            break;
        }
        merged_bytes += bytes;
        fates[*at] = Fate::Copied;
    }
}
