//! Rounds in which contestants take turns, medians, and tables.

/// One contestant of a row: its name and what a round of it measures.
pub(crate) type Contestant<'a> = (String, Box<dyn FnMut(usize) -> f64 + 'a>);

/// What each contestant measured in each round. All take turns, so that what disturbs the machine
/// disturbs each.
pub(crate) fn take_turns(rounds: usize, contestants: &mut [Contestant<'_>]) -> Vec<Vec<f64>> {
    let mut found = vec![Vec::new(); contestants.len()];
    for round in 0..rounds {
        // Another begins each round, so that nobody always comes after the one that leaves most behind.
        for turn in 0..contestants.len() {
            let at = (turn + round) % contestants.len();
            found[at].push((contestants[at].1)(round));
        }
    }
    found
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Takes turns and prints each median with its ratio to the first contestant's.
pub(crate) fn row(title: &str, unit: &str, rounds: usize, mut contestants: Vec<Contestant<'_>>) {
    let medians: Vec<f64> = take_turns(rounds, &mut contestants).into_iter().map(median).collect();
    let names: Vec<&str> = contestants.iter().map(|(name, _)| name.as_str()).collect();
    print(title, unit, &names, &medians);
}

pub(crate) fn print(title: &str, unit: &str, names: &[&str], values: &[f64]) {
    println!("\n{title}");
    let first = values.first().copied().unwrap_or(1.0);
    for (name, value) in names.iter().zip(values) {
        println!("  {name:<40} {value:>14.3} {unit:<3} {:>10.2}", value / first);
    }
}
