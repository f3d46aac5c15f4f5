//! Ratios between the contestants of one run: absolute times drift with the machine, these less.

use std::path::PathBuf;

use criterion::Criterion;

/// Where this run keeps its estimates.
fn output() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("criterion")
}

/// A driver whose estimates [`print_ratios`] finds.
pub(crate) fn criterion() -> Criterion {
    Criterion::default().output_directory(&output()).configure_from_args()
}

/// Prints the median of every contestant of `group`, and its ratio to that of `floor`.
///
/// Prints nothing where nothing was measured: under `cargo test`, or if a filter left the group out.
#[allow(dead_code, reason = "not every bench asks for rounds")]
pub(crate) fn print_ratios(group: &str, floor: &str, contestants: &[&str]) {
    let Some(floor_ns) = median_ns(group, floor) else { return };
    println!("\n{group}: median, and ratio to `{floor}`");
    for contestant in contestants {
        if let Some(median_ns) = median_ns(group, contestant) {
            println!("  {contestant:<34} {median_ns:>14.1} ns  {:>9.2}", median_ns / floor_ns);
        }
    }
}

/// Prints how many megabytes a second each contestant of `group` reads, of `bytes` a round.
#[allow(dead_code, reason = "not every bench reads bytes")]
pub(crate) fn print_throughput(group: &str, bytes: usize, contestants: &[&str]) {
    for contestant in contestants {
        if let Some(median_ns) = median_ns(group, contestant) {
            println!("  {contestant:<34} {:>14.0} MB/s", bytes as f64 * 1e3 / median_ns);
        }
    }
}

/// Prints what one of a round's `calls` costs each contestant of `group`, and its ratio to that of `floor`.
#[allow(dead_code, reason = "not every bench makes calls")]
pub(crate) fn print_per_call(group: &str, calls: usize, floor: &str, contestants: &[&str]) {
    let Some(floor_ns) = median_ns(group, floor) else { return };
    println!("\n{group}: median of a call, and ratio to `{floor}`");
    for contestant in contestants {
        if let Some(median_ns) = median_ns(group, contestant) {
            println!(
                "  {contestant:<34} {:>8.2} ns  {:>9.2}",
                median_ns / calls as f64,
                median_ns / floor_ns
            );
        }
    }
}

fn median_ns(group: &str, contestant: &str) -> Option<f64> {
    let safe = |name: &str| name.replace(['/', '?', '"', '\\', '*', '<', '>', ':', '|', '^'], "_");
    let path = output().join(safe(group)).join(safe(contestant)).join("new/estimates.json");
    let estimates: serde_json::Value = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    estimates.get("median")?.get("point_estimate")?.as_f64()
}
