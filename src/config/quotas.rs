//! How much of the cache each project may have.

use std::ffi::OsStr;

use toml::de::DeValue;

use super::value::{SettingValue, Size};

/// Projects and their shares, sorted by name, each project once. Projects that are not named have no limit
/// of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quotas(Vec<(String, Size)>);

impl Quotas {
    /// The projects and the most that each may have.
    pub fn shares(&self) -> &[(String, Size)] {
        &self.0
    }

    fn from_parts<'a>(parts: impl Iterator<Item = Option<&'a str>>) -> Option<Self> {
        let mut shares = Vec::new();
        for part in parts {
            let (project, size) = part?.rsplit_once('=')?;
            let (project, size) = (project.trim(), Size::from_text(OsStr::new(size.trim()))?);
            if project.is_empty() || project.contains(',') {
                return None;
            }
            shares.push((project.to_owned(), size));
        }
        shares.sort();
        let once =
            shares.windows(2).all(|pair| pair.first().map(|one| &one.0) != pair.last().map(|two| &two.0));
        once.then_some(Self(shares))
    }
}

impl SettingValue for Quotas {
    const TEXT_FORM: &'static str =
        "`PROJECT=SIZE` with commas between them, such as `arcade=20 MB,tools=5 MB`, each project once";
    const TOML_FORM: &'static str = "a list such as [\"arcade=20 MB\", \"tools=5 MB\"], each project once";

    fn from_text(text: &OsStr) -> Option<Self> {
        Self::from_parts(text.to_str()?.split(',').map(Some))
    }

    fn from_toml(value: &DeValue<'_>) -> Option<Self> {
        Self::from_parts(value.as_array()?.iter().map(|part| part.get_ref().as_str()))
    }

    fn to_text(&self) -> String {
        let shares = self.0.iter().map(|(project, size)| format!("{project}={size}"));
        shares.collect::<Vec<_>>().join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        Quotas::from_text(OsStr::new(text)).map(|quotas| quotas.to_text())
    }

    #[test]
    fn each_project_is_named_once_with_a_size() {
        assert_eq!(read("b = 5 MB, a=b=1kB").as_deref(), Some("a=b=1 kB,b=5 MB"));
        for wrong in ["", "a", "a=", "=1MB", "a=0", "a=1MB,a=2MB", "a=1MB,"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
