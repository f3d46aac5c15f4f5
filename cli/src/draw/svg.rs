//! A writer of SVG that escapes what it is given.

use std::fmt::Write as _;

/// A picture in the making.
pub(super) struct Svg {
    text: String,
    open: Vec<&'static str>,
}

/// Letters are about this wide in our fonts, as a share of their height.
const LETTER_WIDTH: f64 = 0.58;

/// About how wide a text is, in pixels.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * LETTER_WIDTH
}

/// Text as it may stand in XML; what XML cannot hold becomes the replacement character.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(letter),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => {
                escaped.push('\u{fffd}');
            }
            letter => escaped.push(letter),
        }
    }
    escaped
}

impl Svg {
    /// A picture of this size on white, with a title and a style sheet.
    pub(super) fn new(width: f64, height: f64, title: &str, style: &str) -> Self {
        let (width, height) = (width.ceil(), height.ceil());
        let mut text = String::new();
        let _ = writeln!(
            text,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"'DejaVu Sans', Verdana, sans-serif\">"
        );
        let _ = writeln!(text, "<title>{}</title>", escape(title));
        let _ = writeln!(text, "<style>{}</style>", escape(style));
        let _ = writeln!(text, "<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>");
        Self { text, open: vec!["svg"] }
    }

    fn attributes(&mut self, attributes: &[(&str, &str)]) {
        for (name, value) in attributes {
            let _ = write!(self.text, " {name}=\"{}\"", escape(value));
        }
    }

    /// Begins an element; [`Svg::close`] ends it.
    pub(super) fn open(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        let _ = write!(self.text, "<{name}");
        self.attributes(attributes);
        self.text.push_str(">\n");
        self.open.push(name);
    }

    /// Ends the element that was begun last.
    pub(super) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            let _ = writeln!(self.text, "</{name}>");
        }
    }

    /// An element with nothing in it, or with a title that is shown under the pointer.
    pub(super) fn shape(&mut self, name: &str, attributes: &[(&str, &str)], title: Option<&str>) {
        let _ = write!(self.text, "<{name}");
        self.attributes(attributes);
        match title {
            Some(title) => {
                let _ = writeln!(self.text, "><title>{}</title></{name}>", escape(title));
            }
            None => self.text.push_str("/>\n"),
        }
    }

    /// A line of text.
    pub(super) fn text(&mut self, (x, y): (f64, f64), attributes: &[(&str, &str)], content: &str) {
        let _ = write!(self.text, "<text x=\"{x:.1}\" y=\"{y:.1}\"");
        self.attributes(attributes);
        let _ = writeln!(self.text, ">{}</text>", escape(content));
    }

    /// A line of text with a title that is shown under the pointer.
    pub(super) fn titled_text(
        &mut self,
        (x, y): (f64, f64),
        attributes: &[(&str, &str)],
        content: &str,
        title: &str,
    ) {
        let _ = write!(self.text, "<text x=\"{x:.1}\" y=\"{y:.1}\"");
        self.attributes(attributes);
        let _ = writeln!(self.text, "><title>{}</title>{}</text>", escape(title), escape(content));
    }

    /// The picture.
    pub(super) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }
}

/// A number as attributes have it.
pub(super) fn px(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_break_xml_is_escaped_and_every_element_is_closed() {
        let mut svg = Svg::new(9.5, 8.0, "a < b & \"c\"", "text { fill: red }");
        svg.open("g", &[("data-name", "\"<>&'")]);
        svg.text((1.0, 2.0), &[], "\u{1}</text>");
        let text = svg.finish();
        assert!(text.contains("<title>a &lt; b &amp; &quot;c&quot;</title>"), "{text}");
        assert!(text.contains("data-name=\"&quot;&lt;&gt;&amp;'\""), "{text}");
        assert!(text.contains("\u{fffd}&lt;/text&gt;</text>"), "{text}");
        assert!(text.ends_with("</g>\n</svg>\n"), "{text}");
        assert!(text.contains("width=\"10\""), "{text}");
    }

    #[test]
    fn whole_pixels_have_no_fraction() {
        assert_eq!([px(3.0), px(-0.25), px(10.04)], ["3", "-0.2", "10"]);
    }
}
