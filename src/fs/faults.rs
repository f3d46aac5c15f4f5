//! A disk that stops at step n, for crash tests. Every create, write, sync, rename and unlink of
//! this room asks here first; outside of unit tests the answer is always "go on".

use std::io;

#[cfg(not(test))]
#[inline]
#[expect(clippy::unnecessary_wraps, reason = "the test build answers with an error")]
pub(super) fn step() -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
pub(super) fn step() -> io::Result<()> {
    testing::step()
}

#[cfg(test)]
pub(crate) use testing::stop_after;

#[cfg(test)]
mod testing {
    use std::cell::Cell;
    use std::io;

    thread_local! {
        static REFUSED: Cell<bool> = const { Cell::new(false) };
        static STEPS_LEFT: Cell<Option<(u32, io::ErrorKind)>> = const { Cell::new(None) };
    }

    /// While it lives, this thread's disk is the stopped one.
    pub(crate) struct Stopped(());

    /// Lets this thread do `steps` more steps; each later one fails with `kind`, as it would for a
    /// process that is gone (nothing is cleaned up either) or a disk that is full.
    pub(crate) fn stop_after(steps: u32, kind: io::ErrorKind) -> Stopped {
        REFUSED.set(false);
        STEPS_LEFT.set(Some((steps, kind)));
        Stopped(())
    }

    impl Stopped {
        /// True when a step was refused.
        #[expect(clippy::unused_self, reason = "only the one who stopped the disk may ask")]
        pub(crate) fn happened(&self) -> bool {
            REFUSED.get()
        }
    }

    impl Drop for Stopped {
        fn drop(&mut self) {
            STEPS_LEFT.set(None);
        }
    }

    pub(crate) fn step() -> io::Result<()> {
        match STEPS_LEFT.get() {
            None => Ok(()),
            Some((0, kind)) => {
                REFUSED.set(true);
                Err(io::Error::from(kind))
            }
            Some((left, kind)) => {
                STEPS_LEFT.set(Some((left - 1, kind)));
                Ok(())
            }
        }
    }
}
