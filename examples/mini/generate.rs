//! Projects of any size, the same for the same numbers, to measure builds and to change at random.
//!
//! File `n` is `part0042/file004217.mini`, 100 files a folder; the last one is the entry. The files form
//! a tree that hangs from the entry, so each is reached on a short way, and each imports one file more
//! that it finds by chance; all imports lead to files with smaller numbers. A run calls one function
//! of each file once along the tree, so it stays short.

/// Files of one folder.
const FOLDER: usize = 100;

/// Functions of a file beside those that lead on along the tree; they make a file some 4 KiB long.
const STEPS: usize = 10;

/// The root-relative path of file `number`.
pub(crate) fn path(number: usize) -> String {
    format!("part{:04}/file{number:06}.mini", number / FOLDER)
}

/// The entry of a project of `files` files, of which there is at least one.
pub(crate) fn entry(files: usize) -> String {
    path(files.saturating_sub(1))
}

/// The files that file `number` of `files` imports: up to two below it in the tree, and one by chance.
pub(crate) fn imported(files: usize, number: usize) -> Vec<usize> {
    let mut imported = below(files, number);
    imported.extend(by_chance(number).filter(|other| !below(files, number).contains(other)));
    imported
}

/// Where the tree goes on: counted from the entry, file `n` is above the files `2n + 1` and `2n + 2`.
fn below(files: usize, number: usize) -> Vec<usize> {
    let from_entry = files.saturating_sub(number + 1);
    [2, 3].into_iter().filter_map(|side| files.checked_sub(2 * from_entry + side)).collect()
}

fn by_chance(number: usize) -> Option<usize> {
    mix(number as u64).checked_rem(number as u64).map(|other| other as usize)
}

/// The finalizer of `SplitMix64`: spreads neighbouring numbers.
fn mix(number: u64) -> u64 {
    let mixed =
        (number ^ (number >> 30)).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The source of file `number` of `files`. Another `revision` changes the body of one function and
/// nothing else.
pub(crate) fn source(files: usize, number: usize, revision: u32) -> String {
    let mut text = vec![format!("// File {number} of {files} in a generated project.\n")];
    for other in imported(files, number) {
        let whole = path(other);
        let beside = whole.rsplit('/').next().filter(|_| other / FOLDER == number / FOLDER);
        text.push(format!("import \"{}\"\n", beside.unwrap_or(&whole)));
    }
    for step in 0..STEPS {
        let [a, b, c] = [0, 1, 2].map(|part| mix((number * STEPS + step) as u64 * 3 + part) % 1000 + 1);
        let rounds = a % 4 + 1 + if step == 0 { u64::from(revision) } else { 0 };
        let before = match step {
            0 => "right".to_owned(),
            _ => format!("step_{number}_{}(right, left + {b})", step - 1),
        };
        text.push(format!(
            "
// Step {step} of {STEPS}: some arithmetic that a compiler cannot do beforehand.
fn step_{number}_{step}(left, right) {{
    let total = left * {a} - right % {b};
    let round = 0;
    while round < {rounds} {{
        if total % 2 == 0 {{
            total = total / 2 + {c};
        }} else {{
            total = total * 3 - {b};
        }}
        round = round + 1;
    }}
    return (total - {before}) % 1000000;
}}
"
        ));
    }
    let own = format!("step_{number}_{}({number}, 2)", STEPS - 1);
    let tree = below(files, number).into_iter().map(|other| format!(" + value_{other}()"));
    let chance = by_chance(number).map(|other| format!(" + step_{other}_0(3, {number})"));
    let sum: String = std::iter::once(own).chain(tree).chain(chance).collect();
    text.push(format!("\nfn value_{number}() {{\n    return {sum};\n}}\n"));
    if path(number) == entry(files) {
        text.push(format!("\nfn main() {{\n    print(value_{number}());\n    return 0;\n}}\n"));
    }
    text.concat()
}
