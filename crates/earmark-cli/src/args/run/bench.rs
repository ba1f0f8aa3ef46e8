//! Arguments of `earmark bench`.

use crate::args::shared::{Choice, Compute, RecipeArgs, choice};
use clap::Args as ClapArgs;
use earmark::train::benchmark::Part;

const PARTS: &[Choice<Part>] = &[
    ("front-end", "Audio to features", Part::FrontEnd),
    (
        "train-step",
        "Forward, backward and update of a batch",
        Part::TrainStep,
    ),
    ("inference", "Scores of a batch", Part::Inference),
    ("inference-one", "Scores of a single segment", Part::InferenceOne),
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
    pub only: Vec<Part>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub compute: Compute,
}
