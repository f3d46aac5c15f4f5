//! What damages files by their layout: the tables of the text, the vectors, and their answers.

pub(crate) mod answers;
pub(crate) mod layouts;
pub(crate) mod vectors;
