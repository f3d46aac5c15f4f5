//! When does a tuple prove that nothing changed?
//!
//! A file system's clock ticks: two changes within one tick leave one time. So a file that was written,
//! read, and written again with the same length within a tick has the tuple that was remembered, and
//! other content. A tuple therefore proves something only where both its times lie *before* the moment at
//! which looking began, by more than the clock's grain: any later change then gets a later time.
//!
//! That moment is told by the file system itself, which may be another machine's: by the time that a file
//! just written gets. It has to be taken before the first tuple; one taken at the end, when the result is
//! kept, would call files safe that were read and changed in one tick shortly before.
//!
//! A time that somebody set, to 1970 or by unpacking an archive, does no harm: the other time cannot be
//! set. A time in the future proves nothing until the clock has passed it.

use std::io;
use std::path::Path;

use crate::fs::{self, Durability, StatTuple};

/// The kernel's clock for files ticks every 1 to 10 ms, exFAT's every 10 ms; twice that.
const TICK_NS: i64 = 20_000_000;
/// FAT counts 2 seconds, old ext and HFS whole ones. Also what another local file system may differ by.
const COARSE_NS: i64 = 2_000_000_000;
/// How far the clock of another machine may be behind that of the file system that was asked.
const FOREIGN_NS: i64 = 3600 * 1_000_000_000;

/// The moment at which looking began, by the clock of a file system.
///
/// ```
/// use janus_cache::fs::StatTuple;
/// use janus_cache::track::FileTime;
///
/// let cache = tempfile::tempdir()?;
/// let began = FileTime::probe(cache.path(), std::path::Path::new("/"))?;
/// std::fs::write(cache.path().join("later"), "")?;
/// assert!(!began.proves(&StatTuple::of(&cache.path().join("later"))?));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileTime {
    now_ns: i64,
    /// Of the file that told the time.
    device: u64,
    /// The root's, where that is a local one.
    local_device: Option<u64>,
}

impl FileTime {
    /// Asks the file system of `dir` by writing an empty file there, which is removed at once. `root` is
    /// where the sources lie. Take it *before* the first scan or read whose tuples it is to judge.
    ///
    /// Where the sources lie on another file system, its clock may differ: 2 seconds are allowed for a local
    /// one, whose times come from the same kernel, and an hour for another machine's.
    pub fn probe(dir: &Path, root: &Path) -> io::Result<Self> {
        let path = dir.join(format!(".clock.{:016x}.tmp", fs::unique()));
        fs::write_new(&path, b"", Durability::Rename)?;
        let tuple = StatTuple::of(&path);
        fs::remove_file(&path)?;
        let (tuple, root_tuple) = (tuple?, StatTuple::of(root)?);
        let local_device = (!fs::is_remote(root)).then_some(root_tuple.device());
        Ok(Self { now_ns: tuple.mtime_ns().min(tuple.ctime_ns()), device: tuple.device(), local_device })
    }

    /// A moment by the clock of the file system on which `like` lies, in nanoseconds since the Unix epoch.
    pub fn on_device_of(like: &StatTuple, now_ns: i64) -> Self {
        Self { now_ns, device: like.device(), local_device: None }
    }

    /// Nanoseconds since the Unix epoch.
    pub const fn now_ns(&self) -> i64 {
        self.now_ns
    }

    /// Whether finding this tuple again proves that nothing changed since this moment.
    pub fn proves(&self, tuple: &StatTuple) -> bool {
        let device = tuple.device();
        let clocks_differ_ns = if device == self.device {
            0
        } else if self.local_device == Some(device) {
            COARSE_NS
        } else {
            FOREIGN_NS
        };
        [tuple.mtime_ns(), tuple.ctime_ns()].into_iter().all(|time_ns| {
            // A file system that counts seconds gives no part of one; others do so once in a billion times.
            let grain_ns = if time_ns % 1_000_000_000 == 0 { COARSE_NS } else { TICK_NS };
            time_ns.saturating_add(grain_ns).saturating_add(clocks_differ_ns) < self.now_ns
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(dir: &Path, mtime_ns: Option<u64>) -> StatTuple {
        let path = dir.join("f");
        let file = std::fs::File::create(&path).expect("created");
        if let Some(ns) = mtime_ns {
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_nanos(ns);
            file.set_modified(time).expect("set");
        }
        StatTuple::of(&path).expect("is there")
    }

    #[test]
    fn a_tuple_proves_only_what_lies_before_by_more_than_a_tick() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let tuple = written(dir.path(), Some(1_000_000_001));
        let at = |after_ns| FileTime::on_device_of(&tuple, tuple.ctime_ns() + after_ns);
        assert!(!at(-1).proves(&tuple));
        assert!(!at(0).proves(&tuple));
        assert!(!at(TICK_NS).proves(&tuple));
        assert!(at(COARSE_NS + 1).proves(&tuple));
    }

    #[test]
    fn whole_seconds_are_taken_for_a_coarse_clock() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let now_ns = written(dir.path(), None).ctime_ns().cast_unsigned();
        let later_ns = (now_ns / 1_000_000_000 + 100) * 1_000_000_000;
        let whole = written(dir.path(), Some(later_ns));
        let part = written(dir.path(), Some(later_ns + 1));
        let at = |after_ns: i64| FileTime::on_device_of(&whole, later_ns.cast_signed() + after_ns);
        assert!(!at(COARSE_NS).proves(&whole));
        assert!(at(COARSE_NS + 1).proves(&whole));
        assert!(at(TICK_NS + 2).proves(&part));
    }

    #[test]
    fn a_time_in_the_future_proves_nothing_and_one_in_1970_does_no_harm() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let future = written(dir.path(), Some(4_000_000_000_000_000_001));
        let past = written(dir.path(), Some(1));
        let later = FileTime::on_device_of(&past, past.ctime_ns() + 10 * COARSE_NS);
        assert!(!later.proves(&future));
        assert!(later.proves(&past));
    }

    #[test]
    fn another_machine_s_clock_is_allowed_an_hour() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let tuple = written(dir.path(), None);
        let far = FileTime { now_ns: tuple.ctime_ns() + FOREIGN_NS, device: 0, local_device: None };
        assert!(!far.proves(&tuple));
        assert!(FileTime { now_ns: far.now_ns + COARSE_NS + 1, ..far }.proves(&tuple));
        assert!(FileTime { local_device: Some(tuple.device()), ..far }.proves(&tuple));
    }

    #[test]
    fn what_is_written_after_the_probe_is_never_proved_by_it() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        for _ in 0..200 {
            let began = FileTime::probe(dir.path(), dir.path()).expect("probed");
            assert!(!began.proves(&written(dir.path(), None)));
        }
        assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 1, "the probes are gone");
    }
}
