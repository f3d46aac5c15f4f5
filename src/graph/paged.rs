//! A map from node numbers to numbers that costs what is put in, not what could be.

/// Nodes to a page: large enough that the list of pages is short beside the graph, small enough that a
/// change of three files clears little.
const PAGE_NODES: usize = 256;
/// A page, or a value, that is not there.
const NONE: u32 = u32::MAX;

/// Values for node numbers below a count. Values are below `u32::MAX`.
///
/// Making one costs a word for every 256 nodes (16 KB for a million); the first value in a page clears
/// that page; the rest is two array reads. A hash map would cost ten times as much in a wave over all
/// nodes, an array over all nodes a thousand times as much in a wave over three.
#[derive(Clone, Debug)]
pub(super) struct PagedMap {
    page_of: Vec<u32>,
    values: Vec<u32>,
}

impl PagedMap {
    pub(super) fn new(node_count: usize) -> Self {
        Self { page_of: vec![NONE; node_count.div_ceil(PAGE_NODES)], values: Vec::new() }
    }

    pub(super) fn get(&self, node: u32) -> Option<u32> {
        let node = node as usize;
        let page = *self.page_of.get(node / PAGE_NODES)?;
        let value = *self.values.get(page as usize * PAGE_NODES + node % PAGE_NODES)?;
        (value != NONE).then_some(value)
    }

    /// Whether `node` had no value and now has this one. A node beyond the last page gets none.
    pub(super) fn insert_first(&mut self, node: u32, value: u32) -> bool {
        let node = node as usize;
        let Some(page) = self.page_of.get_mut(node / PAGE_NODES) else { return false };
        if *page == NONE {
            *page = (self.values.len() / PAGE_NODES) as u32;
            self.values.resize(self.values.len() + PAGE_NODES, NONE);
        }
        match self.values.get_mut(*page as usize * PAGE_NODES + node % PAGE_NODES) {
            Some(slot) if *slot == NONE => {
                *slot = value;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_of_a_node_stays_and_neighbours_have_none() {
        let mut map = PagedMap::new(1000);
        assert!(map.insert_first(300, 7) && !map.insert_first(300, 8) && map.insert_first(999, 0));
        assert_eq!((map.get(300), map.get(999), map.get(301), map.get(0)), (Some(7), Some(0), None, None));
    }

    #[test]
    fn a_node_beyond_the_last_page_has_no_value() {
        let mut map = PagedMap::new(1);
        assert!(!map.insert_first(256, 1) && !map.insert_first(u32::MAX, 1));
        assert_eq!((map.get(256), map.get(u32::MAX)), (None, None));
    }

    #[test]
    fn only_pages_in_use_take_memory() {
        let mut map = PagedMap::new(1_000_000);
        map.insert_first(999_999, 1);
        assert_eq!((map.values.len(), map.page_of.len()), (PAGE_NODES, 3907));
    }
}
