//! Reads a call profile, whose form `format-spec/profile.md` specifies.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::registry::Registry;
use crate::dispatch::CallProfile;
use crate::fs::{ReadError, read_bounded};

/// What the field `format` must hold.
const FORMAT: &str = "dispatch-profile/1";

/// Larger profiles are refused: a million methods with long symbols fit.
const MAX_PROFILE_BYTES: u64 = 1 << 28;

/// Why a file is no profile.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// It cannot be read.
    #[error("cannot read the profile {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ReadError,
    },
    /// It is not what the specification asks for.
    #[error("{} is no call profile: {source}; write it as format-spec/profile.md says", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What was expected, what was found, and where.
        source: serde_json::Error,
    },
    /// It is in another format, or a later one.
    #[error("{}: `format` is {found:?}, expected {FORMAT:?}; write the profile anew", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What it says.
        found: String,
    },
}

#[derive(Deserialize)]
struct Document {
    format: String,
    functions: Vec<Function>,
}

#[derive(Deserialize)]
struct Function {
    name: String,
    arity: u8,
    methods: Vec<Method>,
}

#[derive(Deserialize)]
struct Method {
    implementation: String,
    calls: u64,
}

/// Reads a profile. Cost: linear in its bytes, at most 256 MiB, which are held while they are read.
pub fn read_profile(path: &Path) -> Result<CallProfile, ProfileError> {
    let file = || path.to_owned();
    let bytes = read_bounded(path, MAX_PROFILE_BYTES)
        .map_err(|source| ProfileError::Unreadable { path: file(), source })?;
    parse(&bytes, path)
}

fn parse(bytes: &[u8], path: &Path) -> Result<CallProfile, ProfileError> {
    let document: Document = serde_json::from_slice(bytes)
        .map_err(|source| ProfileError::Malformed { path: path.to_owned(), source })?;
    if document.format != FORMAT {
        return Err(ProfileError::Format { path: path.to_owned(), found: document.format });
    }
    let mut profile = CallProfile::default();
    for Function { name, arity, methods } in document.functions {
        for Method { implementation, calls } in methods {
            profile.add(&name, arity, &implementation, calls);
        }
    }
    Ok(profile)
}

/// What was counted and is not in the sources: families, and methods of families that are there.
pub(super) fn unknown_calls(profile: &CallProfile, registry: &Registry) -> Vec<String> {
    let mut unknown: Vec<String> = profile
        .iter()
        .filter_map(|(name, arity, symbol, _)| match registry.family(name, arity) {
            None => Some(format!("{name}/{arity}")),
            Some(family) if family.methods.iter().any(|method| method.implementation == symbol) => None,
            Some(_) => Some(format!("{symbol} of {name}/{arity}")),
        })
        .collect();
    // All methods of a family that is gone stand behind each other.
    unknown.dedup();
    unknown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::{Family, Method, TypeDecl};

    fn parsed(text: &str) -> Result<CallProfile, String> {
        parse(text.as_bytes(), Path::new("calls.json")).map_err(|error| error.to_string())
    }

    /// One function `f` of arity 1 with these methods.
    fn with_methods(methods: &str) -> String {
        format!(
            r#"{{"format":"dispatch-profile/1","functions":[{{"name":"f","arity":1,"methods":{methods}}}]}}"#
        )
    }

    #[test]
    fn calls_of_one_method_that_stands_twice_add_up_and_unknown_fields_are_skipped() {
        let twice = r#"[{"implementation":"f(A)","calls":2},{"implementation":"f(A)","calls":3,"ns":1}]"#;
        let profile = parsed(&with_methods(twice)).expect("a profile");
        assert_eq!(profile.iter().collect::<Vec<_>>(), [("f", 1, "f(A)", 5)]);
    }

    #[test]
    fn what_is_no_profile_is_told_with_its_place() {
        let error = parsed("{").expect_err("cut off");
        assert!(
            error.starts_with("calls.json is no call profile: EOF") && error.contains("line 1"),
            "{error}"
        );
        let negative =
            parsed(&with_methods(r#"[{"implementation":"f(A)","calls":-1}]"#)).expect_err("negative");
        assert!(negative.contains("expected u64"), "{negative}");
        let later = parsed(r#"{"format":"dispatch-profile/2","functions":[]}"#).expect_err("later");
        let expected = "calls.json: `format` is \"dispatch-profile/2\", expected \"dispatch-profile/1\"";
        assert!(later.starts_with(expected), "{later}");
    }

    #[test]
    fn families_and_methods_that_are_gone_are_named_once() {
        let family = Family::new("f", 1, vec![Method::new(&["A"], "f(A)", "m")]);
        let registry = Registry::new([TypeDecl::new("A", &[])], [family]).expect("a registry");
        let mut profile = CallProfile::default();
        for (family, symbol) in [("f", "f(A)"), ("f", "f(B)"), ("g", "g(A)"), ("g", "g(B)")] {
            profile.add(family, 1, symbol, 1);
        }
        assert_eq!(unknown_calls(&profile, &registry), ["f(B) of f/1", "g/1"]);
    }
}
