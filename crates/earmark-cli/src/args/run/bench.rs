//! Arguments of `earmark bench`.

use crate::args::RecipeArgs;
use clap::{Args as ClapArgs, ValueEnum};

#[derive(Clone, Debug, ClapArgs)]
pub struct Bench {
    /// Recipe to measure
    #[arg(long, env = "EARMARK_RECIPE", default_value = "dcase2019-baseline/1-noisy")]
    pub recipe: String,
    #[command(flatten)]
    pub overrides: RecipeArgs,
    /// Batch size; default the recipe's
    #[arg(long)]
    pub batch: Option<usize>,
    /// Number of classes
    #[arg(long, default_value_t = 80)]
    pub classes: usize,
    /// Repetitions of each measurement, at least; the median counts
    #[arg(long, default_value_t = 5)]
    pub repeat: usize,
    /// Measure these parts alone
    #[arg(long, value_enum, value_delimiter = ',')]
    pub only: Vec<BenchPart>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// What `earmark bench` measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BenchPart {
    /// Audio to features
    FrontEnd,
    /// Forward, backward and update of a batch
    TrainStep,
    /// Scores of a batch
    Inference,
    /// Scores of a single example
    InferenceOne,
}
