//! Time: the only door to the wall clock and to the monotonic clock.
//!
//! Tables and images never see it. Packs, state files and recency do, and the tests replace it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Where the current time comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// The operating system's clock.
    #[default]
    System,
    /// A clock that stands still, in nanoseconds since the Unix epoch.
    Fixed {
        /// What [`Clock::unix_ns`] answers.
        unix_ns: u64,
    },
}

impl Clock {
    /// Nanoseconds since the Unix epoch; 0 where the system clock stands before it, and the largest
    /// `u64` (the year 2554) where it stands after what fits.
    pub fn unix_ns(self) -> u64 {
        match self {
            Self::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)),
            Self::Fixed { unix_ns } => unix_ns,
        }
    }

    /// Whole seconds since the Unix epoch.
    pub fn unix_s(self) -> u64 {
        self.unix_ns() / 1_000_000_000
    }

    /// Whole hours since the Unix epoch: the unit of recency.
    pub fn unix_hours(self) -> u64 {
        self.unix_s() / 3600
    }
}

/// Measures how long work took, on the monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// Nanoseconds since the start, saturating.
    pub fn elapsed_ns(self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_answers_in_every_unit() {
        let clock = Clock::Fixed { unix_ns: 7_200_000_000_001 };
        assert_eq!((clock.unix_s(), clock.unix_hours()), (7200, 2));
    }

    #[test]
    fn the_system_clock_stands_after_this_code_was_written() {
        assert!(Clock::System.unix_s() > 1_763_000_000);
    }
}
