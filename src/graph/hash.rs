//! The two names of a node: what it is by itself, and what it is with all it rests on. Their types keep
//! them apart, and apart from digests of content.

use std::fmt;

/// What one node is by itself, as the caller reckons it: for a file its path, the digest of its content,
/// what its imports resolved to, and the candidates that were looked for and absent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OwnDigest([u8; 32]);

/// What a component is with all it rests on. Two that are equal rest on the same sources.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CombinedHash([u8; 32]);

impl OwnDigest {
    /// Stands for a node that was given none.
    pub(super) const NONE: Self = Self([0; 32]);

    /// A digest that the caller made; it must name everything that the node is by itself.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl CombinedHash {
    /// Stands for a hash that is not made yet; no input is known that gives it.
    pub(super) const NONE: Self = Self([0; 32]);

    /// A hash that was made before, read back from where it was kept.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for CombinedHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for CombinedHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CombinedHash({self})")
    }
}

impl fmt::Debug for OwnDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnDigest(")?;
        write_hex(f, &self.0)?;
        f.write_str(")")
    }
}

fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8; 32]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_print_all_their_digits_and_say_which_they_are() {
        let bytes = std::array::from_fn(|at| at as u8);
        let digits = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        let (own, combined) = (OwnDigest::from_bytes(bytes), CombinedHash::from_bytes(bytes));
        assert_eq!((own.as_bytes(), combined.to_string()), (&bytes, digits.to_owned()));
        assert_eq!(format!("{own:?} {combined:?}"), format!("OwnDigest({digits}) CombinedHash({digits})"));
    }
}
