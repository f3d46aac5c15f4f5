//! What follows from a family's content: type signature, table hash, and the figures for reports.

use xxhash_rust::xxh3::xxh3_64;

use super::bytes::put32;
use super::family::Family;

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put32(bytes, text.len() as u32);
    bytes.extend(text.bytes());
}

impl Family {
    /// The name of a parameter reference.
    pub(crate) fn param_name(&self, reference: u16) -> &str {
        let param = usize::from(reference).checked_sub(1);
        param.map_or("any", |param| &self.types[self.params[param] as usize].name)
    }

    /// Section `SIGN`.
    pub(crate) fn type_signature(&self) -> String {
        let line = |position: usize| {
            let mut names: Vec<&str> =
                self.entries.iter().map(|entry| self.param_name(entry.pattern[position])).collect();
            names.sort_unstable();
            names.dedup();
            names.join("\t") + "\n"
        };
        (0..usize::from(self.arity)).map(line).collect()
    }

    /// Chapter 8.
    pub(crate) fn computed_table_hash(&self) -> u64 {
        let mut bytes = Vec::new();
        put_text(&mut bytes, &self.name);
        bytes.extend([self.arity, self.rule.code()]);
        put32(&mut bytes, self.types.len() as u32);
        for listed in &self.types {
            put_text(&mut bytes, &listed.name);
            bytes.push(u8::from(listed.sealed));
            let above: Vec<u16> =
                (0_u16..).zip(&listed.above).filter(|pair| *pair.1).map(|pair| pair.0).collect();
            put32(&mut bytes, above.len() as u32);
            bytes.extend(above.iter().flat_map(|param| param.to_le_bytes()));
        }
        put32(&mut bytes, self.params.len() as u32);
        bytes.extend(self.params_section());
        put32(&mut bytes, (self.entries.len() + self.left_out.len()) as u32);
        let mut entries: Vec<_> = self.entries.iter().chain(&self.left_out).collect();
        entries.sort_by_key(|entry| (&entry.pattern, &entry.implementation, &entry.module));
        for entry in entries {
            bytes.extend(entry.pattern.iter().flat_map(|reference| reference.to_le_bytes()));
            put_text(&mut bytes, &entry.implementation);
            put_text(&mut bytes, &entry.module);
            bytes.push(u8::from(entry.default));
        }
        if let Some(rule) = self.rule.section(self.params.len()) {
            put32(&mut bytes, rule.len() as u32);
            bytes.extend(rule);
        }
        xxh3_64(&bytes)
    }

    /// Length in bytes of a dense matrix.
    fn baseline(&self) -> u128 {
        let limit = u128::from(u64::MAX);
        let choices = self.types.len() as u128 + 1;
        // Cut after each factor: a factor is below 2^33, so the product stays below 2^97.
        (0..self.arity).fold(2_u128, |product, _| (product * choices).min(limit))
    }

    pub(crate) fn compression_ratio_ppm(&self, total_len: u64) -> u32 {
        let ppm = (u128::from(total_len) * 1_000_000).div_ceil(self.baseline());
        u32::try_from(ppm).unwrap_or(u32::MAX)
    }

    pub(crate) fn memory_saved(&self, total_len: u64) -> u64 {
        self.baseline().saturating_sub(u128::from(total_len)) as u64
    }
}
