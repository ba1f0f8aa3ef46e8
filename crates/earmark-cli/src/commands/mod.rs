//! The command line: the commands, one file each with its arguments, in the groups of the help. A setting comes from a recipe, then
//! from the environment (`EARMARK_*`), then from a flag.

pub mod data;
mod evaluate;
mod fold_and_layer_tables;
mod out_of_fold_scores;
mod run;
mod train;
mod truth;

use crate::console::Console;
use crate::given;
use crate::replaced_files::refuse_lost_files;
use crate::status::Status;
use clap::builder::BoolishValueParser;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use earmark::recipe::renamed_overrides;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Train, evaluate and run audio taggers.
#[derive(Parser)]
#[command(
    name = "earmark",
    version,
    max_term_width = 100,
    after_help = "Start with `earmark demo`; it needs no data. `earmark COMMAND --help` explains a command and gives examples.\n\n\
        Environment:\n  \
        EARMARK_MODEL   the default of --model, where the help of a command says so\n  \
        EARMARK_MODELS  the folder where `models get` installs models and where their names are looked up\n  \
        EARMARK_CACHE   the folder for cached features"
)]
pub struct CommandLine {
    /// Hide progress; warnings and errors are still printed
    #[arg(long, short, global = true, env = "EARMARK_QUIET", value_parser = BoolishValueParser::new())]
    pub quiet: bool,
    #[command(subcommand)]
    pub command: Command,
    /// Number of compute threads, as the command's --threads says (0 = one per core).
    #[arg(skip)]
    pub threads: usize,
    /// Recipe keys of the command's --set that have a new name, old and new.
    #[arg(skip)]
    pub renamed: BTreeSet<(String, String)>,
    /// Why an output can't be written, where it would replace what is to be kept.
    #[arg(skip)]
    pub lost_file: Option<anyhow::Error>,
}

/// A command, in its group.
#[derive(Subcommand)]
pub enum Command {
    #[command(flatten)]
    Data(data::DataCommand),
    #[command(flatten)]
    Train(train::TrainCommand),
    #[command(flatten)]
    Evaluate(evaluate::EvaluateCommand),
    #[command(flatten)]
    Run(run::RunCommand),
}

impl Command {
    /// Runs the command.
    pub fn run(self, console: &Console) -> anyhow::Result<Status> {
        match self {
            Self::Data(command) => command.run(console),
            Self::Train(command) => command.run(console),
            Self::Evaluate(command) => command.run(console),
            Self::Run(command) => command.run(console),
        }
    }
}

impl CommandLine {
    /// Parses the command line.
    pub fn parse() -> Result<Self, clap::Error> {
        let mut known = command_line();
        let matches = known.try_get_matches_from_mut(given::arguments())?;
        let mut line = Self::from_arg_matches(&matches)?;
        line.lost_file = refuse_lost_files(&known, &matches).err();
        let mut command = &matches;
        while let Some((_, inner)) = command.subcommand() {
            command = inner;
        }
        // Commands that compute nothing have no such argument.
        let threads = command.try_get_one::<usize>("threads").ok().flatten();
        line.threads = threads.copied().unwrap_or(0);
        line.renamed = renamed_keys(command);
        Ok(line)
    }
}

/// The old recipe keys of a command's --set, each with its new name. `data` commands may leave `data.` out.
fn renamed_keys(command: &ArgMatches) -> BTreeSet<(String, String)> {
    let values = |id| command.try_get_many::<String>(id).ok().flatten();
    let of_recipe = values("set").into_iter().flatten().cloned();
    let of_data = values("data_set").into_iter().flatten();
    let of_data = of_data.map(|set| match set.trim_start() {
        set if set.starts_with("data.") => set.to_owned(),
        set => format!("data.{set}"),
    });
    let overrides: Vec<String> = of_recipe.chain(of_data).collect();
    renamed_overrides(&overrides).into_iter().collect()
}

/// The whole command line; its help lists the commands by group.
fn command_line() -> clap::Command {
    type Add = fn(clap::Command) -> clap::Command;
    let groups: [(&str, Add); 4] = [
        ("Data", data::DataCommand::augment_subcommands),
        ("Train", train::TrainCommand::augment_subcommands),
        ("Evaluate", evaluate::EvaluateCommand::augment_subcommands),
        ("Run", run::RunCommand::augment_subcommands),
    ];
    let command = CommandLine::command();
    let (header, literal) = (
        *command.get_styles().get_header(),
        *command.get_styles().get_literal(),
    );
    let mut help = String::from("{about-with-newline}\n{usage-heading} {usage}\n");
    for (name, add) in groups {
        let group = add(clap::Command::new("earmark"));
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

    /// Every text of a command's help, and of those below it.
    fn texts(command: &clap::Command) -> Vec<String> {
        let own = [
            command.get_about(),
            command.get_long_about(),
            command.get_after_help(),
            command.get_after_long_help(),
        ];
        let arguments = command.get_arguments();
        let of_arguments = arguments.flat_map(|arg| [arg.get_help(), arg.get_long_help()]);
        let found = own.into_iter().chain(of_arguments).flatten();
        let mut found: Vec<String> = found.map(ToString::to_string).collect();
        found.extend(command.get_subcommands().flat_map(texts));
        found
    }

    /// A line that was broken by hand is broken again where the terminal is narrower. So lines end only where a paragraph does, or
    /// before an indented line: an example, an entry of a list.
    #[test]
    fn paragraphs_are_broken_by_the_terminal_alone() {
        let mut command = command_line();
        command.build();
        for text in texts(&command) {
            let lines: Vec<&str> = text.lines().collect();
            for pair in lines.windows(2) {
                let broken = !pair[0].is_empty() && !pair[1].is_empty() && !pair[1].starts_with("  ");
                assert!(!broken, "{:?} is broken before {:?}", pair[0], pair[1]);
            }
        }
    }
}
