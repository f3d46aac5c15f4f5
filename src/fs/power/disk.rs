//! Names and contents of a disk, with what of each is safe and what is not yet.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::log::{Op, Tree};
use super::random::Random;

/// Something of which a power loss leaves one of several.
pub(super) struct Question {
    node: usize,
    /// Of a folder; none for the content of a file.
    name: Option<String>,
    /// Zero is what is safe, the highest is what everybody sees.
    pub(super) answers: usize,
}

impl Question {
    pub(super) fn is(&self, other: &Self) -> bool {
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
pub(super) struct Disk {
    nodes: Vec<Node>,
}

impl Disk {
    pub(super) fn of(tree: &Tree) -> Self {
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

    pub(super) fn apply(&mut self, op: &Op) {
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
    pub(super) fn questions(&self) -> Vec<Question> {
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

    pub(super) fn tree(&self, answer: &mut dyn FnMut(&Question) -> usize) -> Tree {
        self.tree_torn(answer, &mut Random(1))
    }

    pub(super) fn tree_torn(&self, answer: &mut dyn FnMut(&Question) -> usize, torn: &mut Random) -> Tree {
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
