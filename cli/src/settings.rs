//! The flags that set a setting, made from the library's table of settings.

use std::ffi::OsString;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use janus_cache::config::{Flag, FlagValue, SETTINGS};

/// What the flags of settings said.
#[derive(Clone, Debug, Default)]
pub(crate) struct SettingFlags(pub(crate) Vec<FlagValue>);

const HEADING: &str = "Cache settings";

impl Args for SettingFlags {
    fn augment_args(command: Command) -> Command {
        let flags = SETTINGS.iter().filter_map(|setting| Some((setting, setting.flag?)));
        flags.fold(command, |command, (setting, flag)| {
            let summary = setting.meaning.split(". ").next().unwrap_or_default();
            let variables = setting.variables.join(", ");
            let unused = if setting.awaits.is_some() { " (not used yet)" } else { "" };
            let summary = summary.trim_end_matches('.').replace('`', "");
            let help = format!("{summary}{unused} [env: {variables}]");
            let arg = Arg::new(setting.key).help(help).help_heading(HEADING);
            let arg = match flag {
                Flag::Valued { name, value_name } => arg
                    .long(name.trim_start_matches('-'))
                    .value_name(value_name)
                    .action(ArgAction::Set)
                    .value_parser(clap::value_parser!(OsString)),
                Flag::Switch { name, .. } => {
                    arg.long(name.trim_start_matches('-')).action(ArgAction::SetTrue)
                }
            };
            command.arg(arg)
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let said = SETTINGS.iter().filter_map(|setting| match setting.flag? {
            Flag::Valued { .. } => {
                let value = matches.try_get_one::<OsString>(setting.key).ok()??;
                Some(FlagValue::new(setting.key, value.clone()))
            }
            Flag::Switch { value, .. } => {
                matches.get_flag(setting.key).then(|| FlagValue::new(setting.key, value))
            }
        });
        Ok(Self(said.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
