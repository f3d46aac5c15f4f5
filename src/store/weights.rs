//! What entries weigh together, while a plan takes one after the other away.

use std::collections::HashMap;

use super::retention::{EvictionReason, Stock};

/// What the entries that stay weigh together. An object counts as long as one of them names it.
pub(super) struct Weights {
    pub(super) total: u64,
    pub(super) by_project: Vec<u64>,
    references: HashMap<u32, u32>,
}

impl Weights {
    pub(super) fn of(stock: &Stock<'_>, reasons: &[Option<EvictionReason>]) -> Self {
        let mut weights = Self {
            total: stock.fixed_bytes,
            by_project: vec![0; stock.projects.len()],
            references: HashMap::new(),
        };
        for (entry, _) in stock.entries.iter().zip(reasons).filter(|(_, reason)| reason.is_none()) {
            let mut bytes = entry.pack_bytes;
            if let Some(object) = entry.object {
                let references = weights.references.entry(object).or_insert(0);
                *references += 1;
                if *references == 1 {
                    bytes += stock.object_bytes[object as usize];
                }
            }
            weights.total += bytes;
            weights.by_project[entry.project as usize] += bytes;
        }
        weights
    }

    pub(super) fn of_project(&self, stock: &Stock<'_>, name: &str) -> u64 {
        let project = stock.projects.iter().position(|of| **of == *name);
        project.map_or(0, |project| self.by_project[project])
    }

    pub(super) fn take(&mut self, stock: &Stock<'_>, at: usize) {
        let entry = &stock.entries[at];
        let mut bytes = entry.pack_bytes;
        if let Some(object) = entry.object
            && let Some(references) = self.references.get_mut(&object)
        {
            *references -= 1;
            if *references == 0 {
                bytes += stock.object_bytes[object as usize];
            }
        }
        self.total = self.total.saturating_sub(bytes);
        let of_project = &mut self.by_project[entry.project as usize];
        *of_project = of_project.saturating_sub(bytes);
    }
}
