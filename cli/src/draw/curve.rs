//! Hit ratios over the size of a cache, a curve for each policy.

use super::svg::{Svg, px, text_width};
use crate::human;

/// One policy.
pub(crate) struct Curve {
    pub(crate) name: &'static str,
    /// Sizes in bytes, rising, and the share of hits from 0 to 1.
    pub(crate) points: Vec<(u64, f64)>,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 452.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 96.0;
const BOTTOM: f64 = 56.0;
const STYLE: &str = "text { font-size: 12px; fill: #222 } .title { font-size: 14px } \
    .grid { stroke: #ddd } .now { stroke: #888; stroke-dasharray: 4 4 } polyline { fill: none; stroke-width: 2.5 }";
/// Told apart by eyes that see no red or green, too; the second one is dashed.
const STROKES: [(&str, &str); 2] = [("#0b5fa5", "none"), ("#c45a00", "8 4")];

/// The picture. Sizes stand on a logarithmic scale; `limit_bytes` is marked where it lies within.
pub(crate) fn svg(curves: &[Curve], limit_bytes: u64, title: &str) -> String {
    let mut svg = Svg::new(WIDTH, HEIGHT, title, STYLE);
    svg.text((LEFT, 22.0), &[("class", "title")], "hits by size limit");
    svg.text((LEFT, 42.0), &[], title);
    let sizes = || curves.iter().flat_map(|curve| curve.points.iter().map(|(bytes, _)| *bytes));
    let (Some(least), Some(most)) = (sizes().min(), sizes().max()) else { return svg.finish() };
    let log = |bytes: u64| (bytes.max(1) as f64).log2();
    let span = (log(most) - log(least)).max(f64::MIN_POSITIVE);
    let x = |bytes: u64| LEFT + (log(bytes) - log(least)) / span * (WIDTH - LEFT - RIGHT);
    let y = |ratio: f64| HEIGHT - BOTTOM - ratio * (HEIGHT - TOP - BOTTOM);
    let line = |svg: &mut Svg, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)| {
        let (x1, y1, x2, y2) = (px(x1), px(y1), px(x2), px(y2));
        svg.shape("line", &[("class", class), ("x1", &x1), ("y1", &y1), ("x2", &x2), ("y2", &y2)], None);
    };
    for percent in [0, 25, 50, 75, 100] {
        let at = y(f64::from(percent) / 100.0);
        line(&mut svg, "grid", (LEFT, at), (WIDTH - RIGHT, at));
        svg.text((LEFT - 8.0, at + 4.0), &[("text-anchor", "end")], &format!("{percent} %"));
    }
    let mut free_from = f64::MIN;
    let mut marks: Vec<u64> = sizes().collect();
    marks.sort_unstable();
    marks.dedup();
    for bytes in marks {
        let (at, label) = (x(bytes), human::bytes(bytes));
        let half = text_width(&label, 12.0) / 2.0;
        // The last mark keeps inside the picture.
        let middle = at.min(WIDTH - half - 4.0);
        line(&mut svg, "grid", (at, y(0.0)), (at, y(0.0) + 5.0));
        if middle - half > free_from {
            svg.text((middle, y(0.0) + 20.0), &[("text-anchor", "middle")], &label);
            free_from = middle + half + 8.0;
        }
    }
    svg.text((LEFT, HEIGHT - 10.0), &[], "size limit");
    if (least..=most).contains(&limit_bytes) {
        line(&mut svg, "now", (x(limit_bytes), y(0.0)), (x(limit_bytes), y(1.0)));
        svg.text((x(limit_bytes) - 6.0, y(1.0) - 6.0), &[("text-anchor", "end")], "limit of now");
    }
    let mut legend_at = LEFT;
    for (curve, (stroke, dashes)) in curves.iter().zip(STROKES.iter().cycle()) {
        let points: Vec<String> = curve
            .points
            .iter()
            .map(|(bytes, ratio)| format!("{},{}", px(x(*bytes)), px(y(*ratio))))
            .collect();
        let look = [("stroke", *stroke), ("stroke-dasharray", *dashes)];
        svg.shape("polyline", &[("points", points.join(" ").as_str()), look[0], look[1]], Some(curve.name));
        for (bytes, ratio) in &curve.points {
            let (cx, cy) = (px(x(*bytes)), px(y(*ratio)));
            let title = format!("{}, {}: {}", curve.name, human::bytes(*bytes), human::percent(Some(*ratio)));
            svg.shape("circle", &[("cx", &cx), ("cy", &cy), ("r", "3.5"), ("fill", stroke)], Some(&title));
        }
        let (from, to) = (px(legend_at), px(legend_at + 28.0));
        svg.shape("polyline", &[("points", &format!("{from},62 {to},62")), look[0], look[1]], None);
        svg.text((legend_at + 34.0, 66.0), &[], curve.name);
        legend_at += 34.0 + text_width(curve.name, 12.0) + 24.0;
    }
    svg.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_rises_from_left_to_right_and_says_its_numbers() {
        let lru = Curve { name: "lru", points: vec![(1 << 10, 0.0), (1 << 15, 0.5), (1 << 20, 1.0)] };
        let value = Curve { name: "value", points: vec![(1 << 10, 0.25), (1 << 20, 1.0)] };
        let text = svg(&[lru, value], 1 << 15, "a title");
        assert!(text.contains("points=\"64,396 380,246 696,96\""), "{text}");
        assert!(text.contains("points=\"64,321 696,96\""), "{text}");
        assert!(text.contains("<title>lru, 32.8 kB: 50.0 %</title>"), "{text}");
        assert!(text.contains(">limit of now</text>"), "{text}");
    }

    #[test]
    fn nothing_to_draw_is_an_empty_picture_and_one_size_a_point() {
        assert!(svg(&[], 1, "a title").ends_with("</svg>\n"));
        let one = Curve { name: "lru", points: vec![(1000, 0.5)] };
        let text = svg(&[one], 5, "a title");
        assert!(text.contains("<circle cx=\"64\""), "{text}");
        assert!(!text.contains("NaN") && !text.contains("limit of now"), "{text}");
    }
}
