//! Faults on purpose, for tests of what a crash leaves. Everything this room does to the disk asks here
//! first; outside of unit tests the answer is always "go on" and nothing is remembered.
//!
//! | kind | what it is |
//! |---|---|
//! | [`stop_after`] | a process that is killed, or a disk that is full, from step n on |
//! | [`fail_nth`], [`fail_all`] | the system says no once, or always to acts of one kind |
//! | [`record`] | what was done, from which `power` makes every state a power loss may leave |
//! | [`pretend_boot`] | the machine was started anew |

use std::io;
use std::path::Path;

/// What is about to be done.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(test), expect(dead_code, reason = "only tests look at what is about to be done"))]
pub(crate) enum Act<'a> {
    /// A folder, and those above it that are missing.
    MakeDir(&'a Path),
    /// An empty file under a name that is free.
    Create(&'a Path),
    Write {
        path: &'a Path,
        /// None for the end of the file.
        at_bytes: Option<u64>,
        bytes: &'a [u8],
    },
    SyncFile(&'a Path),
    SyncDir(&'a Path),
    Rename {
        from: &'a Path,
        to: &'a Path,
    },
    Unlink(&'a Path),
    RemoveDir(&'a Path),
    /// Asking for the lock of an open file.
    Lock,
    Open,
    Read,
    Map,
    List,
}

#[cfg(not(test))]
#[inline]
#[expect(clippy::unnecessary_wraps, reason = "the test build answers with an error")]
pub(super) fn step(_: Act<'_>) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
pub(super) fn step(act: Act<'_>) -> io::Result<()> {
    testing::step(act)
}

#[cfg(test)]
pub(crate) use testing::{Recording, fail_all, fail_nth, pretend_boot, pretended_boot, record, stop_after};

#[cfg(test)]
mod testing {
    use std::cell::RefCell;
    use std::io;
    use std::path::Path;

    use super::Act;
    use crate::fs::power::{Log, Recorder};

    type Boot = Option<[u8; 16]>;

    #[derive(Default)]
    struct Plan {
        fault: Option<Fault>,
        happened: bool,
        recorder: Option<Recorder>,
        boot: Option<Boot>,
    }

    #[derive(Clone, Copy)]
    enum Fault {
        Stop { steps_left: u32, kind: io::ErrorKind },
        Nth { acts_left: u32, errno: i32 },
        All { which: fn(&Act<'_>) -> bool, errno: i32 },
    }

    thread_local! {
        static PLAN: RefCell<Plan> = RefCell::default();
    }

    /// While it lives, this thread's disk has the fault.
    pub(crate) struct Faulty(());

    fn plan(fault: Fault) -> Faulty {
        PLAN.with_borrow_mut(|plan| {
            plan.happened = false;
            plan.fault = Some(fault);
        });
        Faulty(())
    }

    /// Lets this thread change the disk `steps` times more; each later step fails with `kind`, as it would
    /// for a process that is gone (nothing is cleaned up either) or a disk that is full.
    pub(crate) fn stop_after(steps: u32, kind: io::ErrorKind) -> Faulty {
        plan(Fault::Stop { steps_left: steps, kind })
    }

    /// Lets `acts` acts of any kind pass, reads too, fails the next one with the system's error number,
    /// and is well again.
    pub(crate) fn fail_nth(acts: u32, errno: i32) -> Faulty {
        plan(Fault::Nth { acts_left: acts, errno })
    }

    /// Fails every act that `which` picks with the system's error number.
    pub(crate) fn fail_all(which: fn(&Act<'_>) -> bool, errno: i32) -> Faulty {
        plan(Fault::All { which, errno })
    }

    impl Faulty {
        /// True when something was refused.
        #[expect(clippy::unused_self, reason = "only the one who broke the disk may ask")]
        pub(crate) fn happened(&self) -> bool {
            PLAN.with_borrow(|plan| plan.happened)
        }
    }

    impl Drop for Faulty {
        fn drop(&mut self) {
            PLAN.with_borrow_mut(|plan| plan.fault = None);
        }
    }

    /// While it lives, what this thread does below a folder is remembered.
    pub(crate) struct Recording(());

    /// Remembers what this thread does below `root`. What lies there now counts as safe on the disk.
    pub(crate) fn record(root: &Path) -> Recording {
        let recorder = Recorder::new(root);
        PLAN.with_borrow_mut(|plan| plan.recorder = Some(recorder));
        Recording(())
    }

    impl Recording {
        /// How many steps were remembered so far.
        #[expect(clippy::unused_self, reason = "only the one who records may ask")]
        pub(crate) fn steps(&self) -> usize {
            PLAN.with_borrow(|plan| plan.recorder.as_ref().map_or(0, Recorder::steps))
        }

        /// What was done.
        #[expect(clippy::unused_self, reason = "it ends with its recording")]
        pub(crate) fn end(self) -> Log {
            let recorder = PLAN.with_borrow_mut(|plan| plan.recorder.take());
            recorder.expect("it records while it lives").end()
        }
    }

    impl Drop for Recording {
        fn drop(&mut self) {
            PLAN.with_borrow_mut(|plan| plan.recorder = None);
        }
    }

    /// While it lives, this thread sees another start of the machine.
    pub(crate) struct PretendedBoot(());

    /// Gives this thread a boot identity, or a system that does not say.
    pub(crate) fn pretend_boot(boot: Boot) -> PretendedBoot {
        PLAN.with_borrow_mut(|plan| plan.boot = Some(boot));
        PretendedBoot(())
    }

    impl Drop for PretendedBoot {
        fn drop(&mut self) {
            PLAN.with_borrow_mut(|plan| plan.boot = None);
        }
    }

    /// What [`pretend_boot`] said, while it holds.
    pub(crate) fn pretended_boot() -> Option<Boot> {
        PLAN.with_borrow(|plan| plan.boot)
    }

    pub(super) fn step(act: Act<'_>) -> io::Result<()> {
        let changes_disk = !matches!(act, Act::Lock | Act::Open | Act::Read | Act::Map | Act::List);
        PLAN.with_borrow_mut(|plan| {
            let refused = match &mut plan.fault {
                Some(Fault::Stop { steps_left: 0, kind }) if changes_disk => Some(io::Error::from(*kind)),
                Some(Fault::Stop { steps_left, .. }) if changes_disk => {
                    *steps_left -= 1;
                    None
                }
                Some(Fault::Nth { acts_left: 0, errno }) if !plan.happened => {
                    Some(io::Error::from_raw_os_error(*errno))
                }
                Some(Fault::Nth { acts_left, .. }) => {
                    *acts_left = acts_left.saturating_sub(1);
                    None
                }
                Some(Fault::All { which, errno }) if which(&act) => {
                    Some(io::Error::from_raw_os_error(*errno))
                }
                _ => None,
            };
            match (refused, &mut plan.recorder) {
                (Some(error), _) => {
                    plan.happened = true;
                    return Err(error);
                }
                (None, Some(recorder)) => recorder.remember(&act),
                (None, None) => {}
            }
            Ok(())
        })
    }
}
