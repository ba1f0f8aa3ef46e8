//! Arguments of `earmark bench`.

use crate::args::shared::{Choice, Compute, RecipeArgs, choice};
use clap::Args as ClapArgs;
use earmark::train::benchmark::Measurement;

const PARTS: &[Choice<Measurement>] = &[
    ("front-end", "Audio to features", Measurement::FrontEnd),
    (
        "train-step",
        "Forward, backward and update of a batch",
        Measurement::TrainStep,
    ),
    ("inference", "Scores of a batch", Measurement::Inference),
    (
        "inference-one",
        "Scores of a single segment",
        Measurement::InferenceOne,
    ),
];

#[derive(ClapArgs)]
pub struct Bench {
    /// Recipe to measure
    #[arg(long, env = "EARMARK_RECIPE", default_value = "dcase2019-baseline/1-noisy")]
    pub recipe: String,
    #[command(flatten)]
    pub overrides: RecipeArgs,
    /// Batch size; default: the recipe's
    #[arg(long, value_name = "N")]
    pub batch: Option<usize>,
    /// Number of classes
    #[arg(long, alias = "classes", value_name = "N", default_value_t = 80)]
    pub class_count: usize,
    /// Minimum number of repetitions of each measurement; the median is reported
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub repeat: usize,
    /// Measure only these
    #[arg(long, value_parser = choice(PARTS), value_delimiter = ',')]
    pub only: Vec<Measurement>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub compute: Compute,
}
