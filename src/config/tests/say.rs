//! Builds inputs the way a user would say them, and asks what comes out.

use crate::config::{ConfigWarning, FileBytes, FlagValue, Inputs, Origin, Resolved, Settings};

/// A project at `/p`, seen from `/c`, about which nobody says anything.
pub(super) fn inputs() -> Inputs {
    Inputs { project_root: "/p".into(), current_dir: "/c".into(), ..Inputs::default() }
}

pub(super) trait Say: Sized {
    fn flag(self, key: &str, value: &str) -> Self;
    fn variable(self, name: &str, value: &str) -> Self;
    fn project(self, text: &str) -> Self;
    fn user(self, text: &str) -> Self;
    fn system(self, text: &str) -> Self;
    fn resolved(&self) -> Resolved;
    fn settings(&self) -> Settings;
    fn warnings(&self) -> Vec<String>;
    fn error(&self) -> String;
}

impl Say for Inputs {
    fn flag(mut self, key: &str, value: &str) -> Self {
        self.flags.push(FlagValue::new(key, value));
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    fn project(mut self, text: &str) -> Self {
        self.project_file = Some(file("/p/janus.toml", text));
        self
    }

    fn user(mut self, text: &str) -> Self {
        self.user_file = Some(file("/u/cache.toml", text));
        self
    }

    fn system(mut self, text: &str) -> Self {
        self.system_file = Some(file("/s/cache.toml", text));
        self
    }

    fn resolved(&self) -> Resolved {
        Settings::resolve(self).expect("nothing wrong with these inputs")
    }

    /// Where also nothing is odd.
    fn settings(&self) -> Settings {
        let resolved = self.resolved();
        assert_eq!(resolved.warnings, []);
        resolved.settings
    }

    fn warnings(&self) -> Vec<String> {
        self.resolved().warnings.iter().map(ConfigWarning::to_string).collect()
    }

    fn error(&self) -> String {
        Settings::resolve(self).expect_err("something is wrong with these inputs").to_string()
    }
}

pub(super) fn file(path: &str, text: &str) -> FileBytes {
    FileBytes { path: path.into(), bytes: text.into() }
}

/// The value of `key` as a variable would say it, and its origin.
pub(super) fn entry(settings: &Settings, key: &str) -> (String, Origin) {
    let entries = settings.entries();
    let entry = entries.iter().find(|entry| entry.setting.key == key).expect("a known key");
    (entry.value_text.clone(), entry.origin.clone())
}
