//! What a session cost and saved, and what to do about it.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// What a session cost and saved. Times are in nanoseconds, summed over threads except for the total.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BuildMetrics {
    /// From the start of the session to its end, or to now.
    pub total_ns: u64,
    /// Looking keys up and checking what was found.
    pub lookup_ns: u64,
    /// Encoding tables, handing them to the cache and committing it.
    pub serialization_ns: u64,
    /// Choosing how tables answer.
    pub optimization_ns: u64,
    /// Tables that the cache had.
    pub tables_from_cache: u64,
    /// Tables that were built.
    pub tables_built: u64,
    /// Those of the built ones that answer faster than by a scan over their entries.
    pub tables_optimized: u64,
    /// Hits that were built again and compared.
    pub tables_verified: u64,
    /// Share of the tables that the cache had, from 0 to 1; none where no table was asked for.
    pub hit_ratio: Option<f64>,
    /// What building the tables that came from the cache had cost.
    pub saved_ns: u64,
    /// The recorded cost of building every table of the session, divided by what was spent on
    /// looking up, optimizing and serializing; none where no table was asked for.
    pub speed_up: Option<f64>,
    /// Bytes written to the cache.
    pub written_bytes: u64,
    /// Bytes removed from the cache to keep its size limit.
    pub evicted_bytes: u64,
    /// Entries, or commits, that could not be written.
    pub write_failures: u64,
    /// Tables that were built, by why the cache did not have them.
    pub misses: BTreeMap<String, u64>,
    /// What would make the next session faster.
    pub recommendations: Vec<Recommendation>,
}

/// Advice, with what it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recommendation {
    /// Stable kebab-case name.
    pub code: &'static str,
    /// What to do.
    pub advice: String,
    /// What was seen.
    pub evidence: String,
}

impl fmt::Display for Recommendation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.advice, self.evidence)
    }
}

/// What advice rests on, beside the metrics.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Circumstances {
    /// The cache's size limit, if it has one.
    pub(super) max_bytes: Option<u64>,
    /// How large it is.
    pub(super) used_bytes: u64,
    /// Whether every level is read-only.
    pub(super) is_read_only: bool,
}

/// Hits below this say nothing about speed.
const ENOUGH_HITS: u64 = 20;

/// What would make the next session faster. Pure: the same numbers give the same advice.
pub(super) fn recommend(metrics: &BuildMetrics, around: Circumstances) -> Vec<Recommendation> {
    let missed = |word: &str| metrics.misses.get(word).copied().unwrap_or(0);
    let mut advice = Vec::new();
    let mut say = |code, text: &str, evidence: String| {
        advice.push(Recommendation { code, advice: text.to_owned(), evidence });
    };
    if missed("off") > 0 {
        let evidence = format!("{} tables were built without asking it", missed("off"));
        say("cache-off", "switch the cache on: unset JANUS_CACHE_DISABLE, drop --no-cache", evidence);
    }
    if missed("unavailable") > 0 {
        let evidence = format!("{} tables were built without it", missed("unavailable"));
        say("cache-unavailable", "choose a usable directory with --cache-dir or JANUS_CACHE_DIR", evidence);
    }
    let damaged = missed("damaged") + missed("object-missing") + missed("unusable") + missed("mismatch");
    if damaged > 0 {
        let evidence = format!("{damaged} entries were not what they should be");
        say("damage", "run `janus cache validate --repair`, and check the disk if it comes back", evidence);
    }
    if metrics.write_failures > 0 {
        let evidence = format!("{} writes failed", metrics.write_failures);
        say("write-failures", "make room, or check the permissions of the cache directory", evidence);
    }
    if around.is_read_only && metrics.tables_built > 0 && missed("off") + missed("unavailable") == 0 {
        let evidence = format!("{} tables were built and not kept", metrics.tables_built);
        say("read-only", "let one build write the cache: this one only reads it", evidence);
    }
    if metrics.evicted_bytes > 0 || missed("removed") > 0 {
        let evidence = format!(
            "{} bytes were evicted at the end, {} tables had been evicted before",
            metrics.evicted_bytes,
            missed("removed")
        );
        say("size", "raise the cache's size with --cache-size or JANUS_CACHE_SIZE", evidence);
    } else if let Some(max_bytes) = around.max_bytes
        && around.used_bytes > max_bytes / 10 * 9
    {
        let evidence = format!("{} of {max_bytes} bytes are used", around.used_bytes);
        say("size", "raise the cache's size with --cache-size or JANUS_CACHE_SIZE", evidence);
    }
    if let Some(speed_up) = metrics.speed_up
        && speed_up < 1.0
        && metrics.tables_from_cache >= ENOUGH_HITS
        && metrics.tables_built == 0
    {
        let evidence = format!("{} hits took longer than building them had", metrics.tables_from_cache);
        say("slow-cache", "move the cache to a faster local disk", evidence);
    }
    advice
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(metrics: &BuildMetrics, around: Circumstances) -> Vec<&'static str> {
        recommend(metrics, around).into_iter().map(|advice| advice.code).collect()
    }

    #[test]
    fn a_healthy_session_gets_no_advice() {
        let metrics =
            BuildMetrics { tables_from_cache: 100, speed_up: Some(4.0), ..BuildMetrics::default() };
        let around = Circumstances { max_bytes: Some(100), used_bytes: 10, is_read_only: false };
        assert_eq!(codes(&metrics, around), [""; 0]);
    }

    #[test]
    fn every_advice_has_its_evidence() {
        let missed = |word: &str| BuildMetrics {
            tables_built: 3,
            misses: [(word.to_owned(), 3)].into(),
            ..BuildMetrics::default()
        };
        let normal = Circumstances::default();
        assert_eq!(codes(&missed("off"), normal), ["cache-off"]);
        assert_eq!(codes(&missed("unavailable"), normal), ["cache-unavailable"]);
        assert_eq!(codes(&missed("damaged"), normal), ["damage"]);
        assert_eq!(codes(&missed("removed"), normal), ["size"]);
        let read_only = Circumstances { is_read_only: true, ..normal };
        assert_eq!(codes(&missed("absent"), read_only), ["read-only"]);
        let full = Circumstances { max_bytes: Some(100), used_bytes: 95, ..normal };
        assert_eq!(codes(&missed("absent"), full), ["size"]);
        let failed = BuildMetrics { write_failures: 1, ..BuildMetrics::default() };
        assert_eq!(codes(&failed, normal), ["write-failures"]);
        let slow = BuildMetrics { tables_from_cache: 30, speed_up: Some(0.5), ..BuildMetrics::default() };
        assert_eq!(codes(&slow, normal), ["slow-cache"]);
        assert_eq!(recommend(&failed, normal)[0].evidence, "1 writes failed");
    }
}
