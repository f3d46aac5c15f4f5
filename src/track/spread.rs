//! The same work on several threads, which take its pieces from one counter.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Hands out the numbers below a limit, each once.
#[derive(Debug)]
pub(super) struct Pieces {
    next: AtomicUsize,
    count: usize,
}

impl Pieces {
    /// The next one that nobody has taken.
    pub(super) fn take(&self) -> Option<usize> {
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        (index < self.count).then_some(index)
    }
}

/// Runs `work` on at most `threads` threads, the caller's among them, and gives every answer, in no order.
/// Where the system has no more threads, fewer do it all. A panic goes on in the caller.
pub(super) fn spread<R: Send>(
    threads: NonZeroUsize,
    count: usize,
    work: impl Fn(&Pieces) -> R + Sync,
) -> Vec<R> {
    let pieces = Pieces { next: AtomicUsize::new(0), count };
    let run = || work(&pieces);
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads.get().min(count))
            .map_while(|_| thread::Builder::new().spawn_scoped(scope, run).ok())
            .collect();
        let mut answers = vec![run()];
        for other in others {
            match other.join() {
                Ok(answer) => answers.push(answer),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        answers
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_is_taken_once_on_any_number_of_threads() {
        for threads in [1, 2, 9] {
            let threads = NonZeroUsize::new(threads).expect("not zero");
            let taken = spread(threads, 1000, |pieces| {
                let mut taken = Vec::new();
                while let Some(piece) = pieces.take() {
                    taken.push(piece);
                }
                taken
            });
            let mut all: Vec<usize> = taken.into_iter().flatten().collect();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..1000), "{threads} threads");
        }
        assert_eq!(spread(NonZeroUsize::MIN, 0, Pieces::take), [None]);
    }
}
