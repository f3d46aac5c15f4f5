//! File systems that are mounted below a root. What changes there, another machine may have changed, or somebody in
//! another place where it is mounted, too; no watcher is told reliably.

use std::path::{Path, PathBuf};

/// Whether anything is mounted below `root`, other than in `unwatched`. False where the system does not say.
pub(super) fn is_any_below(root: &Path, unwatched: &[PathBuf]) -> bool {
    // Its lines are made when they are read: some microseconds each.
    std::fs::read("/proc/self/mountinfo").is_ok_and(|table| is_any_of(&table, root, unwatched))
}

fn is_any_of(table: &[u8], root: &Path, unwatched: &[PathBuf]) -> bool {
    table.split(|byte| *byte == b'\n').filter_map(|line| line.split(|byte| *byte == b' ').nth(4)).any(
        |point| {
            let point = unescaped(point);
            let point = path_of(&point);
            point != root && point.starts_with(root) && !unwatched.iter().any(|out| point.starts_with(out))
        },
    )
}

fn path_of(bytes: &[u8]) -> &Path {
    use std::os::unix::ffi::OsStrExt as _;
    Path::new(std::ffi::OsStr::from_bytes(bytes))
}

/// Blanks and the like stand there as a backslash with three octal digits.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let octal = after.first_chunk::<3>().filter(|_| *first == b'\\').and_then(|digits| {
            digits.iter().try_fold(0_u32, |number, digit| Some(number * 8 + char::from(*digit).to_digit(8)?))
        });
        if let Some(byte) = octal.and_then(|byte| u8::try_from(byte).ok()) {
            plain.push(byte);
            rest = after.get(3..).unwrap_or_default();
        } else {
            plain.push(*first);
            rest = after;
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_mounted_below_the_root_and_not_left_out_counts() {
        let table = b"36 35 98:0 / / rw - ext4 a rw\n37 36 0:5 / /home/me rw - ext4 b rw\n\
                      38 36 0:6 /x /home/me/my\\040game/sub rw,noatime master:1 - nfs c rw\n";
        let below = |root: &str, out: &[PathBuf]| is_any_of(table, Path::new(root), out);
        assert!(below("/home/me/my game", &[]));
        assert!(below("/home", &[]));
        assert!(!below("/home/me/my game", &["/home/me/my game/sub".into()]));
        assert!(!below("/home/me/my game/sub", &[]), "the root itself");
        assert!(!below("/home/me/my", &[]));
        assert!(!below("/home/me/my game/su", &[]));
    }

    #[test]
    fn broken_lines_and_escapes_are_no_mounts() {
        assert!(!is_any_of(b"\n1 2 3\n\\", Path::new("/r"), &[]));
        assert_eq!(unescaped(b"a\\040b\\9c\\777\\04"), b"a b\\9c\\777\\04");
    }
}
