//! What past sessions found: by day, and all together.

use std::time::Duration;

use janus_cache::clock::Clock;
use janus_cache::store::{PastSession, Store};
use serde::Serialize;

use super::stats::date;
use crate::human;

const DAY_S: u64 = 24 * 3600;

/// Hits and misses of some sessions.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Lookups {
    pub(super) sessions: u64,
    pub(super) hits: u64,
    pub(super) misses: u64,
    pub(super) failures: u64,
    pub(super) hit_ratio: Option<f64>,
    pub(super) saved_ns: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Day {
    /// The day of the year, as `2026-11-21`.
    day: String,
    #[serde(flatten)]
    lookups: Lookups,
}

/// What is known about past sessions.
#[derive(Debug, Default, Serialize)]
pub(super) struct Past {
    since_unix_s: Option<u64>,
    #[serde(flatten)]
    all: Lookups,
    by_day: Vec<Day>,
}

/// The sessions of a store that ended within `since`.
pub(super) fn sessions(store: &Store, since: Option<Duration>) -> Vec<PastSession> {
    let now_unix_s = Clock::System.unix_s();
    let from_unix_s = since.map_or(0, |time| now_unix_s.saturating_sub(time.as_secs()));
    store.history().into_iter().filter(|session| session.ended_unix_s >= from_unix_s).collect()
}

impl Lookups {
    fn add(&mut self, session: &PastSession) {
        self.sessions += 1;
        self.hits = self.hits.saturating_add(session.hits);
        self.misses = self.misses.saturating_add(session.misses);
        self.failures = self.failures.saturating_add(session.failures);
        self.saved_ns = self.saved_ns.saturating_add(session.saved_ns);
        self.hit_ratio = (self.asked() > 0).then(|| self.hits as f64 / self.asked() as f64);
    }

    fn asked(&self) -> u64 {
        self.hits.saturating_add(self.misses).saturating_add(self.failures)
    }
}

impl Past {
    pub(super) fn of(sessions: &[PastSession]) -> Self {
        let mut past =
            Self { since_unix_s: sessions.first().map(|first| first.ended_unix_s), ..Self::default() };
        for session in sessions {
            past.all.add(session);
            let day = date(session.ended_unix_s / DAY_S * DAY_S);
            let day = day.split_once('T').map_or(day.as_str(), |(day, _)| day);
            if past.by_day.last().is_none_or(|last| last.day != day) {
                past.by_day.push(Day { day: day.to_owned(), lookups: Lookups::default() });
            }
            if let Some(last) = past.by_day.last_mut() {
                last.lookups.add(session);
            }
        }
        past
    }

    /// A label and a value for each line that people read.
    pub(super) fn lines(&self) -> Vec<(&'static str, String)> {
        let Some(since_unix_s) = self.since_unix_s else { return Vec::new() };
        let all = &self.all;
        let sessions = human::count(all.sessions as usize, "session", "sessions");
        let lookups = human::count(all.asked() as usize, "lookup", "lookups");
        let ratio = human::percent(all.hit_ratio);
        let mut lines =
            vec![("hits", format!("{ratio} of {lookups} in {sessions} since {}", date(since_unix_s)))];
        if all.failures > 0 {
            let failures = human::count(all.failures as usize, "lookup", "lookups");
            lines.push(("failures", format!("{failures} met damage; see janus cache validate")));
        }
        lines.push(("saved", human::time_ns(all.saved_ns)));
        let shown = self.by_day.len().saturating_sub(DAYS_SHOWN);
        for day in self.by_day.iter().skip(shown).filter(|_| self.by_day.len() > 1) {
            let ratio = human::percent(day.lookups.hit_ratio);
            let lookups = human::count(day.lookups.asked() as usize, "lookup", "lookups");
            let bar = human::bar(day.lookups.hit_ratio.unwrap_or_default(), 20);
            lines.push(("day", format!("{}  {ratio:>7}  {bar}  {lookups}", day.day)));
        }
        lines
    }
}

/// People see so many days at most; JSON has all.
const DAYS_SHOWN: usize = 14;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_of_one_day_are_counted_together() {
        let session = |ended_unix_s, hits, misses| PastSession {
            ended_unix_s,
            hits,
            misses,
            saved_ns: hits * 10,
            ..PastSession::default()
        };
        let past = Past::of(&[session(DAY_S, 1, 1), session(DAY_S + 5, 2, 0), session(3 * DAY_S, 0, 0)]);
        let days: Vec<_> = past
            .by_day
            .iter()
            .map(|day| (day.day.as_str(), day.lookups.sessions, day.lookups.hit_ratio))
            .collect();
        assert_eq!(days, [("1970-01-02", 2, Some(0.75)), ("1970-01-04", 1, None)]);
        assert_eq!((past.all.hits, past.all.saved_ns, past.since_unix_s), (3, 30, Some(DAY_S)));
        let lines = past.lines();
        assert_eq!(lines[0].1, "75.0 % of 4 lookups in 3 sessions since 1970-01-02T00:00:00Z");
        assert_eq!(lines[2].1, "1970-01-02   75.0 %  ███████████████       4 lookups");
    }
}
