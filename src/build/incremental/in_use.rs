//! What an output is made of counts as used, also where builds need not ask for it.
//!
//! A build in which nothing changed asks the cache for nothing, and one that patches asks only for what changed. What all
//! the other sections are made of would grow old and go, and a lost output would have to be compiled. So once a day
//! everything is asked for; nothing is compiled, read or written for it but the use itself.

use super::compile::Compiling;
use super::compiler::UnitCompiler;
use super::levels::MultiLevelCache;
use super::output_seen::Note;
use super::packages::Offer;
use super::pipeline::UnitRequest;
use super::world::World;
use crate::build::parallel;

/// Everything is asked for at least so often.
const ASKED_EVERY_S: u64 = 24 * 3600;

/// Whether all that the output is made of was last asked for too long ago.
pub(super) fn is_due(cache: &MultiLevelCache<'_>, note: &Note) -> bool {
    // A cache whose entries go early is asked more often.
    let every_s =
        cache.entries.max_age_s().map_or(ASKED_EVERY_S, |max_age_s| ASKED_EVERY_S.min(max_age_s / 4));
    cache.entries.is_asked() && now_unix_s(cache).saturating_sub(note.used_unix_s) >= every_s
}

fn now_unix_s(cache: &MultiLevelCache<'_>) -> u64 {
    cache.entries.options.clock.unix_s()
}

/// Asks for everything after a build in which nothing changed.
pub(super) fn look_again(
    cache: &mut MultiLevelCache<'_>,
    compiler: &dyn UnitCompiler,
    request: &UnitRequest<'_>,
    offer: &Offer<'_>,
    note: &Note,
) {
    let Some(record) = cache.hashes.take_record() else { return };
    if let Ok(world) = World::discover(request.entry, compiler, offer, Some(&record), &cache.hashes) {
        count(cache, compiler, request, &world, &record.combined, note);
    }
}

/// Asks for everything, and notes when.
pub(super) fn count(
    cache: &MultiLevelCache<'_>,
    compiler: &dyn UnitCompiler,
    request: &UnitRequest<'_>,
    world: &World<'_>,
    combined: &[u8; 32],
    note: &Note,
) {
    let compiling = Compiling::new(cache, compiler, world, &cache.hashes);
    let nodes: Vec<u32> = (0..world.files.len() as u32).collect();
    parallel::map(&nodes, parallel::available(), |node| compiling.ask(*node));
    // Small outputs are kept as a whole, too.
    let _ = cache.zir.get_combined(request.entry, combined);
    cache.hashes.note(request.output, &Note { used_unix_s: now_unix_s(cache), ..*note });
}
