//! BLAKE3 over tagged, length-prefixed fields, so that no two sequences of fields collide by
//! sharing their bytes (`"ab" + "c"` is not `"a" + "bc"`).

/// Collects fields and ends in 32 bytes. The context separates one kind of question from another.
///
/// A clone goes on from where the original stands: whoever asks one kind of question often prepares the
/// context once.
#[derive(Clone)]
pub struct FramedHasher(blake3::Hasher);

impl FramedHasher {
    /// `context` names the kind of question, as BLAKE3's key derivation mode wants it: a constant
    /// of the program, different for each kind.
    pub fn new(context: &str) -> Self {
        Self(blake3::Hasher::new_derive_key(context))
    }

    /// Adds one field: its tag's length and bytes, its value's length and bytes.
    pub fn field(&mut self, tag: &str, value: &[u8]) -> &mut Self {
        self.0.update(&(tag.len() as u64).to_le_bytes());
        self.0.update(tag.as_bytes());
        self.0.update(&(value.len() as u64).to_le_bytes());
        self.0.update(value);
        self
    }

    /// The hash of everything added.
    pub fn finish(&self) -> [u8; 32] {
        *self.0.finalize().as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fields: &[(&str, &[u8])]) -> [u8; 32] {
        let mut hasher = FramedHasher::new("janus-cache test");
        for (tag, value) in fields {
            hasher.field(tag, value);
        }
        hasher.finish()
    }

    #[test]
    fn moving_a_byte_between_fields_changes_the_hash() {
        assert_ne!(of(&[("t", b"ab"), ("t", b"c")]), of(&[("t", b"a"), ("t", b"bc")]));
        assert_ne!(of(&[("ta", b"b")]), of(&[("t", b"ab")]));
    }

    #[test]
    fn contexts_keep_questions_apart() {
        let other = FramedHasher::new("janus-cache other").finish();
        assert_ne!(of(&[]), other);
    }
}
