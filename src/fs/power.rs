//! A disk that loses power, for tests: from what was done, every state that may be left.
//!
//! Nothing is assumed about order. After a power loss
//! - a name in a folder is what it was when its folder was last synced, or any of what it was made since;
//!   each name by itself, so that a rename may have reached one folder and not the other;
//! - a file has what it had when it was last synced, and of each write since all, nothing, or, for the
//!   whole of them, a front part, or a block of 512 bytes or 4 KiB that is zeros or garbage;
//! - what was synced, file or folder, is there. Syncing a file says nothing about its name.
//!
//! Where the states are few they are all made; else the two ends, all states that differ from one of them
//! in one answer, and drawn ones up to a budget.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::faults::Act;

/// Files with their bytes, and folders, by their path below the root.
pub(crate) type Tree = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// One step, with paths below the root.
#[derive(Clone)]
enum Op {
    MakeDir(PathBuf),
    Create(PathBuf),
    Write { path: PathBuf, at_bytes: Option<u64>, bytes: Vec<u8> },
    SyncFile(PathBuf),
    SyncDir(PathBuf),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MakeDir(path) => write!(f, "mkdir {}", path.display()),
            Self::Create(path) => write!(f, "create {}", path.display()),
            Self::Write { path, bytes, .. } => write!(f, "write {} bytes to {}", bytes.len(), path.display()),
            Self::SyncFile(path) => write!(f, "sync file {}", path.display()),
            Self::SyncDir(path) => write!(f, "sync folder {}", path.display()),
            Self::Rename(from, to) => write!(f, "rename {} to {}", from.display(), to.display()),
            Self::Remove(path) => write!(f, "remove {}", path.display()),
        }
    }
}

/// Remembers what is done below a root.
pub(super) struct Recorder {
    root: PathBuf,
    log: Log,
}

impl Recorder {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), log: Log { start: read_tree(root), ops: Vec::new() } }
    }

    pub(super) fn steps(&self) -> usize {
        self.log.ops.len()
    }

    pub(super) fn remember(&mut self, act: &Act<'_>) {
        let below = |path: &Path| path.strip_prefix(&self.root).ok().map(Path::to_owned);
        let op = match act {
            Act::MakeDir(path) => below(path).map(Op::MakeDir),
            Act::Create(path) => below(path).map(Op::Create),
            Act::Write { path, at_bytes, bytes } => {
                below(path).map(|path| Op::Write { path, at_bytes: *at_bytes, bytes: bytes.to_vec() })
            }
            Act::SyncFile(path) => below(path).map(Op::SyncFile),
            Act::SyncDir(path) => below(path).map(Op::SyncDir),
            Act::Rename { from, to } => below(from).zip(below(to)).map(|(from, to)| Op::Rename(from, to)),
            Act::Unlink(path) | Act::RemoveDir(path) => below(path).map(Op::Remove),
            Act::Lock | Act::Open | Act::Read | Act::Map | Act::List => None,
        };
        self.log.ops.extend(op);
    }

    pub(super) fn end(self) -> Log {
        self.log
    }
}

/// All files and folders below a root.
pub(crate) fn read_tree(root: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for found in super::list(&folder).expect("listed") {
            let below = found.path.strip_prefix(root).expect("below the root").to_owned();
            if found.is_dir {
                open.push(found.path);
                tree.insert(below, None);
            } else {
                tree.insert(below, Some(std::fs::read(&found.path).expect("read")));
            }
        }
    }
    tree
}

/// Makes the files and folders of a tree below a root.
pub(crate) fn write_tree(tree: &Tree, root: &Path) {
    // A folder sorts before what is in it.
    for (path, content) in tree {
        let path = root.join(path);
        match content {
            None => std::fs::create_dir_all(path).expect("made"),
            Some(bytes) => std::fs::write(path, bytes).expect("written"),
        }
    }
}

/// What was done, one step after the other, to what was there.
pub(crate) struct Log {
    start: Tree,
    ops: Vec<Op>,
}

/// What a power loss left.
pub(crate) struct Left {
    /// Files and folders.
    pub(crate) tree: Tree,
    /// How it came about, enough to make it again.
    pub(crate) told: String,
}

impl Log {
    /// How many steps there are.
    pub(crate) fn steps(&self) -> usize {
        self.ops.len()
    }

    /// What is there for everybody after all steps, while the power stays.
    pub(crate) fn end_tree(&self) -> Tree {
        let disk = self.disk_after(self.ops.len());
        disk.tree(&mut |question| question.answers - 1)
    }

    fn disk_after(&self, steps: usize) -> Disk {
        let mut disk = Disk::of(&self.start);
        self.ops.iter().take(steps).for_each(|op| disk.apply(op));
        disk
    }

    /// States that a power loss after `steps` steps may leave: all, or about `budget` of them.
    pub(crate) fn states(&self, steps: usize, budget: usize, seed: u64) -> Vec<Left> {
        let disk = self.disk_after(steps);
        let questions = disk.questions();
        let counts: Vec<usize> = questions.iter().map(|question| question.answers).collect();
        let last = steps.checked_sub(1).and_then(|at| self.ops.get(at)).map(ToString::to_string);
        answers(&counts, budget, &mut Random(seed ^ (steps as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)))
            .into_iter()
            .map(|answers| {
                let mut torn = Random(seed.wrapping_add(steps as u64) | 1);
                let told = format!(
                    "seed {seed}, power lost after step {steps} ({}), answers {answers:?}",
                    last.as_deref().unwrap_or("nothing")
                );
                let of = |asked: &Question| questions.iter().position(|question| question.is(asked));
                let tree = disk.tree_torn(&mut |asked| of(asked).map_or(0, |at| answers[at]), &mut torn);
                Left { tree, told }
            })
            .collect()
    }
}

/// Combinations of answers, none twice in a row of ends and neighbours.
fn answers(counts: &[usize], budget: usize, random: &mut Random) -> Vec<Vec<usize>> {
    let all = counts.iter().try_fold(1_usize, |product, count| product.checked_mul(*count));
    if let Some(all) = all.filter(|all| *all <= budget) {
        return (0..all)
            .map(|mut number| {
                let digit = |count: &usize| {
                    let digit = number % count;
                    number /= count;
                    digit
                };
                counts.iter().map(digit).collect()
            })
            .collect();
    }
    let (none, whole): (Vec<usize>, Vec<usize>) = counts.iter().map(|count| (0, count - 1)).unzip();
    let mut chosen = vec![none.clone(), whole.clone()];
    for (at, count) in counts.iter().enumerate() {
        for answer in 0..*count {
            for end in [&none, &whole] {
                let mut one = end.clone();
                one[at] = answer;
                if one != *end {
                    chosen.push(one);
                }
            }
        }
    }
    // Neighbours that are too many are thinned out, so that drawn ones have their share.
    while chosen.len() > budget * 2 / 3 {
        let at = 2 + random.below(chosen.len() - 2);
        chosen.swap_remove(at);
    }
    while chosen.len() < budget {
        chosen.push(counts.iter().map(|count| random.below(*count)).collect());
    }
    chosen
}

/// Something of which a power loss leaves one of several.
struct Question {
    node: usize,
    /// Of a folder; none for the content of a file.
    name: Option<String>,
    /// Zero is what is safe, the highest is what everybody sees.
    answers: usize,
}

impl Question {
    fn is(&self, other: &Self) -> bool {
        self.node == other.node && self.name == other.name
    }
}

enum Node {
    File { safe: Vec<u8>, writes: Vec<(usize, Vec<u8>)> },
    Folder { names: BTreeMap<String, Vec<Option<usize>>> },
}

/// Ways in which the writes of a file may be torn.
const TORN: usize = 6;
/// Of so many writes every subset may have reached the disk; of more, the first so many vary.
const VARYING_WRITES: usize = 3;

/// Node 0 is the root.
struct Disk {
    nodes: Vec<Node>,
}

impl Disk {
    fn of(tree: &Tree) -> Self {
        let mut disk = Self { nodes: vec![Node::Folder { names: BTreeMap::new() }] };
        for (path, content) in tree {
            disk.nodes.push(match content {
                None => Node::Folder { names: BTreeMap::new() },
                Some(bytes) => Node::File { safe: bytes.clone(), writes: Vec::new() },
            });
            let node = disk.nodes.len() - 1;
            disk.name(path, Some(node));
        }
        // What is there at the start is safe.
        for node in &mut disk.nodes {
            node.sync();
        }
        disk
    }

    fn find(&self, path: &Path) -> Option<usize> {
        path.components().try_fold(0, |node, part| match &self.nodes[node] {
            Node::Folder { names } => *names.get(&*part.as_os_str().to_string_lossy())?.last()?,
            Node::File { .. } => None,
        })
    }

    fn name(&mut self, path: &Path, node: Option<usize>) {
        let (Some(parent), Some(name)) =
            (path.parent().and_then(|parent| self.find(parent)), path.file_name())
        else {
            return;
        };
        if let Node::Folder { names } = &mut self.nodes[parent] {
            names.entry(name.to_string_lossy().into_owned()).or_insert_with(|| vec![None]).push(node);
        }
    }

    fn make(&mut self, path: &Path, node: Node) {
        if self.find(path).is_none() {
            self.nodes.push(node);
            self.name(path, Some(self.nodes.len() - 1));
        }
    }

    fn apply(&mut self, op: &Op) {
        match op {
            Op::MakeDir(path) => {
                let mut above: Vec<&Path> = path.ancestors().collect();
                above.reverse();
                for folder in above {
                    self.make(folder, Node::Folder { names: BTreeMap::new() });
                }
            }
            Op::Create(path) => self.make(path, Node::File { safe: Vec::new(), writes: Vec::new() }),
            Op::Write { path, at_bytes, bytes } => {
                if let Some(node) = self.find(path)
                    && let Node::File { safe, writes } = &mut self.nodes[node]
                {
                    let end = written(safe, writes, |_| true).len();
                    writes.push((at_bytes.map_or(end, |at| at as usize), bytes.clone()));
                }
            }
            Op::SyncFile(path) | Op::SyncDir(path) => {
                if let Some(node) = self.find(path) {
                    self.nodes[node].sync();
                }
            }
            Op::Rename(from, to) => {
                if let Some(node) = self.find(from) {
                    self.name(to, Some(node));
                    self.name(from, None);
                }
            }
            Op::Remove(path) => {
                let is_full = self.find(path).is_some_and(|node| match &self.nodes[node] {
                    Node::Folder { names } => names.values().any(|states| states.last() != Some(&None)),
                    Node::File { .. } => false,
                });
                if self.find(path).is_some() && !is_full {
                    self.name(path, None);
                }
            }
        }
    }

    /// What a power loss now leaves open, of all that some answer lets be reached.
    fn questions(&self) -> Vec<Question> {
        let mut questions = Vec::new();
        let (mut open, mut seen) = (vec![0], vec![false; self.nodes.len()]);
        while let Some(node) = open.pop() {
            if std::mem::replace(&mut seen[node], true) {
                continue;
            }
            match &self.nodes[node] {
                Node::Folder { names } => {
                    for (name, states) in names {
                        open.extend(states.iter().flatten());
                        if states.len() > 1 {
                            questions.push(Question {
                                node,
                                name: Some(name.clone()),
                                answers: states.len(),
                            });
                        }
                    }
                }
                Node::File { writes, .. } if !writes.is_empty() => {
                    let answers = (1 << writes.len().min(VARYING_WRITES)) + TORN;
                    questions.push(Question { node, name: None, answers });
                }
                Node::File { .. } => {}
            }
        }
        questions
    }

    fn tree(&self, answer: &mut dyn FnMut(&Question) -> usize) -> Tree {
        self.tree_torn(answer, &mut Random(1))
    }

    fn tree_torn(&self, answer: &mut dyn FnMut(&Question) -> usize, torn: &mut Random) -> Tree {
        let mut tree = Tree::new();
        let mut open = vec![(0, PathBuf::new())];
        while let Some((node, path)) = open.pop() {
            match &self.nodes[node] {
                Node::Folder { names } => {
                    for (name, states) in names {
                        let asked = Question { node, name: Some(name.clone()), answers: states.len() };
                        if let Some(next) = states[answer(&asked).min(states.len() - 1)] {
                            open.push((next, path.join(name)));
                        }
                    }
                    if node != 0 {
                        tree.insert(path, None);
                    }
                }
                Node::File { safe, writes } => {
                    let subsets = 1 << writes.len().min(VARYING_WRITES);
                    let asked = Question { node, name: None, answers: subsets + TORN };
                    tree.insert(path, Some(content(safe, writes, answer(&asked), torn)));
                }
            }
        }
        tree
    }
}

impl Node {
    fn sync(&mut self) {
        match self {
            Self::File { safe, writes } => {
                *safe = written(safe, writes, |_| true);
                writes.clear();
            }
            Self::Folder { names } => {
                for states in names.values_mut() {
                    states.drain(..states.len() - 1);
                }
                names.retain(|_, states| *states != [None]);
            }
        }
    }
}

/// The content with those of the writes that `keeps` picks; a gap reads as zeros.
fn written(safe: &[u8], writes: &[(usize, Vec<u8>)], keeps: impl Fn(usize) -> bool) -> Vec<u8> {
    let mut content = safe.to_vec();
    for (_, (at, bytes)) in writes.iter().enumerate().filter(|(index, _)| keeps(*index)) {
        content.resize(content.len().max(at + bytes.len()), 0);
        content[*at..at + bytes.len()].copy_from_slice(bytes);
    }
    content
}

/// The first answers are subsets, with nothing first; then come the torn ones; the last is everything.
fn content(safe: &[u8], writes: &[(usize, Vec<u8>)], answer: usize, random: &mut Random) -> Vec<u8> {
    let subsets = 1 << writes.len().min(VARYING_WRITES);
    let mut whole = written(safe, writes, |_| true);
    if writes.is_empty() || answer >= subsets + TORN - 1 {
        return whole;
    }
    if answer < subsets {
        return written(safe, writes, |at| at >= VARYING_WRITES || answer >> at & 1 == 1);
    }
    let torn = answer - subsets;
    if torn == 0 {
        whole.truncate(safe.len() + random.below((whole.len() + 1).saturating_sub(safe.len()).max(1)));
        return whole;
    }
    let block = if torn <= 2 { 512 } else { 4096 };
    let at = random.below(whole.len() / block + 1) * block;
    for byte in whole.iter_mut().skip(at).take(block) {
        *byte = if torn % 2 == 1 { 0 } else { random.below(256) as u8 };
    }
    whole
}

/// A small generator: every run of a seed is the same.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ mixed >> 31) % limit as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
        assert!(some(Some(b"\0\0\0456")), "the second write alone");
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
        let contents: std::collections::BTreeSet<_> =
            states.iter().map(|tree| content_of(tree, "old")).collect();
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
}
