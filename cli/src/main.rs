//! The command `janus`.
fn main() {}
