//! What was done, and every state that a power loss may leave of it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::disk::{Disk, Question};
use super::random::Random;
use crate::fs::faults::Act;

/// Files with their bytes, and folders, by their path below the root.
pub(crate) type Tree = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// One step, with paths below the root.
#[derive(Clone)]
pub(super) enum Op {
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
pub(in crate::fs) struct Recorder {
    root: PathBuf,
    log: Log,
}

impl Recorder {
    pub(in crate::fs) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), log: Log { start: read_tree(root), ops: Vec::new() } }
    }

    pub(in crate::fs) fn steps(&self) -> usize {
        self.log.ops.len()
    }

    pub(in crate::fs) fn remember(&mut self, act: &Act<'_>) {
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

    pub(in crate::fs) fn end(self) -> Log {
        self.log
    }
}

/// All files and folders below a root.
pub(crate) fn read_tree(root: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for found in crate::fs::list(&folder).expect("listed") {
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
pub(super) fn answers(counts: &[usize], budget: usize, random: &mut Random) -> Vec<Vec<usize>> {
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
