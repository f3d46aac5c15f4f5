//! A letter and a colour for each method, so that either is enough.

const LETTERS: &[u8; 52] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// How many letters the signs of so many methods need.
pub(crate) const fn sign_width(methods: usize) -> usize {
    match methods {
        0..=52 => 1,
        53..=2704 => 2,
        _ => 3,
    }
}

/// The sign of a method: one letter, or more where there are more methods than letters.
pub(crate) fn sign(method: usize, methods: usize) -> String {
    let mut rest = method;
    let mut letters = Vec::new();
    for _ in 0..sign_width(methods) {
        letters.push(LETTERS.get(rest % LETTERS.len()).map_or('?', |letter| char::from(*letter)));
        rest /= LETTERS.len();
    }
    letters.iter().rev().collect()
}

/// Red, green and blue. Neighbours in number are far apart in hue; all are light enough for black
/// letters.
pub(crate) fn colour(method: usize) -> (u8, u8, u8) {
    // The golden angle never comes near an earlier hue before it has to.
    let hue = (205.0 + method as f64 * 137.508) % 360.0;
    let (saturation, lightness) = match method % 3 {
        0 => (0.62, 0.74),
        1 => (0.70, 0.82),
        _ => (0.48, 0.66),
    };
    from_hsl(hue, saturation, lightness)
}

/// `#rrggbb`.
pub(crate) fn hex(method: usize) -> String {
    let (red, green, blue) = colour(method);
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn from_hsl(hue: f64, saturation: f64, lightness: f64) -> (u8, u8, u8) {
    let chroma = (1.0 - (2.0 * lightness - 1.0).abs()) * saturation;
    let second = chroma * (1.0 - ((hue / 60.0) % 2.0 - 1.0).abs());
    let (red, green, blue) = match hue {
        ..60.0 => (chroma, second, 0.0),
        ..120.0 => (second, chroma, 0.0),
        ..180.0 => (0.0, chroma, second),
        ..240.0 => (0.0, second, chroma),
        ..300.0 => (second, 0.0, chroma),
        _ => (chroma, 0.0, second),
    };
    let base = lightness - chroma / 2.0;
    #[expect(clippy::cast_sign_loss, reason = "shares of 255 are between 0 and 255")]
    let byte = |share: f64| ((share + base).clamp(0.0, 1.0) * 255.0).round() as u8;
    (byte(red), byte(green), byte(blue))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_differ_for_as_many_methods_as_there_are() {
        assert_eq!(
            (sign(0, 3), sign(51, 52), sign(52, 53), sign(0, 53)),
            ("a".into(), "Z".into(), "ba".into(), "aa".into())
        );
        let mut all: Vec<String> = (0..3000).map(|method| sign(method, 3000)).collect();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 3000);
    }

    #[test]
    fn every_colour_is_light_enough_for_black_letters() {
        for method in 0..500 {
            let (red, green, blue) = colour(method);
            let light = 0.2126 * f64::from(red) + 0.7152 * f64::from(green) + 0.0722 * f64::from(blue);
            assert!(light > 100.0, "{method}: {light}");
        }
    }
}
