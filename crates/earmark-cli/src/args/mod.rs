//! The command line, one file per command, in the groups of the help. A setting comes from a recipe, then from the environment
//! (`EARMARK_*`), then from a flag.

mod data;
mod evaluate;
mod run;
mod shared;
mod train;

pub use data::*;
pub use evaluate::*;
pub use run::*;
pub use train::*;

use clap::builder::BoolishValueParser;
use clap::{Args as ClapArgs, CommandFactory, FromArgMatches, Parser, Subcommand};
use std::fmt::Write;

/// Train, evaluate and run audio taggers.
#[derive(Parser)]
#[command(
    name = "earmark",
    version,
    max_term_width = 100,
    after_help = "Start with `earmark demo`; it needs no data. `earmark COMMAND --help` explains a command and gives examples.\n\n\
        Environment:\n  \
        EARMARK_MODEL   the model that `tag` and `listen` use where --model is missing\n  \
        EARMARK_MODELS  the folder where `models get` installs models and where their names are looked up\n  \
        EARMARK_CACHE   the folder for cached features"
)]
pub struct Args {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
    /// Number of compute threads, as the command's --threads says (0 = one per core).
    #[arg(skip)]
    pub threads: usize,
}

/// Settings of every command.
#[derive(ClapArgs)]
pub struct Global {
    /// Hide progress; warnings and errors are still printed
    #[arg(long, short, global = true, env = "EARMARK_QUIET", value_parser = BoolishValueParser::new())]
    pub quiet: bool,
}

/// A command, in its group.
#[derive(Subcommand)]
pub enum Command {
    #[command(flatten)]
    Data(DataCommand),
    #[command(flatten)]
    Train(TrainCommand),
    #[command(flatten)]
    Evaluate(EvaluateCommand),
    #[command(flatten)]
    Run(RunCommand),
}

/// Parses the command line.
pub fn parse() -> Result<Args, clap::Error> {
    let matches = command_line().try_get_matches()?;
    let mut args = Args::from_arg_matches(&matches)?;
    let mut command = &matches;
    while let Some((_, inner)) = command.subcommand() {
        command = inner;
    }
    // Commands that compute nothing have no such argument.
    let threads = command.try_get_one::<usize>("threads").ok().flatten();
    args.threads = threads.copied().unwrap_or(0);
    Ok(args)
}

/// The whole command line; its help lists the commands by group.
pub fn command_line() -> clap::Command {
    let bare = clap::Command::new("earmark");
    let groups = [
        ("Data", DataCommand::augment_subcommands(bare.clone())),
        ("Train", TrainCommand::augment_subcommands(bare.clone())),
        ("Evaluate", EvaluateCommand::augment_subcommands(bare.clone())),
        ("Run", RunCommand::augment_subcommands(bare)),
    ];
    let command = Args::command();
    let (header, literal) = (
        *command.get_styles().get_header(),
        *command.get_styles().get_literal(),
    );
    let mut help = String::from("{about-with-newline}\n{usage-heading} {usage}\n");
    for (name, group) in &groups {
        let _ = writeln!(help, "\n{header}{name}:{header:#}"); // writing to a String cannot fail
        for command in group.get_subcommands().filter(|c| !c.is_hide_set()) {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(help, "  {literal}{:<12}{literal:#}{about}", command.get_name());
        }
    }
    let _ = write!(help, "\n{header}Options:{header:#}\n{{options}}{{after-help}}");
    command.help_template(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command_line().debug_assert();
    }
}
