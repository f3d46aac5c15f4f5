//! BLAKE3 over tagged, length-prefixed fields, so that no two sequences of fields collide by
//! sharing their bytes (`"ab" + "c"` is not `"a" + "bc"`).

/// Collects fields and ends in 32 bytes. The context separates one kind of question from another.
/// A clone goes on from where the original stands, so what many questions begin with is hashed once.
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

/// Hashes many short messages of one kind: the context is worked out once, and a message that lies in
/// one piece needs no state. The caller frames its message so that no two questions share their bytes.
#[derive(Clone, Copy)]
pub struct MessageHasher([u8; 32]);

impl MessageHasher {
    /// `context` as for [`FramedHasher::new`]; the two give different hashes for the same one.
    pub fn new(context: &str) -> Self {
        Self(blake3::derive_key(context, b"message"))
    }

    /// The hash of a message. Cost: about 1 ns a byte.
    pub fn hash(&self, message: &[u8]) -> [u8; 32] {
        *blake3::keyed_hash(&self.0, message).as_bytes()
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

    #[test]
    fn messages_of_one_kind_are_told_apart_from_those_of_another_and_from_fields() {
        let one = MessageHasher::new("janus-cache test");
        let other = MessageHasher::new("janus-cache other");
        assert_eq!(one.hash(b"m"), one.hash(b"m"));
        assert_ne!(one.hash(b"m"), one.hash(b"n"));
        assert_ne!(one.hash(b"m"), other.hash(b"m"));
        assert_ne!(one.hash(b""), of(&[]));
    }
}
