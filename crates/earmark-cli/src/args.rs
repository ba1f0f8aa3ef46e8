//! Arguments that several commands share.

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use std::path::PathBuf;

/// Changes to a recipe.
#[derive(Args)]
pub struct RecipeArgs {
    /// Set a key of the recipe
    #[arg(
        long = "set",
        value_name = "KEY=VALUE",
        env = "EARMARK_SET",
        value_delimiter = ';'
    )]
    pub set: Vec<String>,
}

/// What computes.
#[derive(Args)]
pub struct Compute {
    /// Compute device: cpu, cpu-plain (without earmark's own kernels, slow), or one that this build includes (vulkan, webgpu, metal)
    #[arg(long, env = "EARMARK_DEVICE", default_value = "cpu", help_heading = "Compute")]
    pub device: String,
    #[command(flatten)]
    pub threads: Threads,
}

/// How many threads compute.
#[derive(Args)]
pub struct Threads {
    /// Number of compute threads (0 = one per core)
    #[arg(long, env = "EARMARK_THREADS", default_value_t = 0, value_parser = threads, help_heading = "Compute")]
    pub threads: usize,
}

/// More threads than this never help and cost memory.
const MAX_THREADS: usize = 512;

/// A number of threads.
pub fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if n <= MAX_THREADS => Ok(n),
        Ok(n) => Err(format!(
            "{n} is more than {MAX_THREADS}; leave it out to use one thread per core"
        )),
        Err(_) => Err("expected a whole number (0 = one per core)".into()),
    }
}

/// A value of a closed set: its name on the command line, its help, and itself.
pub type Choice<T> = (&'static str, &'static str, T);

/// Parses a value of a closed set.
pub fn choice<T: Copy + Send + Sync + 'static>(
    choices: &'static [Choice<T>],
) -> impl TypedValueParser<Value = T> {
    let names = choices
        .iter()
        .map(|(name, help, _)| PossibleValue::new(*name).help(*help));
    PossibleValuesParser::new(names).map(|chosen| {
        let found = choices.iter().find(|(name, ..)| *name == chosen);
        found.expect("one of the names").2
    })
}

/// Recordings to score.
#[derive(Args)]
pub struct Source {
    /// A data folder
    #[arg(long, env = "EARMARK_DATA")]
    pub data: Option<PathBuf>,
    /// Subset of the data folder; default: test, if there is one
    #[arg(long, alias = "part")]
    pub subset: Option<String>,
    /// Audio files
    #[arg(long, num_args = 1..)]
    pub files: Vec<PathBuf>,
}

/// A data folder, and how to read it where no recipe says that.
#[derive(Args)]
pub struct DataSource {
    /// The data folder
    pub dir: PathBuf,
    /// Layout: fsdkaggle2018, fsdkaggle2019, esc50, csv or folders; default: detected
    #[arg(long)]
    pub layout: Option<String>,
    /// Table of the csv layout, relative to the data folder
    #[arg(long)]
    pub table: Option<PathBuf>,
    /// Only these subsets (curated, noisy, test, ...)
    #[arg(long = "subset", aliases = ["part", "parts"], value_name = "SUBSET", value_delimiter = ',')]
    pub subsets: Vec<String>,
    /// Set a key of the recipe section [data]
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub data_set: Vec<String>,
}
