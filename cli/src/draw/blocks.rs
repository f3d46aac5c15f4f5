//! A grid in a terminal: a block for each cell, with a letter, so that it can be read without colour.

use std::fmt::Write as _;

use super::grid::{Cell, Grid};
use super::palette::{colour, sign, sign_width};
use crate::names::ShortNames;

/// Stands for a cell that no method answers, and for one that several do.
const EMPTY: &str = ".";
const AMBIGUOUS: &str = "#";

/// What the legend says of the methods, in the grid's order.
pub(crate) struct Legend<'a> {
    /// A line for each method.
    pub(crate) methods: Vec<String>,
    /// How types are called.
    pub(crate) short: &'a ShortNames,
}

/// The grid as lines of text.
pub(crate) fn blocks(grid: &Grid, legend: &Legend<'_>, is_coloured: bool) -> String {
    let mut text = String::new();
    let count = grid.methods.len();
    // A space between the blocks keeps them apart without colour; many columns need the room.
    let gap = usize::from(grid.columns.len() <= 48);
    let width = sign_width(count) + gap;
    let labels: Vec<String> = grid.rows.iter().map(|row| row.label(legend.short)).collect();
    let margin = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
    let numbers = grid.rows.len().max(grid.columns.len()).to_string().len();
    let columns = if grid.has_across { grid.columns.len() } else { 0 };
    for line in heading(columns, width) {
        let _ = writeln!(text, "{:numbers$} {:margin$}  {}", "", "", line.trim_end());
    }
    for (at, (label, cells)) in labels.iter().zip(&grid.cells).enumerate() {
        let _ = write!(text, "{:>numbers$} {label:<margin$}  ", at + 1);
        let mut line = String::new();
        for cell in cells {
            let shown = shown(cell, count);
            if is_coloured {
                let _ = write!(line, "{}{shown:<width$}\x1b[0m", escape_of(cell));
            } else {
                let _ = write!(line, "{shown:<width$}");
            }
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text.push('\n');
    let empty = grid.count(|cell| *cell == Cell::NoMethod);
    let ambiguous = grid.count(|cell| matches!(cell, Cell::Ambiguous(_)));
    let methods = legend.methods.iter().enumerate().map(|(at, method)| (Cell::Method(at), method.clone()));
    let others = [
        (Cell::Ambiguous(Vec::new()), format!("ambiguous: {ambiguous}")),
        (Cell::NoMethod, format!("no method: {empty}")),
    ];
    for (cell, said) in methods.chain(others) {
        let sign = format!("{:<1$}", shown(&cell, count), sign_width(count));
        let (before, after) = if is_coloured { (escape_of(&cell), "\x1b[0m") } else { (String::new(), "") };
        let _ = writeln!(text, "{before}{sign}{after} {said}");
    }
    let same = grid.rows == grid.columns;
    if grid.has_across {
        let title = if same { "down and across" } else { "across" };
        let _ = writeln!(text, "\n{title}");
        for (at, column) in grid.columns.iter().enumerate() {
            let _ = writeln!(text, "{:>numbers$} {}", at + 1, column.names(legend.short));
        }
    }
    if !same {
        text.push_str("\ndown\n");
        for (at, row) in grid.rows.iter().enumerate() {
            let _ = writeln!(text, "{:>numbers$} {}", at + 1, row.names(legend.short));
        }
    }
    text
}

/// The numbers of the columns, a line for each digit.
fn heading(columns: usize, width: usize) -> Vec<String> {
    if columns == 0 {
        return Vec::new();
    }
    let digits = columns.to_string().len();
    let line = |digit: usize| {
        let cells = (1..=columns).map(|column| {
            let number = format!("{column:>digits$}");
            format!("{:<width$}", number.chars().nth(digit).unwrap_or(' '))
        });
        cells.collect()
    };
    (0..digits).map(line).collect()
}

fn shown(cell: &Cell, count: usize) -> String {
    match cell {
        Cell::Method(method) => sign(*method, count),
        Cell::NoMethod => EMPTY.to_owned(),
        Cell::Ambiguous(_) => AMBIGUOUS.to_owned(),
    }
}

/// The terminal's words for the cell's colours.
fn escape_of(cell: &Cell) -> String {
    match cell {
        Cell::Method(method) => {
            let (red, green, blue) = colour(*method);
            // 256 colours: a cube of 6 levels each.
            let level = |byte: u8| u16::from(byte) * 5 / 255;
            let index = 16 + 36 * level(red) + 6 * level(green) + level(blue);
            format!("\x1b[30;48;5;{index}m")
        }
        Cell::NoMethod => "\x1b[90m".to_owned(),
        Cell::Ambiguous(_) => "\x1b[1;97;41m".to_owned(),
    }
}
