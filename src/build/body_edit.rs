//! Some sources were edited and declare what they declared: no table is asked for, methods stand elsewhere in the image.
//!
//! The bodies and comments of a program change more often than its declarations. A seal proves which files an edit
//! touched; where each of them alone is scanned and its outline is the one that was kept, every question of the build stays
//! what it was, and so does every table. What is left is to move places in the image, and to seal that.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::fast_path::{Reply, Sealed};
use super::frontend::Frontend;
use super::outlines::{KeptOutlines, Places};
use super::turn::Turn;
use crate::digest::ContentHasher;
use crate::fs::{self, DirHandle, Durability, FileAccess, FileBytes, Links, OldFile, Piece, write_pieces};
use crate::image::{Moves, move_places};
use crate::track::{ChangeKind, Check, Seal, Seen, Stability, Verdict, read_input_in};

/// More files are scanned by a build, which does it on all threads.
const MAX_FILES: usize = 64;
/// Larger files are not read here; which sources are too large is for the front end to say.
const MAX_SOURCE_BYTES: u64 = 64 << 20;

/// Payloads of a seal: which language, which outlines belong to it, which places are newer than those, which image.
pub(super) const LANGUAGE: &str = "language";
pub(super) const OUTLINES: &str = "outlines";
pub(super) const EDITS: &str = "edits";
pub(super) const IMAGE: &str = "image";

/// Where the functions of files stand that were edited since their outlines were kept.
type Edits = BTreeMap<String, Places>;

/// What is sealed of no edit.
pub(super) fn no_edits() -> Vec<u8> {
    postcard::to_stdvec(&Edits::new()).unwrap_or_default()
}

/// Does what a build would do after the edits that a check found; `None` where a build has to be made. A failure on the way
/// leaves the old image or the new one, and a seal that the next check finds broken in the second case.
pub(super) fn settle(
    seal_file: &Path,
    root: &Path,
    seal: &Seal<'_>,
    checked: &Check,
    frontend: &dyn Frontend,
) -> Option<Reply> {
    let Verdict::Changed { files } = &checked.verdict else { return None };
    if files.len() > MAX_FILES
        || files.iter().any(|file| file.kind != ChangeKind::Edited)
        || seal.payload(LANGUAGE)? != frontend.language().as_bytes()
    {
        return None;
    }
    let tag = u64::from_le_bytes(*seal.payload(OUTLINES)?.first_chunk()?);
    let mut edits: Edits = postcard::from_bytes(seal.payload(EDITS)?).ok()?;
    let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let outlines = KeptOutlines::read(seal_file, tag)?.find(&paths)?;
    let root = DirHandle::open(root).ok()?;
    let (mut seen, mut moves) = (Vec::with_capacity(paths.len() + 1), Moves::new());
    for path in paths {
        let known = outlines.get(path)?;
        let input = read_input_in(&root, Path::new(path), Links::Refuse, MAX_SOURCE_BYTES).ok()?;
        let outline = frontend.outline(&input.bytes)?;
        if outline.declares != known.declares || input.seen.stability != Stability::Stable {
            return None;
        }
        let before = edits.get(path).unwrap_or(&known.places);
        if *before != outline.places {
            moves.insert(path, before.iter().copied().zip(outline.places.iter().copied()).collect());
            edits.insert(path.to_owned(), outline.places);
        }
        seen.push((path, input.seen));
    }
    let reply = Sealed::reply(seal)?;
    if moves.is_empty() {
        keep(seal_file, seal, checked, &seen, &edits)?;
        return Some(reply);
    }
    let image = std::str::from_utf8(seal.payload(IMAGE)?).ok().filter(|path| !path.is_empty())?;
    let stdout = reply.stdout_moved.clone()?;
    // Until the seal knows the new image: in between, nobody else may write one of older sources.
    let _turn = Turn::try_take(seal_file.parent()?.parent()?, Path::new(image))?;
    seen.push((image, move_image(Path::new(image), seal, checked, &moves)?));
    keep(seal_file, seal, checked, &seen, &edits)?;
    Some(Reply { stdout, ..reply })
}

fn keep(
    seal_file: &Path,
    seal: &Seal<'_>,
    checked: &Check,
    seen: &[(&str, Seen)],
    edits: &Edits,
) -> Option<()> {
    let edits = postcard::to_stdvec(edits).ok()?;
    let amended = checked.amend(seal, seen, &[(EDITS, &edits)])?.ok()?;
    fs::replace(seal_file, &amended, Durability::Rename).ok()
}

/// Writes the image anew with its places moved. The mapped bytes are those that were sealed: the tuple is taken after they
/// were mapped, and no file gets the tuple of another.
fn move_image(path: &Path, seal: &Seal<'_>, checked: &Check, moves: &Moves<'_>) -> Option<Seen> {
    let mapped = FileBytes::open(path, FileAccess::Map).ok()?;
    let old = OldFile::open(path).ok()?;
    if checked.proved_tuple(seal, path)? != *old.tuple() {
        return None;
    }
    let bytes = mapped.mapped()?;
    let other = move_places(bytes, moves).ok()?;
    let (mut pieces, mut content) = (Vec::with_capacity(5), Vec::with_capacity(5));
    let mut from = 0;
    for (at, piece) in other.pieces() {
        pieces.extend([Piece::Old(from as u64..at as u64), Piece::New(piece)]);
        content.extend([bytes.get(from..at)?, piece]);
        from = at + piece.len();
    }
    pieces.push(Piece::Old(from as u64..bytes.len() as u64));
    content.push(bytes.get(from..)?);
    let (written, digest) = std::thread::scope(|scope| {
        let digest = scope.spawn(|| {
            let mut hasher = ContentHasher::default();
            for piece in content {
                hasher.update(piece);
            }
            hasher.digest()
        });
        (write_pieces(path, &pieces, Some(&old)), digest.join())
    });
    Some(Seen { tuple: written.ok()?.tuple, digest: digest.ok()?, stability: Stability::Stable })
}
