//! The command line. Every setting can come from a recipe, then the environment (`EARMARK_*`), then a flag.

use clap::builder::{BoolishValueParser, RangedU64ValueParser};
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use earmark::pipeline::FoldSet;
use std::num::NonZeroUsize;
use std::path::PathBuf;

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
    /// Describe a model file or recipe: classes, layers, weights, multiplies
    #[command(after_help = "Example: earmark models info runs/a")]
    Models {
        #[command(subcommand)]
        what: Models,
    },
    /// Measure front end, training step and inference on this machine
    #[command(after_help = "Example: earmark bench --recipe dcase2019-baseline/1-noisy --batch 16 --json")]
    Bench(Bench),
}

#[derive(Clone, Debug, ClapArgs)]
pub struct Demo {
    /// Folder for data, runs and results
    #[arg(long, default_value = "earmark-demo")]
    pub out: PathBuf,
    /// Seed of the synthetic sounds and of training
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

#[derive(Clone, Debug, Subcommand)]
pub enum Data {
    /// Lengths, classes, sample rates, spectra: as text, and as a page with pictures
    #[command(after_help = "Example: earmark data stats my-sounds --out my-sounds-stats")]
    Stats(DataStats),
    /// Decode every file; find unknown labels, duplicates, leaks between parts and folds, imbalance
    #[command(after_help = "Example: earmark data check my-sounds --json")]
    Check(DataCheck),
    /// Write the class map (index,name)
    #[command(after_help = "Example: earmark data classes my-sounds -o classes.csv")]
    Classes(DataClasses),
    /// Write a fold table (file,fold), stratified by label, groups kept together
    #[command(after_help = "Example: earmark data folds my-sounds --folds 5 -o folds.csv")]
    Folds(DataFolds),
}

/// How a data folder is read, where no recipe says it.
#[derive(Clone, Debug, ClapArgs)]
pub struct Layout {
    /// The data folder
    pub dir: PathBuf,
    /// Layout: fsdkaggle2018, fsdkaggle2019, esc50, csv, folders; default: recognised
    #[arg(long)]
    pub layout: Option<String>,
    /// Table of the csv layout, relative to the folder
    #[arg(long)]
    pub table: Option<PathBuf>,
    /// Only these parts (curated, noisy, test, ...)
    #[arg(long, value_delimiter = ',')]
    pub part: Vec<String>,
    /// Any key of a recipe's [data] section
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct DataStats {
    #[command(flatten)]
    pub layout: Layout,
    /// Folder for stats.html and its pictures as SVG
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct DataCheck {
    #[command(flatten)]
    pub layout: Layout,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct DataClasses {
    #[command(flatten)]
    pub layout: Layout,
    /// File to write; default stdout
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct DataFolds {
    #[command(flatten)]
    pub layout: Layout,
    /// Number of folds
    #[arg(long, default_value_t = 5)]
    pub folds: u32,
    /// Hold out this share instead: fold 1 is held out, fold 0 is the rest
    #[arg(long, conflicts_with = "folds")]
    pub hold_out: Option<f64>,
    /// none, label or iterative; default: iterative where clips have several labels
    #[arg(long)]
    pub stratify: Option<String>,
    /// Do not keep clips of one group together
    #[arg(long)]
    pub ignore_groups: bool,
    /// Seed of the draw
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// File to write; default stdout
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
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

#[derive(Clone, Debug, ClapArgs)]
pub struct Features {
    /// The audio file
    pub file: PathBuf,
    /// Recipe whose front end is used
    #[arg(long, env = "EARMARK_RECIPE")]
    pub recipe: String,
    #[command(flatten)]
    pub overrides: RecipeArgs,
    /// The .npy file to write; - is stdout
    #[arg(long, short)]
    pub out: PathBuf,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct Train {
    /// Recipe file, or the name of a built-in recipe
    pub recipe: String,
    /// The data folder
    #[arg(long, env = "EARMARK_DATA")]
    pub data: PathBuf,
    /// The run directory; default: a freshly numbered one below runs/
    #[arg(long, env = "EARMARK_RUN")]
    pub run: Option<PathBuf>,
    /// Keep this fold for judging
    #[arg(long)]
    pub fold: Option<u32>,
    /// Train and judge these folds in turn, each in a run of its own below the run directory: all, or 1,3,5
    #[arg(long, value_name = "all|K,K,...", conflicts_with_all = ["fold"])]
    pub folds: Option<FoldSet>,
    /// Fold table (file,fold), instead of the data's own folds
    #[arg(long, value_name = "TABLE")]
    pub fold_table: Option<PathBuf>,
    #[command(flatten)]
    pub overrides: RecipeArgs,
    /// Go on with the run where it was interrupted
    #[arg(long, requires = "run")]
    pub resume: bool,
    /// Start from the weights of a model: file, RUN or RUN@STEP
    #[arg(long)]
    pub init_from: Option<String>,
    /// Only variables whose name begins with one of these
    #[arg(long, value_delimiter = ',', requires = "init_from")]
    pub include: Vec<String>,
    /// No variables whose name begins with one of these
    #[arg(long, value_delimiter = ',', requires = "init_from")]
    pub exclude: Vec<String>,
    /// Say the plan, classes, network, memory, disk and time; train nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The outcome (or the plan) as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct Eval {
    /// The run directory, or one of several folds
    pub run: PathBuf,
    /// The data folder
    #[arg(long, env = "EARMARK_DATA")]
    pub data: PathBuf,
    /// Judge this fold instead of the run's own
    #[arg(long)]
    pub fold: Option<u32>,
    /// Fold table (file,fold)
    #[arg(long, value_name = "TABLE")]
    pub fold_table: Option<PathBuf>,
    /// Judge this part (test, curated, ...) where the run keeps no fold
    #[arg(long)]
    pub part: Option<String>,
    /// Judge every so many checkpoints, the last always
    #[arg(long, default_value_t = 1, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    pub every: usize,
    /// Folder for results; default eval/ in the run
    #[arg(long)]
    pub eval_dir: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// Layout of predictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// fname, then a column a class
    Csv,
    /// As csv, file names without folder: the submission of FSDKaggle2019
    Kaggle2019,
    /// fname,label with the three best classes: the submission of FSDKaggle2018
    Kaggle2018,
    /// A JSON array
    Json,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct Predict {
    /// Models: MODEL.safetensors, RUN or RUN@STEP; a RUN of several folds is as many models
    #[arg(required = true)]
    pub models: Vec<String>,
    /// A data folder
    #[arg(long, env = "EARMARK_DATA")]
    pub data: Option<PathBuf>,
    /// Part of the data folder; default test, if it has one
    #[arg(long)]
    pub part: Option<String>,
    /// Audio files
    #[arg(long, num_args = 1..)]
    pub files: Vec<PathBuf>,
    /// File to write; - is stdout
    #[arg(long, short)]
    pub out: PathBuf,
    /// Layout of the file
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    pub format: Format,
    /// How several models are blended: arithmetic or geometric
    #[arg(long, default_value = "geometric")]
    pub mean: String,
    /// A row for each tile that the clips are cut into, with its start in seconds, instead of one for each clip
    #[arg(long)]
    pub tiles: bool,
    /// Of a run of several folds: each clip scored by the fold that did not see it. Data: where it was in training, or --data
    #[arg(long, conflicts_with_all = ["files", "part"])]
    pub out_of_fold: bool,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct Blend {
    /// Score tables
    #[arg(required = true)]
    pub tables: Vec<PathBuf>,
    /// File to write; - is stdout
    #[arg(long, short)]
    pub out: PathBuf,
    /// arithmetic or geometric
    #[arg(long, default_value = "geometric")]
    pub mean: String,
    /// A weight a table
    #[arg(long, value_delimiter = ',')]
    pub weights: Vec<f64>,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct Score {
    /// Truth: fname,labels; or fname,label; or 0/1 columns
    #[arg(long)]
    pub truth: PathBuf,
    /// Scores: fname, then a column a class
    #[arg(long)]
    pub scores: PathBuf,
    /// k of MAP@k
    #[arg(long, default_value_t = 3)]
    pub map_at: usize,
    /// Threshold of F1, precision and recall
    #[arg(long, default_value_t = 0.5)]
    pub threshold: f32,
    /// Resamplings for 95 % confidence intervals; 0 is none
    #[arg(long, default_value_t = 0)]
    pub bootstrap: usize,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Debug, Subcommand)]
pub enum Recipes {
    /// Names and descriptions
    #[command(after_help = "Example: earmark recipes list --json")]
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// A recipe as TOML, with everything it extends and every default
    #[command(after_help = "Example: earmark recipes show dcase2019-baseline/esc10 --set network.width=0.5")]
    Show {
        /// Its name, or a file
        name: String,
        /// As it is written, unresolved
        #[arg(long)]
        raw: bool,
        #[command(flatten)]
        overrides: RecipeArgs,
    },
}

#[derive(Clone, Debug, Subcommand)]
pub enum Review {
    /// The clips whose labels disagree most with scores of models that did not learn from them
    #[command(after_help = "Examples:\n  earmark review worst runs/cv --top 50\n  \
        earmark review worst runs/cv --part curated --below 0.2 --corrections corrections.json\n  \
        earmark review worst --scores oof.csv --truth train.csv --by margin -o worst.csv\n\n\
        Corrections are JSON, a file and what becomes of it: \"remove\", or the right labels. Listen before you use them.")]
    Worst(Worst),
}

/// What clips are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReviewBy {
    /// The clip's own lwlrap
    Lwlrap,
    /// The lowest score of its labels
    SelfConfidence,
    /// That less the highest score of another class, brought to 0 to 1
    Margin,
}

/// What a correction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Action {
    /// Labels the clip with as many of its best classes as it has labels
    Relabel,
    /// Leaves the clip out
    Remove,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct Worst {
    /// A run of several folds, made by `earmark train --folds`
    #[arg(conflicts_with_all = ["scores", "truth"])]
    pub run: Option<PathBuf>,
    /// The data folder; default: where it was in training
    #[arg(long, env = "EARMARK_DATA")]
    pub data: Option<PathBuf>,
    /// Instead of a run: scores of models that did not learn from the clips (fname, then a column a class)
    #[arg(long, requires = "truth")]
    pub scores: Option<PathBuf>,
    /// The labels to look at: fname,labels; or fname,label; or 0/1 columns
    #[arg(long, requires = "scores")]
    pub truth: Option<PathBuf>,
    /// What they are sorted by, the lowest first
    #[arg(long, value_enum, default_value_t = ReviewBy::Lwlrap)]
    pub by: ReviewBy,
    /// How many of them
    #[arg(long, default_value = "20")]
    pub top: NonZeroUsize,
    /// Only those below this
    #[arg(long)]
    pub below: Option<f64>,
    /// Only clips of this part (curated, ...) of a run's data
    #[arg(long, conflicts_with = "scores")]
    pub part: Option<String>,
    /// File for a table as CSV; - is stdout
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// File for corrections as JSON, in argus-2019's form
    #[arg(long)]
    pub corrections: Option<PathBuf>,
    /// What the corrections do
    #[arg(long, value_enum, default_value_t = Action::Relabel)]
    pub action: Action,
    /// As JSON
    #[arg(long, conflicts_with = "out")]
    pub json: bool,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct Init {
    /// The folder; recipe.toml is written into it
    pub dir: PathBuf,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct Runs {
    /// Folder with runs, searched in depth
    #[arg(default_value = "runs")]
    pub dir: PathBuf,
    /// Sort by: lwlrap, accuracy, map@3, mAP, auc, validation, started
    #[arg(long, default_value = "lwlrap")]
    pub sort: String,
    /// Write a page as well
    #[arg(long)]
    pub html: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct Report {
    /// The run directory
    pub run: PathBuf,
    /// The data folder, for pictures of the worst clips; default: as the run remembers it
    #[arg(long, env = "EARMARK_DATA")]
    pub data: Option<PathBuf>,
}

#[derive(Clone, Debug, Subcommand)]
pub enum Models {
    /// What a model file, a run or a recipe is made of
    #[command(
        after_help = "Examples:\n  earmark models info runs/a@500\n  earmark models info dcase2019-baseline/1-noisy --recipe --classes 80"
    )]
    Info {
        /// MODEL.safetensors, RUN, RUN@STEP, or a recipe with --recipe
        model: String,
        /// `model` is a recipe
        #[arg(long)]
        recipe: bool,
        /// Number of classes, where a recipe is described
        #[arg(long, default_value_t = 80)]
        classes: usize,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

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
