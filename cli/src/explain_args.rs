//! The command line of what explains builds that were made.

use clap::Args;

use crate::args::CacheArgs;
use crate::exit::EXIT_CODES;

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct ExplainArgs {
    /// A function family, such as `module::name/2` or a part of that which names one, or a source file.
    #[arg(required_unless_present = "if_changed")]
    pub(crate) target: Option<String>,
    /// Say what would be asked anew, at most, if this source file changed; for a family, whether it would be.
    #[arg(long, value_name = "FILE")]
    pub(crate) if_changed: Option<String>,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct BuildsArgs {
    /// The earlier and the later build: a number, `last`, or `-1` for the one before the last
    /// [default: the one before the last of its kind, and the last].
    #[arg(value_name = "SESSION", num_args = 0..=2, allow_negative_numbers = true)]
    pub(crate) session: Vec<String>,
    /// End with 1 where anything differs.
    #[arg(long)]
    pub(crate) exit_code: bool,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}
