//! What to look for below a root.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Which files a scan finds, as a value that can be kept and used again.
///
/// Whatever it says, hidden names and what ignore files name are left out, and links are not followed.
///
/// ```
/// use janus_cache::track::Selection;
///
/// let selection = Selection {
///     extensions: vec!["jan".to_owned()],
///     excluded: vec!["build".into()],
///     left_out_folders: vec!["node_modules".to_owned()],
/// };
/// assert!(selection.selects("shape.jan".as_ref()));
/// assert!(!selection.selects("shape.o".as_ref()));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// File name extensions without the dot; a file has to have one of them. Case counts.
    pub extensions: Vec<String>,
    /// Files and trees that are left out: root-relative, or absolute with the root as it is given to the
    /// scan. One that lies elsewhere leaves nothing out.
    pub excluded: Vec<PathBuf>,
    /// Names of folders that are left out wherever they stand.
    pub left_out_folders: Vec<String>,
}

impl Selection {
    /// Whether a file of that name is looked for.
    pub fn selects(&self, name: &OsStr) -> bool {
        let extension = Path::new(name).extension();
        extension.is_some_and(|found| self.extensions.iter().any(|wanted| found == wanted.as_str()))
    }

    /// Whether a folder of that name is never entered.
    pub(super) fn leaves_out_folder(&self, name: &OsStr) -> bool {
        self.left_out_folders.iter().any(|left_out| name == left_out.as_str())
    }

    /// The same selection with every path relative to `root`, and in an order that does not depend on who
    /// wrote it; so it means the same where the tree is moved to.
    #[must_use]
    pub fn relative_to(&self, root: &Path) -> Self {
        let below = |path: &PathBuf| {
            let inside = if path.is_absolute() { path.strip_prefix(root).ok()? } else { path };
            // Takes a leading `./` and doubled separators away.
            Some(inside.components().filter(|part| *part != std::path::Component::CurDir).collect())
        };
        let mut excluded: Vec<PathBuf> = self.excluded.iter().filter_map(below).collect();
        let (mut extensions, mut left_out_folders) = (self.extensions.clone(), self.left_out_folders.clone());
        excluded.sort_unstable();
        excluded.dedup();
        for words in [&mut extensions, &mut left_out_folders] {
            words.sort_unstable();
            words.dedup();
        }
        Self { extensions, excluded, left_out_folders }
    }

    /// Its bytes: three lists, each with its count, each word with its length.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut list = |words: &mut dyn ExactSizeIterator<Item = std::borrow::Cow<'_, [u8]>>| {
            bytes.extend_from_slice(&(words.len() as u32).to_le_bytes());
            for word in words {
                bytes.extend_from_slice(&(word.len() as u32).to_le_bytes());
                bytes.extend_from_slice(&word);
            }
        };
        list(&mut self.extensions.iter().map(|word| word.as_bytes().into()));
        list(&mut self.excluded.iter().map(|path| crate::fs::bytes_of_path(path)));
        list(&mut self.left_out_folders.iter().map(|word| word.as_bytes().into()));
        bytes
    }

    /// The selection of some bytes; `None` where they are not exactly one.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let text = |word: &[u8]| String::from_utf8(word.to_vec()).ok();
        let (extensions, rest) = words(bytes)?;
        let (excluded, rest) = words(rest)?;
        let (left_out_folders, rest) = words(rest)?;
        rest.is_empty().then_some(())?;
        let path = |word: &[u8]| crate::fs::path_from_bytes(word).map(Path::to_owned);
        Some(Self {
            extensions: extensions.into_iter().map(text).collect::<Option<_>>()?,
            excluded: excluded.into_iter().map(path).collect::<Option<_>>()?,
            left_out_folders: left_out_folders.into_iter().map(text).collect::<Option<_>>()?,
        })
    }
}

/// One list from the front of `bytes`, and what comes after it.
fn words(bytes: &[u8]) -> Option<(Vec<&[u8]>, &[u8])> {
    let (count, mut rest) = number(bytes)?;
    // Each word takes four bytes at least, so a count is never worth more memory than there are bytes.
    if count > rest.len() / 4 {
        return None;
    }
    let mut words = Vec::with_capacity(count);
    for _ in 0..count {
        let (len_bytes, after) = number(rest)?;
        let (word, after) = after.split_at_checked(len_bytes)?;
        words.push(word);
        rest = after;
    }
    Some((words, rest))
}

fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*number) as usize, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection() -> Selection {
        Selection {
            extensions: vec!["jan".to_owned(), "toml".to_owned()],
            excluded: vec!["/r/./build//x".into(), "./a".into(), "/elsewhere".into(), "a".into()],
            left_out_folders: vec!["zig-out".to_owned()],
        }
    }

    #[test]
    fn a_selection_comes_back_from_its_bytes_and_from_nothing_else() {
        let selection = selection();
        let bytes = selection.to_bytes();
        assert_eq!(Selection::from_bytes(&bytes), Some(selection));
        for cut in 0..bytes.len() {
            assert_eq!(Selection::from_bytes(&bytes[..cut]), None, "cut at {cut}");
        }
        let longer: Vec<u8> = bytes.iter().copied().chain([0]).collect();
        assert_eq!(Selection::from_bytes(&longer), None);
        assert_eq!(Selection::from_bytes(&[255; 64]), None);
    }

    #[test]
    fn excluded_paths_are_taken_relative_to_the_root() {
        let relative = selection().relative_to(Path::new("/r"));
        assert_eq!(relative.excluded, [PathBuf::from("a"), PathBuf::from("build/x")]);
    }
}
