//! From inputs to settings: pure, so the same inputs give the same settings, warnings and errors.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use toml::de::DeValue;

use super::document::{self, Document, Place, described};
use super::error::{Distrust, quoted};
use super::inputs::{Environment, FileBytes, Inputs};
use super::nearest::nearest;
use super::setting::Flag;
use super::table::{SETTINGS, Settings};
use super::value::SettingValue;
use super::{ConfigError, ConfigWarning, Origin, Sourced};
use crate::digest::ContentDigest;

/// Every variable of a setting begins with it.
pub(super) const PREFIX: &str = "JANUS_CACHE_";

/// Settings, and what was not taken into account on the way to them.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// Every setting.
    pub settings: Settings,
    /// In the order variables, project file, user file, system file, values that need trust.
    pub warnings: Vec<ConfigWarning>,
}

impl Settings {
    /// Ranks what the inputs say. A wrong value is an error in every layer, also in one that a stronger layer
    /// outranks: it would surprise on the day the stronger one goes.
    pub fn resolve(inputs: &Inputs) -> Result<Resolved, ConfigError> {
        let mut candidates = Candidates {
            by_key: BTreeMap::new(),
            warnings: Vec::new(),
            project_root: inputs.project_root.clone(),
            distrust: distrust(inputs),
        };
        candidates.add_flags(inputs)?;
        candidates.add_variables(&inputs.environment);
        candidates.add_file(inputs.project_file.as_ref(), Place::CacheTable, |path, line| {
            Origin::Project { path, line }
        })?;
        candidates
            .add_file(inputs.user_file.as_ref(), Place::TopLevel, |path, line| Origin::User { path, line })?;
        candidates.add_file(inputs.system_file.as_ref(), Place::TopLevel, |path, line| Origin::System {
            path,
            line,
        })?;
        let mut settings = Self::pick(&mut candidates)?;
        settings.dir.value = absolute(&settings.dir, inputs);
        Ok(Resolved { settings, warnings: candidates.warnings })
    }
}

/// What one layer says about one setting.
enum Said<'a> {
    /// A word.
    Text(&'a OsStr),
    /// A word for the opposite.
    Negated(&'a OsStr),
    /// A value of a file.
    Toml(DeValue<'a>),
}

/// What all layers say, strongest first for each key.
pub(super) struct Candidates<'a> {
    by_key: BTreeMap<&'static str, Vec<(Origin, Said<'a>)>>,
    warnings: Vec<ConfigWarning>,
    project_root: PathBuf,
    /// `None`: the project file's content is trusted.
    distrust: Option<Distrust>,
}

impl<'a> Candidates<'a> {
    fn add(&mut self, key: &'static str, origin: Origin, said: Said<'a>) {
        self.by_key.entry(key).or_default().push((origin, said));
    }

    fn add_flags(&mut self, inputs: &'a Inputs) -> Result<(), ConfigError> {
        for flag in inputs.flags.iter().rev() {
            let Some(setting) = SETTINGS.iter().find(|setting| setting.key == flag.key) else {
                let nearest = nearest(&flag.key, SETTINGS.iter().map(|setting| setting.key));
                return Err(ConfigError::UnknownSetting { key: flag.key.clone(), nearest });
            };
            let name = setting.flag.map_or(setting.key, Flag::name);
            self.add(setting.key, Origin::Flag { name }, Said::Text(&flag.value));
        }
        Ok(())
    }

    fn add_variables(&mut self, environment: &'a Environment) {
        for setting in SETTINGS {
            let mut used: Option<(&'static str, &OsStr)> = None;
            for &name in setting.variables {
                let Some(value) = environment.get(OsStr::new(name)).filter(|value| !value.is_empty()) else {
                    continue;
                };
                if let Some((used, used_value)) = used
                    && used_value != value
                {
                    self.warnings.push(ConfigWarning::AliasIgnored { used, ignored: name });
                }
                used = used.or(Some((name, value)));
                let said = if setting.variables_negate { Said::Negated(value) } else { Said::Text(value) };
                self.add(setting.key, Origin::Variable { name }, said);
            }
        }
        for name in environment.keys() {
            let name = name.to_string_lossy();
            let Some(word) = name.strip_prefix(PREFIX) else { continue };
            let mut known = SETTINGS.iter().flat_map(|setting| setting.variables).copied();
            if known.clone().all(|known| known != name) {
                // Compared without the prefix: sharing it makes no two names similar.
                let nearest = nearest(word, known.clone().filter_map(|known| known.strip_prefix(PREFIX)))
                    .and_then(|word| known.find(|known| known.strip_prefix(PREFIX) == Some(word)));
                self.warnings.push(ConfigWarning::UnknownVariable { name: name.into_owned(), nearest });
            }
        }
    }

    fn add_file(
        &mut self,
        file: Option<&'a FileBytes>,
        place: Place,
        origin: impl Fn(PathBuf, usize) -> Origin,
    ) -> Result<(), ConfigError> {
        let Some(file) = file else { return Ok(()) };
        let origin = |line| origin(file.path.clone(), line);
        let Document { found, warnings } = document::read(file, place, &origin)?;
        self.warnings.extend(warnings);
        for setting in found {
            self.add(setting.key, origin(setting.line), Said::Toml(setting.value));
        }
        Ok(())
    }

    /// The strongest value for `key` that may count, after every value for it was looked at.
    pub(super) fn pick<T: SettingValue>(
        &mut self,
        key: &'static str,
        default: impl FnOnce() -> T,
    ) -> Result<Sourced<T>, ConfigError> {
        let mut strongest = None;
        for (origin, said) in self.by_key.remove(key).unwrap_or_default() {
            let Some(value) = said.parse::<T>() else {
                let (expected, found) = said.complaint::<T>();
                return Err(ConfigError::Value { origin, key: key.to_owned(), expected, found });
            };
            if let (Origin::Project { path, line }, Some(why)) = (&origin, self.distrust)
                && value.leaves_project()
            {
                self.warnings.push(ConfigWarning::Untrusted {
                    path: path.clone(),
                    line: *line,
                    key,
                    value_text: value.to_text(),
                    project: self.project_root.clone(),
                    why,
                });
                continue;
            }
            strongest.get_or_insert(Sourced { value, origin });
        }
        Ok(strongest.unwrap_or_else(|| Sourced { value: default(), origin: Origin::Default }))
    }
}

impl Said<'_> {
    fn parse<T: SettingValue>(&self) -> Option<T> {
        match self {
            Self::Text(text) => T::from_text(text),
            Self::Negated(text) => {
                let opposite = !bool::from_text(text)?;
                T::from_text(OsStr::new(&opposite.to_text()))
            }
            Self::Toml(value) => T::from_toml(value),
        }
    }

    /// What was expected, and what was found instead.
    fn complaint<T: SettingValue>(&self) -> (&'static str, String) {
        match self {
            Self::Text(text) | Self::Negated(text) => (T::TEXT_FORM, quoted(&text.to_string_lossy())),
            Self::Toml(value) => (T::TOML_FORM, described(value)),
        }
    }
}

fn distrust(inputs: &Inputs) -> Option<Distrust> {
    let file = inputs.project_file.as_ref()?;
    match inputs.trusted_digest {
        None => Some(Distrust::NotRecorded),
        Some(trusted) => (trusted != ContentDigest::of(&file.bytes)).then_some(Distrust::Changed),
    }
}

/// The cache directory from where its origin starts, without `.` parts. `..` parts stay: only the disk knows
/// where they lead behind a link.
fn absolute(dir: &Sourced<PathBuf>, inputs: &Inputs) -> PathBuf {
    let start: &Path = match &dir.origin {
        Origin::Flag { .. } | Origin::Variable { .. } => &inputs.current_dir,
        Origin::Project { path, .. } | Origin::User { path, .. } | Origin::System { path, .. } => {
            path.parent().unwrap_or(&inputs.project_root)
        }
        Origin::Default => &inputs.project_root,
    };
    start.join(&dir.value).components().collect()
}
