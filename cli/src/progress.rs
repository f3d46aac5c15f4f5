//! How far long work is, for a person at a terminal; nobody else is told.

use std::sync::OnceLock;

use indicatif::{ProgressBar, ProgressStyle};

/// Shows that so many of all entries are done, and nothing more once they all are.
pub(crate) fn show(done: u64, all: u64) {
    static BAR: OnceLock<ProgressBar> = OnceLock::new();
    // It draws on standard error, and only where that is a terminal.
    let bar = BAR.get_or_init(|| {
        let style = ProgressStyle::with_template("{wide_bar} {pos} of {len} entries, {eta} left");
        ProgressBar::new(all).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
    });
    bar.set_length(all);
    bar.set_position(done);
    if done == all {
        bar.finish_and_clear();
    }
}
