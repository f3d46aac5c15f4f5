//! The two passes in which a writer makes the nodes: section `DDAG`.

use std::collections::{BTreeMap, HashMap};

use super::answer::Outcome;
use super::classes::Classes;
use super::family::{Family, Finder, Index};
use super::rule::Rule;

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

/// Groups of the entries that still apply; under rule 2 those of a group tie so far and are nearer than
/// those of the next. Under the others there is one group.
type State = Vec<Vec<usize>>;

struct FirstPass<'a> {
    family: &'a Family,
    classes: &'a [Classes],
    /// The positions in the order in which they are taken.
    order: Vec<u8>,
    list: Vec<Node<Made>>,
    numbers: HashMap<Node<Made>, usize>,
    calls: HashMap<(usize, State), Made>,
}

impl FirstPass<'_> {
    fn verdict(&self, state: &State) -> Made {
        let first = state.first().map_or(&[][..], Vec::as_slice);
        let candidates = match self.family.rule {
            Rule::Precedence { .. } => first.to_vec(),
            _ => self.family.candidates_among(first),
        };
        match self.family.decide(&candidates) {
            Outcome::NoMethod => Made::NoMethod,
            Outcome::Method(entry) => Made::Method(entry),
            Outcome::Ambiguous => Made::Ambiguous(candidates),
        }
    }

    /// What is left of a state where the argument at `position` has `class`.
    fn rest(&self, state: &State, position: usize, class: u16) -> State {
        let (family, local) = (self.family, self.classes[position].local(class));
        let mut rest = State::new();
        for group in state {
            let reference = |id: &usize| family.entries[*id].pattern[position];
            let staying = group.iter().copied().filter(|id| family.type_is_under(local, reference(id)));
            let mut by_distance: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
            for id in staying {
                by_distance.entry(family.distance(local, reference(&id))).or_default().push(id);
            }
            rest.extend(by_distance.into_values());
        }
        rest
    }

    fn build(&mut self, depth: usize, state: &State) -> Made {
        if depth == self.order.len() || state.is_empty() {
            return self.verdict(state);
        }
        let call = (depth, state.clone());
        if let Some(made) = self.calls.get(&call) {
            return made.clone();
        }
        let position = self.order[depth];
        let children = (0..self.classes[usize::from(position)].count)
            .map(|class| {
                let rest = self.rest(state, position.into(), class);
                self.build(depth + 1, &rest)
            })
            .collect();
        let made = self.node(position, children);
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
    pub(super) fn nodes(&self) -> Finder {
        let classes = self.classes();
        let order = match &self.rule {
            Rule::Precedence { order, .. } => order.clone(),
            _ => (0..self.arity).collect(),
        };
        let mut pass = FirstPass {
            family: self,
            classes: &classes,
            order,
            list: Vec::new(),
            numbers: HashMap::new(),
            calls: HashMap::new(),
        };
        let all: Vec<usize> = (0..self.entries.len()).collect();
        let state = if all.is_empty() { State::new() } else { vec![all] };
        let root = pass.build(0, &state);
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
        Finder { classes, index: Index::Dag(words) }
    }
}
