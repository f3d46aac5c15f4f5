//! Reports for people: what a session did, and what the cache holds.

use std::fmt::Write as _;

use bytesize::ByteSize;

use super::manager::BuildCacheManager;
use super::metrics::BuildMetrics;

impl BuildCacheManager {
    /// What the session cost and saved, in some lines of text.
    pub fn report(&self) -> String {
        let metrics = self.metrics();
        let mut text = metrics.to_string();
        for warning in self.warnings() {
            let _ = writeln!(text, "warning: {}", warning.message);
        }
        for advice in &metrics.recommendations {
            let _ = writeln!(text, "advice: {advice}");
        }
        text
    }

    /// What the cache is and holds, level by level, in some lines of text. Cost: a look at every
    /// entry's header.
    pub fn cache_report(&self) -> String {
        let mut text = String::new();
        let Some(chain) = self.cache().chain() else {
            let _ = writeln!(text, "no cache: {}", self.cache().why_not());
            return text;
        };
        for level in chain.report() {
            let did = level.activity;
            let _ = writeln!(text, "level {} ({}) at {}", level.name, level.mode.as_str(), level.location);
            let _ = writeln!(
                text,
                "  {} hits, {} misses, {} damaged, {} errors; {} writes, {} failed, {} copied from farther levels",
                did.hits, did.misses, did.damaged, did.errors, did.writes, did.write_failures, did.backfills
            );
        }
        match self.cache().store().map(crate::store::Store::stats) {
            Some(Ok(stats)) => {
                let _ = writeln!(
                    text,
                    "{} entries of {} in {} packs; building them took {}",
                    stats.total.entries,
                    ByteSize(stats.total.stored_bytes),
                    stats.packs.files,
                    shown_ns(stats.total.rebuild_cost_ns)
                );
            }
            Some(Err(error)) => {
                let _ = writeln!(text, "the cache cannot be counted: {error}");
            }
            None => {}
        }
        text
    }
}

impl std::fmt::Display for BuildMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tables = self.tables_from_cache + self.tables_built;
        writeln!(
            f,
            "{tables} tables: {} from the cache, {} built, {} of them optimized",
            self.tables_from_cache, self.tables_built, self.tables_optimized
        )?;
        if let Some(ratio) = self.hit_ratio {
            write!(f, "hit ratio {:.1} %", ratio * 100.0)?;
            match self.speed_up {
                Some(speed_up) => writeln!(f, ", {speed_up:.1} times as fast as building every table")?,
                None => writeln!(f)?,
            }
        }
        writeln!(
            f,
            "{} in all: {} looking up, {} optimizing, {} serializing",
            shown_ns(self.total_ns),
            shown_ns(self.lookup_ns),
            shown_ns(self.optimization_ns),
            shown_ns(self.serialization_ns)
        )
    }
}

/// Nanoseconds in the unit that leaves a readable number.
fn shown_ns(ns: u64) -> String {
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..1_000_000 => format!("{:.1} us", ns as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} ms", ns as f64 / 1e6),
        _ => format!("{:.1} s", ns as f64 / 1e9),
    }
}
