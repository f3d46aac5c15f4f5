//! The two passes in which a writer makes the nodes: section `DDAG`.

use std::collections::HashMap;

use super::classes::class_count;
use super::family::{Dag, Family};

/// What a state of the first pass leads to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Made {
    NoMethod,
    Method(usize),
    Ambiguous(Vec<usize>),
    /// The node of this number in the list of the first pass.
    Node(usize),
}

/// A position and its children, by class.
type Node<T> = (u8, Vec<T>);

/// A word of the section, or a node by its number in the list of the second pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Child {
    Leaf(u32),
    Node(usize),
}

struct FirstPass<'a> {
    family: &'a Family,
    classes: &'a [Vec<u16>],
    list: Vec<Node<Made>>,
    numbers: HashMap<Node<Made>, usize>,
    calls: HashMap<(usize, Vec<usize>), Made>,
}

impl FirstPass<'_> {
    fn verdict(&self, state: &[usize]) -> Made {
        let candidates = self.family.candidates_among(state);
        match candidates[..] {
            [] => Made::NoMethod,
            [only] => Made::Method(only),
            _ => Made::Ambiguous(candidates),
        }
    }

    fn build(&mut self, position: usize, state: &[usize]) -> Made {
        if position == self.classes.len() || state.is_empty() {
            return self.verdict(state);
        }
        let call = (position, state.to_vec());
        if let Some(made) = self.calls.get(&call) {
            return made.clone();
        }
        let (family, classes) = (self.family, &self.classes[position]);
        let children: Vec<Made> = (0..class_count(classes))
            .map(|class| {
                // A type of the class stands for all of them; no listed one of class 0 is needed.
                let local = if class == 0 { None } else { classes.iter().position(|of| *of == class) };
                let stays = |id: &usize| family.type_is_under(local, family.entries[*id].pattern[position]);
                let rest: Vec<usize> = state.iter().copied().filter(stays).collect();
                self.build(position + 1, &rest)
            })
            .collect();
        let made = self.node(position as u8, children);
        self.calls.insert(call, made.clone());
        made
    }

    fn node(&mut self, position: u8, children: Vec<Made>) -> Made {
        if children.windows(2).all(|pair| pair[0] == pair[1]) {
            return children[0].clone();
        }
        let list = &mut self.list;
        let number = *self.numbers.entry((position, children.clone())).or_insert_with(|| {
            list.push((position, children));
            list.len() - 1
        });
        Made::Node(number)
    }
}

/// The second list, and the child that a verdict or node of the first has become.
fn second_pass(first: &[Node<Made>], root: &Made) -> (Vec<Node<Child>>, Child) {
    let mut list: Vec<Node<Child>> = Vec::new();
    let mut numbers: HashMap<Node<Child>, usize> = HashMap::new();
    let mut results: Vec<Child> = Vec::new();
    let becomes = |made: &Made, results: &[Child]| match made {
        Made::NoMethod => Child::Leaf(0x8000_0000),
        Made::Ambiguous(_) => Child::Leaf(0x8000_0001),
        Made::Method(entry) => Child::Leaf(0x8000_0002 + *entry as u32),
        Made::Node(number) => results[*number],
    };
    for (position, children) in first {
        let children: Vec<Child> = children.iter().map(|made| becomes(made, &results)).collect();
        let result = if children.windows(2).all(|pair| pair[0] == pair[1]) {
            children[0]
        } else {
            Child::Node(*numbers.entry((*position, children.clone())).or_insert_with(|| {
                list.push((*position, children));
                list.len() - 1
            }))
        };
        results.push(result);
    }
    let root = becomes(root, &results);
    (list, root)
}

impl Family {
    /// Classes and nodes of a family whose entries are in file order.
    pub(super) fn nodes(&self) -> Dag {
        let classes = self.classes();
        let mut pass = FirstPass {
            family: self,
            classes: &classes,
            list: Vec::new(),
            numbers: HashMap::new(),
            calls: HashMap::new(),
        };
        let all: Vec<usize> = (0..self.entries.len()).collect();
        let root = pass.build(0, &all);
        let (list, root) = second_pass(&pass.list, &root);
        let mut begins = vec![0; list.len()];
        let mut next = 1;
        for (number, (_, children)) in list.iter().enumerate().rev() {
            begins[number] = next;
            next += 1 + children.len() as u32;
        }
        let word = |child: &Child| match child {
            Child::Leaf(word) => *word,
            Child::Node(number) => begins[*number],
        };
        let mut words = vec![word(&root)];
        for (position, children) in list.iter().rev() {
            words.push(u32::from(*position) | (children.len() as u32) << 8);
            words.extend(children.iter().map(word));
        }
        Dag { classes, words }
    }
}
