//! Questions as SVG: from left to right in layers, with lines between them.

use super::flow::{Flow, Question, Target};
use super::grid::Cell;
use super::matrix::{Colours, block, hatching};
use super::svg::{Svg, px, text_width};

const MARGIN: f64 = 16.0;
const HEAD: f64 = 62.0;
const ROW: f64 = 21.0;
const TEXT: f64 = 11.5;
/// Room between two layers, where the lines are.
const GAP_X: f64 = 70.0;
const GAP_Y: f64 = 16.0;
const SAMPLE: f64 = 24.0;
const MAX_TEXT: usize = 72;
/// Passes over the layers that bring each box near those that lead to it.
const SWEEPS: usize = 6;

const STYLE: &str = "\
.t{font-size:15px;font-weight:bold;fill:#111}.u{font-size:12px;fill:#555}\
.q{font-size:11.5px;font-weight:bold;fill:#fff}.b{font-size:11.5px;fill:#222}.r{font-size:11.5px;fill:#555}\
.s{fill:#222;text-anchor:middle}.e{fill:none;stroke:#68788c;stroke-width:1.2}\
.box{fill:#fff;stroke:#44546a}.head{fill:#44546a}";

/// A question's box.
#[derive(Clone, Default)]
struct Placed {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    layer: usize,
}

/// The picture. `methods` says what the results are called.
pub(crate) fn svg(flow: &Flow, (title, subtitle): (&str, &str), methods: &[String]) -> String {
    let boxes = placed(flow, methods);
    let right = boxes.iter().map(|one| one.x + one.width).fold(0.0, f64::max);
    let heading = text_width(title, 16.5).max(text_width(subtitle, 12.5)) + MARGIN;
    let bottom = boxes.iter().map(|one| one.y + one.height).fold(HEAD, f64::max);
    let mut svg = Svg::new(right.max(heading) + MARGIN, bottom + MARGIN, title, STYLE);
    hatching(&mut svg);
    svg.text((MARGIN, 26.0), &[("class", "t")], title);
    svg.text((MARGIN, 44.0), &[("class", "u")], subtitle);
    for (question, from) in flow.questions.iter().zip(&boxes) {
        for (at, branch) in question.branches.iter().enumerate() {
            if let Target::Question(next) = branch.target
                && let Some(to) = boxes.get(next)
            {
                line(&mut svg, (from.x + from.width, row_y(from, at) + ROW / 2.0), (to.x, to.y + ROW / 2.0));
            }
        }
    }
    let colours = Colours { methods: flow.methods.len(), quiet: None };
    for (question, place) in flow.questions.iter().zip(&boxes) {
        draw(&mut svg, question, place, (&colours, methods));
    }
    svg.finish()
}

fn row_y(place: &Placed, row: usize) -> f64 {
    place.y + ROW * (row + 1) as f64
}

fn line(svg: &mut Svg, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
    let bend = ((x2 - x1) / 2.0).max(24.0);
    let (start, end) = (px(x1 + bend), px(x2 - bend));
    let path = format!("M{} {}C{start} {} {end} {} {} {}", px(x1), px(y1), px(y1), px(y2), px(x2), px(y2));
    svg.shape("path", &[("class", "e"), ("d", &path)], None);
    svg.shape("circle", &[("cx", &px(x2)), ("cy", &px(y2)), ("r", "2.5"), ("fill", "#68788c")], None);
}

fn cut(text: &str) -> String {
    if text.chars().count() <= MAX_TEXT {
        return text.to_owned();
    }
    let start: String = text.chars().take(MAX_TEXT - 1).collect();
    format!("{start}\u{2026}")
}

/// What stands behind the sample of a result.
fn said(cell: &Cell, methods: &[String]) -> String {
    match cell {
        Cell::Method(method) => methods.get(*method).cloned().unwrap_or_default(),
        Cell::NoMethod => "no method".to_owned(),
        Cell::Ambiguous(_) => "ambiguous".to_owned(),
    }
}

/// Where results begin: behind the longest label.
fn label_width(question: &Question) -> f64 {
    question.branches.iter().map(|branch| text_width(&cut(&branch.label), TEXT)).fold(40.0, f64::max)
}

fn draw(svg: &mut Svg, question: &Question, place: &Placed, (colours, methods): (&Colours, &[String])) {
    let (x, y, width) = (px(place.x), px(place.y), px(place.width));
    let outline =
        [("x", x.as_str()), ("y", &y), ("width", &width), ("height", &px(place.height)), ("class", "box")];
    svg.shape("rect", &outline, None);
    let head = [("x", x.as_str()), ("y", &y), ("width", &width), ("height", &px(ROW)), ("class", "head")];
    svg.shape("rect", &head, None);
    svg.text((place.x + 8.0, place.y + 15.0), &[("class", "q")], &question.title);
    let results = place.x + 8.0 + label_width(question) + 12.0;
    for (at, branch) in question.branches.iter().enumerate() {
        let top = row_y(place, at);
        svg.titled_text((place.x + 8.0, top + 15.0), &[("class", "b")], &cut(&branch.label), &branch.names);
        if let Target::Result(cell) = &branch.target {
            let text = said(cell, methods);
            block(svg, (results, top + 3.0), (SAMPLE, ROW - 5.0), cell, colours, Some(&text));
            svg.text((results + SAMPLE + 7.0, top + 15.0), &[("class", "r")], &cut(&text));
        }
    }
}

/// Where the boxes stand: layers by the longest way from the first question, in each layer near those
/// that lead there.
fn placed(flow: &Flow, methods: &[String]) -> Vec<Placed> {
    let mut boxes: Vec<Placed> = flow.questions.iter().map(|question| sized(question, methods)).collect();
    // Questions stand behind those that lead to them.
    for (at, question) in flow.questions.iter().enumerate() {
        let layer = boxes.get(at).map_or(0, |one| one.layer) + 1;
        for branch in &question.branches {
            if let Target::Question(next) = branch.target
                && let Some(next) = boxes.get_mut(next)
            {
                next.layer = next.layer.max(layer);
            }
        }
    }
    let count = boxes.iter().map(|one| one.layer + 1).max().unwrap_or(0);
    let mut layers: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (at, one) in boxes.iter().enumerate() {
        if let Some(layer) = layers.get_mut(one.layer) {
            layer.push(at);
        }
    }
    let mut x = MARGIN;
    for layer in &layers {
        let width = layer.iter().filter_map(|at| boxes.get(*at)).map(|one| one.width).fold(0.0, f64::max);
        for at in layer {
            if let Some(one) = boxes.get_mut(*at) {
                (one.x, one.width) = (x, width);
            }
        }
        x += width + GAP_X;
        stack(layer, &mut boxes);
    }
    let leading = parents(flow);
    for _ in 0..SWEEPS {
        for layer in layers.iter_mut().skip(1) {
            let height_of = |at: usize| {
                let from = leading.get(at).map_or(&[][..], Vec::as_slice);
                let rows = from.iter().filter_map(|(parent, row)| Some(row_y(boxes.get(*parent)?, *row)));
                rows.sum::<f64>() / from.len().max(1) as f64
            };
            let mut wished: Vec<(f64, usize)> = layer.iter().map(|at| (height_of(*at), *at)).collect();
            wished.sort_by(|(a, _), (b, _)| a.total_cmp(b));
            *layer = wished.into_iter().map(|(_, at)| at).collect();
            stack(layer, &mut boxes);
        }
    }
    centre(&layers, &mut boxes);
    boxes
}

/// By question: the questions and rows that lead to it.
fn parents(flow: &Flow) -> Vec<Vec<(usize, usize)>> {
    let mut parents = vec![Vec::new(); flow.questions.len()];
    for (at, question) in flow.questions.iter().enumerate() {
        for (row, branch) in question.branches.iter().enumerate() {
            if let Target::Question(next) = branch.target
                && let Some(next) = parents.get_mut(next)
            {
                next.push((at, row));
            }
        }
    }
    parents
}

fn sized(question: &Question, methods: &[String]) -> Placed {
    let result = |target: &Target| match target {
        Target::Question(_) => 0.0,
        Target::Result(cell) => SAMPLE + 7.0 + text_width(&cut(&said(cell, methods)), TEXT),
    };
    let results = question.branches.iter().map(|branch| result(&branch.target)).fold(0.0, f64::max);
    let title = text_width(&question.title, TEXT * 1.1);
    let width = (label_width(question) + 12.0 + results).max(title) + 20.0;
    let height = ROW * (question.branches.len() + 1) as f64 + 2.0;
    Placed { width, height, ..Placed::default() }
}

/// One box under the other.
fn stack(layer: &[usize], boxes: &mut [Placed]) {
    let mut y = HEAD;
    for at in layer {
        if let Some(one) = boxes.get_mut(*at) {
            one.y = y;
            y += one.height + GAP_Y;
        }
    }
}

/// Short layers beside the middle of the longest.
fn centre(layers: &[Vec<usize>], boxes: &mut [Placed]) {
    let ends: Vec<f64> = layers
        .iter()
        .map(|layer| {
            layer.iter().filter_map(|at| boxes.get(*at)).map(|one| one.y + one.height).fold(HEAD, f64::max)
        })
        .collect();
    let longest = ends.iter().copied().fold(HEAD, f64::max);
    for (layer, end) in layers.iter().zip(ends) {
        for at in layer {
            if let Some(one) = boxes.get_mut(*at) {
                one.y += (longest - end) / 2.0;
            }
        }
    }
}
