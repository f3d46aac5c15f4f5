//! A grid as SVG.

use super::blocks::Legend;
use super::grid::{Cell, Grid, Group};
use super::palette::{hex, sign, sign_width};
use super::svg::{Svg, px, text_width};

const LABEL_SIZE: f64 = 11.0;
const LEGEND_SIZE: f64 = 12.0;
const LEGEND_LINE: f64 = 20.0;
const MARGIN: f64 = 16.0;
const HEAD: f64 = 46.0;
/// Labels longer than this are cut; the whole names are shown under the pointer.
const MAX_LABEL: usize = 32;

const QUIET: &str = "#dfe7ee";

const STYLE: &str = "\
.l{font-size:11px;fill:#333}.s{fill:#222;text-anchor:middle;pointer-events:none}\
.t{font-size:15px;font-weight:bold;fill:#111}.u{font-size:12px;fill:#555}.g{font-size:12px;fill:#222}\
.h rect:hover{stroke:#000;stroke-width:1.5}";

/// What stands above the picture.
pub(crate) struct Heading {
    pub(crate) title: String,
    pub(crate) subtitle: String,
}

/// Where things stand.
struct Plan {
    cell: f64,
    left: f64,
    top: f64,
}

/// The picture: cells with who wins, what they mean under the pointer, and a legend.
pub(crate) fn svg(grid: &Grid, heading: &Heading, legend: &Legend<'_>) -> String {
    let labels = |groups: &[Group]| -> Vec<String> {
        groups.iter().map(|group| cut(&group.label(legend.short))).collect()
    };
    let rows = labels(&grid.rows);
    let columns = if grid.has_across { labels(&grid.columns) } else { Vec::new() };
    let longest =
        |labels: &[String]| labels.iter().map(|label| text_width(label, LABEL_SIZE)).fold(0.0, f64::max);
    let cell = match rows.len().max(columns.len()) {
        0..=12 => 26.0,
        13..=30 => 20.0,
        31..=60 => 16.0,
        _ => 13.0,
    };
    // Column labels lean to the right by 60 degrees.
    let (lean_x, lean_y) = (0.5, 0.866);
    let plan =
        Plan { cell, left: MARGIN + longest(&rows) + 10.0, top: HEAD + longest(&columns) * lean_y + 16.0 };
    let grid_width = plan.left + cell * grid.columns.len() as f64;
    let grid_height = plan.top + cell * rows.len() as f64;
    let colours = Colours::of(grid);
    let entries = legend_entries(grid, legend);
    let entry_width =
        entries.iter().map(|(text, _)| text_width(text, LEGEND_SIZE)).fold(0.0, f64::max) + 50.0;
    let heading_width = text_width(&heading.title, 16.5).max(text_width(&heading.subtitle, LEGEND_SIZE));
    let width = (grid_width + longest(&columns) * lean_x).max(entry_width).max(heading_width) + 2.0 * MARGIN;
    // As many columns of the legend as the width has room for, filled from top to bottom.
    #[expect(clippy::cast_sign_loss, reason = "both widths are positive")]
    let legend_columns = ((width - 2.0 * MARGIN) / entry_width).floor().max(1.0) as usize;
    let legend_lines = entries.len().div_ceil(legend_columns);
    let legend_top = grid_height + 30.0;
    let height = legend_top + LEGEND_LINE * legend_lines as f64 + MARGIN;

    let mut svg = Svg::new(width, height, &heading.title, STYLE);
    hatching(&mut svg);
    svg.text((MARGIN, 26.0), &[("class", "t")], &heading.title);
    svg.text((MARGIN, 44.0), &[("class", "u")], &heading.subtitle);
    for (at, (label, group)) in columns.iter().zip(&grid.columns).enumerate() {
        let x = plan.left + cell * (at as f64 + 0.5) + 3.0;
        column_label(&mut svg, (x, plan.top - 6.0), label, &group.names(legend.short));
    }
    for (at, (label, group)) in rows.iter().zip(&grid.rows).enumerate() {
        let y = plan.top + cell * (at as f64 + 0.5) + LABEL_SIZE * 0.36;
        row_label(&mut svg, (plan.left - 6.0, y), label, &group.names(legend.short));
    }
    cells(&mut svg, grid, &plan, (legend, &colours));
    for (at, (text, cell)) in entries.iter().enumerate() {
        let (column, line) = (at / legend_lines.max(1), at % legend_lines.max(1));
        let x = MARGIN + entry_width * column as f64;
        let y = legend_top + LEGEND_LINE * line as f64;
        block(&mut svg, (x, y), (26.0, 16.0), cell, &colours, None);
        svg.text((x + 34.0, y + 12.5), &[("class", "g")], text);
    }
    svg.finish()
}

fn cut(label: &str) -> String {
    let letters = label.chars().count();
    if letters <= MAX_LABEL {
        return label.to_owned();
    }
    // The end tells relatives apart better than the beginning does.
    let end: String = label.chars().skip(letters - MAX_LABEL + 1).collect();
    format!("\u{2026}{end}")
}

/// Thin red lines on white: seen without colour, too.
pub(super) fn hatching(svg: &mut Svg) {
    svg.open("defs", &[]);
    let pattern = [
        ("id", "hatch"),
        ("width", "6"),
        ("height", "6"),
        ("patternUnits", "userSpaceOnUse"),
        ("patternTransform", "rotate(45)"),
    ];
    svg.open("pattern", &pattern);
    svg.shape("rect", &[("width", "6"), ("height", "6"), ("fill", "#fff")], None);
    svg.shape("rect", &[("width", "3"), ("height", "6"), ("fill", "#d22")], None);
    svg.close();
    svg.close();
}

fn column_label(svg: &mut Svg, (x, y): (f64, f64), label: &str, names: &str) {
    let turn = format!("rotate(-60 {} {})", px(x), px(y));
    svg.titled_text((x, y), &[("class", "l"), ("transform", &turn)], label, names);
}

fn row_label(svg: &mut Svg, at: (f64, f64), label: &str, names: &str) {
    svg.titled_text(at, &[("class", "l"), ("text-anchor", "end")], label, names);
}

/// The colours of a picture's methods.
pub(super) struct Colours {
    pub(super) methods: usize,
    /// A method that answers so much that its colour would hide the others; it is nearly white.
    pub(super) quiet: Option<usize>,
}

impl Colours {
    fn of(grid: &Grid) -> Self {
        let methods = grid.methods.len();
        let cells = grid.cells.iter().map(Vec::len).sum::<usize>();
        let count = |method: &usize| {
            let lines = grid.cells.iter().flatten();
            lines.filter(|cell| **cell == Cell::Method(*method)).count()
        };
        let quiet = (0..methods).max_by_key(count).filter(|method| methods > 3 && count(method) * 3 > cells);
        Self { methods, quiet }
    }

    fn hex(&self, method: usize) -> String {
        if self.quiet == Some(method) { QUIET.to_owned() } else { hex(method) }
    }
}

fn cells(svg: &mut Svg, grid: &Grid, plan: &Plan, (legend, colours): (&Legend<'_>, &Colours)) {
    svg.open("g", &[("class", "h")]);
    for (row, (group, line)) in grid.rows.iter().zip(&grid.cells).enumerate() {
        let down = group.label(legend.short);
        for (column, (group, cell)) in grid.columns.iter().zip(line).enumerate() {
            let x = plan.left + plan.cell * column as f64;
            let y = plan.top + plan.cell * row as f64;
            let call = if grid.has_across {
                format!("({down}, {})", group.label(legend.short))
            } else {
                format!("({down})")
            };
            let title = format!("{call}: {}", said(cell, legend));
            let size = plan.cell - 1.0;
            block(svg, (x, y), (size, size), cell, colours, Some(&title));
        }
    }
    svg.close();
}

fn said(cell: &Cell, legend: &Legend<'_>) -> String {
    let line = |method: &usize| legend.methods.get(*method).map_or("", String::as_str);
    match cell {
        Cell::Method(method) => line(method).to_owned(),
        Cell::NoMethod => "no method".to_owned(),
        Cell::Ambiguous(among) => {
            let among: Vec<&str> = among.iter().map(line).collect();
            format!("ambiguous between\n{}", among.join("\n"))
        }
    }
}

/// A cell, or the sample of it in the legend.
pub(super) fn block(
    svg: &mut Svg,
    (x, y): (f64, f64),
    (width, height): (f64, f64),
    cell: &Cell,
    colours: &Colours,
    title: Option<&str>,
) {
    let fill = match cell {
        Cell::Method(method) => colours.hex(*method),
        Cell::NoMethod => "#f6f6f6".to_owned(),
        Cell::Ambiguous(_) => "url(#hatch)".to_owned(),
    };
    let (left, top, wide, high) = (px(x), px(y), px(width), px(height));
    let place = [("x", left.as_str()), ("y", &top), ("width", &wide), ("height", &high), ("fill", &fill)];
    svg.shape("rect", &place, title);
    let sign = match cell {
        Cell::Method(method) => sign(*method, colours.methods),
        Cell::NoMethod => "\u{b7}".to_owned(),
        Cell::Ambiguous(_) => return,
    };
    let size = (height * 0.62).min(width * 1.4 / sign_width(colours.methods) as f64).min(12.0);
    let size = px(size);
    let middle = (x + width / 2.0, y + height * 0.5 + 4.0 * (height / 19.0).min(1.05));
    svg.text(middle, &[("class", "s"), ("font-size", &size)], &sign);
}

/// What each colour means, with a sample.
fn legend_entries(grid: &Grid, legend: &Legend<'_>) -> Vec<(String, Cell)> {
    let methods = legend.methods.iter().enumerate();
    let mut entries: Vec<(String, Cell)> =
        methods.map(|(at, method)| (method.clone(), Cell::Method(at))).collect();
    let ambiguous = grid.count(|cell| matches!(cell, Cell::Ambiguous(_)));
    entries.push((format!("ambiguous: {ambiguous}"), Cell::Ambiguous(Vec::new())));
    let empty = grid.count(|cell| *cell == Cell::NoMethod);
    entries.push((format!("no method: {empty}"), Cell::NoMethod));
    entries
}
