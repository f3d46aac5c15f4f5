//! What the model of a disk promises itself.

use std::path::Path;

use super::log::{Log, Tree, answers, read_tree};
use super::random::Random;
use crate::fs::{self, Durability, faults};

/// States of what `act` did, after its last step.
fn left_by(act: impl FnOnce(&Path)) -> (Log, Vec<Tree>) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(dir.path().join("old"), b"old").expect("written");
    let recording = faults::record(dir.path());
    act(dir.path());
    let log = recording.end();
    assert_eq!(log.end_tree(), read_tree(dir.path()), "the model and the disk differ");
    let states = log.states(log.steps(), 5000, 7).into_iter().map(|left| left.tree).collect();
    (log, states)
}

fn content_of<'a>(tree: &'a Tree, name: &str) -> Option<&'a [u8]> {
    tree.get(Path::new(name)).map(|content| content.as_deref().expect("a file"))
}

#[test]
fn what_was_not_synced_may_be_there_whole_torn_or_gone_and_its_name_apart_from_it() {
    let (_, states) = left_by(|root| {
        let target = root.join("new");
        fs::publish(&root.join("tmp"), &target, b"123456", Durability::Rename).expect("published");
    });
    let some = |wanted: Option<&[u8]>| states.iter().any(|tree| content_of(tree, "new") == wanted);
    assert!(some(None) && some(Some(b"123456")) && some(Some(b"")) && some(Some(b"123")));
    assert!(some(Some(b"\x00\x00\x00456")), "the second write alone");
    assert!(states.iter().any(|tree| content_of(tree, "tmp").is_some()), "the old name stays");
    let both = |tree: &Tree| content_of(tree, "tmp").is_some() && content_of(tree, "new").is_some();
    assert!(states.iter().any(both), "one folder entry came, the other did not go");
}

#[test]
fn what_was_synced_is_there_in_every_state() {
    let (_, states) = left_by(|root| {
        let target = root.join("new");
        fs::publish(&root.join("tmp"), &target, b"123456", Durability::Sync).expect("published");
    });
    assert!(states.iter().all(|tree| content_of(tree, "new") == Some(b"123456")));
    assert!(states.iter().all(|tree| content_of(tree, "old") == Some(b"old")));
}

#[test]
fn syncing_a_file_does_not_save_its_name_nor_a_folder_its_files() {
    let (_, states) = left_by(|root| {
        fs::write_new(&root.join("a"), b"1", Durability::Sync).expect("written");
        fs::create_private(&root.join("d/e")).expect("made");
        fs::write_new(&root.join("d/e/f"), b"2", Durability::Rename).expect("written");
        fs::sync_dir(&root.join("d/e")).expect("synced");
    });
    let found = |name| states.iter().map(move |tree| content_of(tree, name));
    assert!(found("a").any(|content| content.is_none()), "the file is safe, its name is not");
    assert!(found("d/e/f").any(|content| content.is_none()), "a folder above is not safe");
    assert!(found("d/e/f").any(|content| content == Some(b"")));
}

#[test]
fn a_removal_may_come_undone_and_a_replacement_is_old_or_new() {
    let (_, states) = left_by(|root| {
        fs::replace(&root.join("old"), b"new", Durability::Sync).expect("replaced");
        fs::remove_file(&root.join("old")).expect("removed");
    });
    let contents: std::collections::BTreeSet<_> = states.iter().map(|tree| content_of(tree, "old")).collect();
    assert_eq!(contents, [None, Some(&b"new"[..])].into());
    let dir = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(dir.path().join("old"), b"old").expect("written");
    let recording = faults::record(dir.path());
    fs::replace(&dir.path().join("old"), b"new", Durability::Sync).expect("replaced");
    let log = recording.end();
    for steps in 0..=log.steps() {
        for left in log.states(steps, 1000, 3) {
            let found = content_of(&left.tree, "old");
            assert!(found == Some(b"old") || found == Some(b"new"), "{}", left.told);
        }
    }
}

#[test]
fn where_states_are_too_many_the_ends_and_single_answers_are_among_those_drawn() {
    let chosen = answers(&[2; 20], 100, &mut Random(1));
    assert_eq!(chosen.len(), 100);
    assert!(chosen.contains(&vec![0; 20]) && chosen.contains(&vec![1; 20]));
    assert_eq!(answers(&[2, 3, 2], 12, &mut Random(1)).len(), 12);
}
