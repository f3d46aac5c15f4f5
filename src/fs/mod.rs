//! The disk: the only door to it.
//!
//! | file | one idea |
//! |---|---|
//! | `read`, `own` | whole files, bounded; those that only their owner may have written |
//! | `publish` | new files appear whole or not at all; the crash argument |
//! | `output` | files that a build hands to its user |
//! | `pieces` | the same, made of parts of an old one and new bytes |
//! | `replace` | small files of the user, exchanged by one process at a time |
//! | `map` | immutable files as bytes; the one place with `unsafe` |
//! | `stamp` | what the system says of a file's state |
//! | `tuple` | the same as bytes that can be kept |
//! | `at` | names relative to an open directory; `at_linux` and `at_portable` are how |
//! | `plain` | paths that no link leads through, files with one name |
//! | `signal` | a file whose length counts events, seen by other processes |
//! | `lock` | files locked between processes, with a limit on waiting |
//! | `dirs` | private directories, owners, listings, removal |
//! | `host` | what the machine says: boot identity, remote file systems |
//! | `faults`, `power` | for tests: a disk that stops, fails, or loses power |

mod at;
#[cfg(target_os = "linux")]
mod at_linux;
#[cfg(any(test, not(target_os = "linux")))]
mod at_portable;
mod dirs;
pub(crate) mod faults;
mod host;
mod lock;
mod map;
mod output;
mod own;
mod pieces;
mod plain;
#[cfg(test)]
pub(crate) mod power;
mod publish;
mod read;
mod replace;
mod signal;
mod stamp;
mod tuple;

pub use at::{DirHandle, InputFile, Links, Listed, bytes_of_path, path_from_bytes};
pub use dirs::{
    Found, Measured, Owner, create_private, empty_tree, file_names, foreign_owner, identity, is_link,
    is_writable, list, list_if_dir, look_at, measure, mode, modified_unix_s, move_file, remove_empty_dir,
    remove_file, remove_tree,
};
pub use host::{boot_id, is_remote};
pub use lock::{Attempt, FileLock, LockError};
pub use map::{FileAccess, FileBytes};
pub use output::{canonical, clone_output, set_executable, write_output};
pub use own::{OwnError, read_own};
pub use pieces::{OldFile, Piece, PieceError, Written, find_pieces, write_pieces};
pub use plain::{is_plain_dir, is_plain_name};
pub use publish::{
    Durability, append, empty, patch, publish, rename_into, replace, sync_dir, sync_file, unique, write_new,
};
pub use read::{ReadError, open_to_read, read_bounded, read_range};
pub(crate) use replace::{lock_beside, replace_file};
pub(crate) use signal::EVENT;
pub use signal::Signal;
pub use stamp::FileStamp;
pub use tuple::{FileKind, StatTuple};
