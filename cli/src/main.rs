//! The command `janus`: words in, words out. One file for each command.

mod args;
mod commands;
mod context;
mod draw;
mod exit;
mod explain_args;
mod fast;
mod human;
mod json;
mod logging;
mod names;
mod picture_args;
mod progress;
mod say;
mod settings;
mod store_args;
mod watch;

use std::process::ExitCode;

use clap::Parser;

use args::{CacheCommand, Command, DispatchCommand, Janus};
use commands::{build, cache, completions, dispatch, man, trust};
use exit::{Exit, Failure};

fn main() -> ExitCode {
    if let Some(code) = fast::answer() {
        return code;
    }
    let janus = Janus::parse();
    match run(janus.command) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.print();
            failure.exit.into()
        }
    }
}

fn run(command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Build(args) => build::run(&args),
        Command::Watch(args) => commands::watch::run(&args),
        Command::Cache { command } => match command {
            CacheCommand::Stats(args) => cache::stats::run(&args),
            CacheCommand::Validate(args) => cache::validate::run(&args),
            CacheCommand::Clear(args) => cache::clear::run(&args),
            CacheCommand::Gc(args) => cache::collect::gc(&args),
            CacheCommand::Prune(args) => cache::collect::prune(&args),
            CacheCommand::Optimize(args) => cache::collect::optimize(&args),
            CacheCommand::List(args) => cache::entries::list(&args),
            CacheCommand::Inspect(args) => cache::entry::run(&args),
            CacheCommand::Explain(args) => cache::explain::run(&args),
            CacheCommand::Diff(args) => cache::diff::run(&args),
            CacheCommand::Simulate(args) => cache::simulate::run(&args),
            CacheCommand::Doctor(args) => cache::doctor::run(&args),
            CacheCommand::Size(args) => cache::place::size(&args),
            CacheCommand::Dir(args) => cache::place::dir(&args),
            CacheCommand::Config(args) => cache::config::run(&args),
        },
        Command::Dispatch { command } => match command {
            DispatchCommand::Query(args) => dispatch::query::run(&args),
            DispatchCommand::List(args) => dispatch::list::run(&args),
            DispatchCommand::Show(args) => dispatch::show::run(&args),
            DispatchCommand::Diff(args) => dispatch::diff::run(&args),
            DispatchCommand::Matrix(args) => dispatch::matrix::run(&args),
            DispatchCommand::Tree(args) => dispatch::tree::run(&args),
            DispatchCommand::Inspect(args) => dispatch::inspect::run(&args),
            DispatchCommand::Check(args) => dispatch::check::run(&args),
        },
        Command::Trust(args) => trust::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    }
}
