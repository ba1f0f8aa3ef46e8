//! Arguments of `earmark tune`.

use crate::args::RecipeArgs;
use clap::Args as ClapArgs;
use earmark::train::tuning::Dimension;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// What a random search draws from.
#[derive(Clone, Debug, ClapArgs)]
pub struct SpaceArgs {
    /// A key and two ends; with :log, its logarithm is drawn. Whole numbers where both ends are
    #[arg(long, value_name = "KEY=LOW..HIGH[:log]", value_parser = range)]
    pub range: Vec<Dimension>,
    /// A key and values, each as likely
    #[arg(long, value_name = "KEY=V1,V2,...", value_parser = list)]
    pub choice: Vec<Dimension>,
    /// Where the draws begin
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
}

fn range(text: &str) -> Result<Dimension, String> {
    Dimension::range(text).map_err(|e| e.remedy.to_owned())
}

fn list(text: &str) -> Result<Dimension, String> {
    Dimension::list(text).map_err(|e| e.remedy.to_owned())
}

impl SpaceArgs {
    /// Both lists, ranges first.
    pub fn dimensions(&self) -> Vec<Dimension> {
        [self.range.clone(), self.choice.clone()].concat()
    }
}

#[derive(Clone, Debug, ClapArgs)]
pub struct Tune {
    /// Recipe file, or the name of a built-in recipe
    pub recipe: String,
    /// The data folder
    #[arg(long, env = "EARMARK_DATA")]
    pub data: PathBuf,
    /// The folder of the search; default: a freshly numbered one below runs/
    #[arg(long, env = "EARMARK_RUN")]
    pub run: Option<PathBuf>,
    #[command(flatten)]
    pub overrides: RecipeArgs,
    /// Try every combination of the values of these keys
    #[arg(long, value_name = "KEY=V1,V2,...", value_parser = list, conflicts_with_all = ["random", "range", "choice"], required_unless_present = "random")]
    pub grid: Vec<Dimension>,
    /// Try so many settings, drawn from --range and --choice
    #[arg(long, value_name = "N")]
    pub random: Option<NonZeroUsize>,
    #[command(flatten)]
    pub space: SpaceArgs,
    /// Keep this fold unseen by all trials
    #[arg(long)]
    pub fold: Option<u32>,
    /// Fold table (file,fold), instead of the data's own folds
    #[arg(long, value_name = "TABLE")]
    pub fold_table: Option<PathBuf>,
    /// Compare by the mean over N folds of the clips that are left, instead of the recipe's validation clips
    #[arg(long, value_name = "N")]
    pub inner_folds: Option<u32>,
    /// End trials that are worse than half of those before at the same step
    #[arg(long, conflicts_with = "inner_folds")]
    pub abandon: bool,
    /// Go on with the search where it was interrupted
    #[arg(long, requires = "run")]
    pub resume: bool,
    /// List the trials; train nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The trials as JSON
    #[arg(long)]
    pub json: bool,
}
