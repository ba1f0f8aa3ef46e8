//! The command line, a file a verb. Every setting can come from a recipe, then the environment (`EARMARK_*`), then a flag.

mod bench;
mod blend;
mod data;
mod demo;
mod eval;
mod features;
mod init;
mod models;
mod predict;
mod recipes;
mod report;
mod review;
mod runs;
mod score;
mod train;

pub use bench::{Bench, BenchPart};
pub use blend::Blend;
pub use data::{Data, DataCheck, DataClasses, DataFolds, DataStats, Layout};
pub use demo::Demo;
pub use eval::Eval;
pub use features::Features;
pub use init::Init;
pub use models::{ModelGet, ModelImport, Models};
pub use predict::{Format, Predict};
pub use recipes::Recipes;
pub use report::Report;
pub use review::{Action, Review, ReviewBy, Worst};
pub use runs::Runs;
pub use score::Score;
pub use train::Train;

use clap::builder::BoolishValueParser;
use clap::{Args as ClapArgs, Parser, Subcommand};

/// Train, judge and run audio taggers.
#[derive(Debug, Parser)]
#[command(
    name = "earmark",
    version,
    max_term_width = 100,
    after_help = "Start with `earmark demo`; no data is needed."
)]
pub struct Args {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Settings of every command.
#[derive(Clone, Debug, ClapArgs)]
pub struct Global {
    /// Device to compute on: cpu, cpu-plain (without earmark's own kernels, slow), or what the build was made with (vulkan,
    /// webgpu, metal)
    #[arg(long, global = true, env = "EARMARK_DEVICE", default_value = "cpu")]
    pub device: String,
    /// Threads to compute with; 0 is one a core
    #[arg(long, global = true, env = "EARMARK_THREADS", default_value_t = 0, value_parser = threads)]
    pub threads: usize,
    /// No progress; skipped inputs and failures are still told
    #[arg(long, short, global = true, env = "EARMARK_QUIET", value_parser = BoolishValueParser::new())]
    pub quiet: bool,
}

/// More threads than this never help and cost memory.
const MAX_THREADS: usize = 512;

fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if n <= MAX_THREADS => Ok(n),
        Ok(n) => Err(format!(
            "{n} is more than {MAX_THREADS}; leave it out to use one a core"
        )),
        Err(_) => Err("choose a whole number; 0 is one a core".into()),
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Try everything without data: synthesise a small labelled set, train on it, judge, predict, report
    #[command(after_help = "Example: earmark demo --out my-demo")]
    Demo(Demo),
    /// Look at data: statistics, checks, class maps, folds
    #[command(after_help = "Example: earmark data check my-sounds")]
    Data {
        #[command(subcommand)]
        what: Data,
    },
    /// Write what the model will see of a file, [channels, bands, frames] float32, as .npy
    #[command(after_help = "Example: earmark features dog.ogg --recipe dcase2019-baseline/esc10 -o dog.npy")]
    Features(Features),
    /// Train a recipe on a data folder
    #[command(
        after_help = "Examples:\n  earmark train dcase2019-baseline/esc10 --data ESC-10 --fold 1\n  \
        earmark train my.toml --data sounds --run runs/a --set train.epochs=20\n  \
        earmark train my.toml --data sounds --run runs/a --resume\n  \
        earmark train dcase2019-baseline/esc10 --data ESC-10 --run runs/cv --folds all\n\n\
        Ctrl-C ends the training after the step (or the batch of a validation) in hand and keeps its weights as a checkpoint of\n\
        their own, beside those that the recipe keeps. --resume goes on exactly there, and ends as if nothing had been."
    )]
    Train(Train),
    /// Judge a run's checkpoints
    #[command(after_help = "Example: earmark eval runs/a --data ESC-10 --every 5")]
    Eval(Eval),
    /// Score recordings with a model or a run; several models are blended
    #[command(
        after_help = "Examples:\n  earmark predict runs/a@500 --data FSDKaggle2019 -o submission.csv --format kaggle2019\n  \
        earmark predict model.safetensors --files *.wav -o scores.csv\n  \
        earmark predict runs/cv --out-of-fold -o oof.csv"
    )]
    Predict(Predict),
    /// Blend score tables
    #[command(after_help = "Example: earmark blend a.csv b.csv -o both.csv --mean geometric --weights 2,1")]
    Blend(Blend),
    /// Judge a score table against the truth
    #[command(after_help = "Example: earmark score --truth test.csv --scores scores.csv --json")]
    Score(Score),
    /// The recipes inside the program
    #[command(after_help = "Example: earmark recipes list")]
    Recipes {
        #[command(subcommand)]
        what: Recipes,
    },
    /// Find labels that are likely wrong
    #[command(after_help = "Example: earmark review worst runs/cv")]
    Review {
        #[command(subcommand)]
        what: Review,
    },
    /// Write a commented starting recipe for one's own folder of sounds
    #[command(after_help = "Example: earmark init my-sounds")]
    Init(Init),
    /// The laboratory journal: runs below a folder side by side
    #[command(after_help = "Example: earmark runs runs --sort accuracy")]
    Runs(Runs),
    /// Write a run's report.html again
    #[command(after_help = "Example: earmark report runs/a --data ESC-10")]
    Report(Report),
    /// Describe models; fetch and take in published ones
    #[command(
        after_help = "Examples:\n  earmark models list\n  earmark models get efficientat-mn04-as\n  earmark models info runs/a\n  \
        earmark models import mn04_as_mAP_432.pt --as efficientat-mn04 -o mn04.safetensors"
    )]
    Models {
        #[command(subcommand)]
        what: Models,
    },
    /// Measure front end, training step and inference on this machine
    #[command(after_help = "Example: earmark bench --recipe dcase2019-baseline/1-noisy --batch 16 --json")]
    Bench(Bench),
}

/// A recipe with overrides.
#[derive(Clone, Debug, ClapArgs)]
pub struct RecipeArgs {
    /// Override a key of the recipe
    #[arg(
        long = "set",
        value_name = "KEY=VALUE",
        env = "EARMARK_SET",
        value_delimiter = ';'
    )]
    pub set: Vec<String>,
}
