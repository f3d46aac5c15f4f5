//! Nodes of a decision DAG: tests of a position, equal ones stored once.

use hashbrown::HashTable;
use zerocopy::{Immutable, IntoBytes};

use crate::digest::fast_hash;

/// Where a link leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Child {
    Node(u32),
    Verdict(u32),
}

/// A [`Child`] in 32 bits, the highest of which is set for a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoBytes, Immutable)]
#[repr(transparent)]
pub(crate) struct Link(u32);

const VERDICT: u32 = 1 << 31;

impl Link {
    pub(crate) const fn to_verdict(verdict: u32) -> Self {
        debug_assert!(verdict < VERDICT);
        Self(verdict | VERDICT)
    }

    const fn to_node(node: u32) -> Self {
        Self(node)
    }

    pub(crate) const fn child(self) -> Child {
        if self.0 & VERDICT == 0 { Child::Node(self.0) } else { Child::Verdict(self.0 & !VERDICT) }
    }
}

/// Nodes by number; children stand before their parents.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nodes {
    rows: Vec<Row>,
    /// The children of all nodes, by class of the position.
    links: Vec<Link>,
    ids: HashTable<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    position: u8,
    start: usize,
    end: usize,
}

impl Nodes {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn position(&self, node: u32) -> u8 {
        self.rows[node as usize].position
    }

    /// By class of the node's position.
    pub(crate) fn children(&self, node: u32) -> &[Link] {
        let row = self.rows[node as usize];
        &self.links[row.start..row.end]
    }

    /// The one child of a node that answers alike for every class, or the node, stored once.
    pub(crate) fn share(&mut self, position: u8, children: &[Link]) -> Link {
        if let Some((first, rest)) = children.split_first()
            && rest.iter().all(|child| child == first)
        {
            return *first;
        }
        let Self { rows, links, ids } = self;
        // Nodes of different positions may have equal children and so equal hashes, which is seldom.
        let hash = fast_hash(children.as_bytes());
        let is_same = |node: &u32| {
            let row = rows[*node as usize];
            row.position == position && links[row.start..row.end] == *children
        };
        if let Some(known) = ids.find(hash, is_same) {
            return Link::to_node(*known);
        }
        let node = rows.len() as u32;
        ids.insert_unique(hash, node, |node| {
            let row = rows[*node as usize];
            fast_hash(links[row.start..row.end].as_bytes())
        });
        let start = links.len();
        links.extend_from_slice(children);
        rows.push(Row { position, start, end: links.len() });
        Link::to_node(node)
    }
}
