//! Whom the user trusts, and with what.
//!
//! A project file may lead out of its project only after the user read it and said so ([`ProjectTrust`]). The
//! record is the user's own: it names the project's folder and the content of the file, so neither another
//! project with the same file nor the same project with another file is trusted.

mod project;
mod records;
#[cfg(test)]
mod tests;

pub use project::{ProjectTrust, TrustError, TrustState};
pub use records::{TrustRecord, TrustedFileError};
