//! From byte offsets to lines and columns, in constant time for any order of questions.

/// Bytes between two counts of characters.
const STRIDE_BYTES: usize = 1024;

/// The line breaks of one text, and how many characters precede every 1024th byte.
pub(in crate::frontend) struct Lines<'s> {
    text: &'s str,
    /// Offset of the first byte of each line.
    starts: Vec<u32>,
    /// Characters before byte `i * STRIDE_BYTES`; empty for ASCII, where bytes are characters.
    characters: Vec<u32>,
}

impl<'s> Lines<'s> {
    /// Reads `text` once. It must be shorter than 4 GiB, which the limit on sources ensures.
    pub(in crate::frontend) fn new(text: &'s str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(breaks.map(|(at, _)| at as u32 + 1)).collect();
        let mut characters = Vec::new();
        if !text.is_ascii() {
            let mut before = 0;
            for piece in text.as_bytes().chunks(STRIDE_BYTES) {
                characters.push(before);
                before += characters_in(piece);
            }
            characters.push(before);
        }
        Self { text, starts, characters }
    }

    /// Line and column of a byte, both from 1; the column counts characters.
    pub(in crate::frontend) fn locate(&self, offset: u32) -> (u32, u32) {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        (line as u32, self.before(offset) - self.before(start) + 1)
    }

    /// The text of a line (from 1), without its break.
    pub(in crate::frontend) fn line(&self, line: u32) -> &'s str {
        let index = (line as usize).saturating_sub(1);
        let Some(start) = self.starts.get(index) else { return "" };
        let end = self.starts.get(index + 1).map_or(self.text.len(), |next| *next as usize - 1);
        self.text.get(*start as usize..end).unwrap_or("").trim_end_matches('\r')
    }

    fn before(&self, offset: u32) -> u32 {
        let offset = (offset as usize).min(self.text.len());
        let stride = offset / STRIDE_BYTES;
        let Some(counted) = self.characters.get(stride) else { return offset as u32 };
        let rest = self.text.as_bytes().get(stride * STRIDE_BYTES..offset).unwrap_or(&[]);
        counted + characters_in(rest)
    }
}

/// How many characters begin in these bytes of UTF-8 text.
fn characters_in(bytes: &[u8]) -> u32 {
    bytes.iter().filter(|byte| (**byte & 0xC0) != 0x80).count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_count_breaks() {
        let text = format!("{}\n→ x\r\n\n", "ä".repeat(3000));
        let lines = Lines::new(&text);
        assert_eq!(lines.locate(0), (1, 1));
        assert_eq!(lines.locate(5998), (1, 3000));
        let x = text.find('x').expect("there") as u32;
        assert_eq!(lines.locate(x), (2, 3));
        assert_eq!(lines.line(2), "→ x");
        assert_eq!(lines.line(4), "");
        assert_eq!(lines.locate(text.len() as u32), (4, 1));
    }

    #[test]
    fn an_empty_text_has_one_line() {
        assert_eq!(Lines::new("").locate(0), (1, 1));
    }
}
