//! Work on many things at once, with the answers in the order of the things.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// How many threads this machine runs at once; at least 1.
pub(crate) fn available() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Applies `work` to each item on at most `threads` threads. The answers do not depend on their
/// number. A panic in `work` goes on in the caller.
pub(crate) fn map<T: Sync, R: Send>(
    items: &[T],
    threads: NonZeroUsize,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let threads = threads.get().min(items.len());
    if threads < 2 {
        return items.iter().map(work).collect();
    }
    // Few at a time, since one may take as long as all others; many where there are many, since taking costs, too.
    let at_once = (items.len() / (threads * 64)).clamp(1, 64);
    let next = AtomicUsize::new(0);
    let run = || {
        let mut done = Vec::new();
        loop {
            let first = next.fetch_add(at_once, Ordering::Relaxed);
            let taken = items.get(first..items.len().min(first + at_once)).unwrap_or_default();
            if taken.is_empty() {
                return done;
            }
            done.push((first, taken.iter().map(&work).collect::<Vec<R>>()));
        }
    };
    let mut answers: Vec<(usize, Vec<R>)> = Vec::new();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        for worker in workers {
            match worker.join() {
                Ok(done) => answers.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    answers.sort_unstable_by_key(|(first, _)| *first);
    answers.into_iter().flat_map(|(_, answers)| answers).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_the_order_of_the_items_on_any_number_of_threads() {
        let items: Vec<u64> = (0..1000).collect();
        let expected: Vec<u64> = items.iter().map(|item| item * 3).collect();
        for threads in [1, 2, 7] {
            let threads = NonZeroUsize::new(threads).expect("not zero");
            assert_eq!(map(&items, threads, |item| item * 3), expected, "{threads} threads");
        }
    }

    #[test]
    fn nothing_to_do_is_done_at_once() {
        assert!(map(&[] as &[u8], available(), |item| *item).is_empty());
    }
}
