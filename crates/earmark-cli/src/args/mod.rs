//! The command line, a file a verb. Every setting can come from a recipe, then the environment (`EARMARK_*`), then a flag.

mod data;
mod evaluate;
mod run;
mod train;

pub use data::*;
pub use evaluate::*;
pub use run::*;
pub use train::*;

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
    /// Write what the model will see of a file, [channels, bands, frames] float32, as .npy; or summary features as .csv
    #[command(
        after_help = "Examples:\n  earmark features dog.ogg --recipe dcase2019-baseline/esc10 -o dog.npy\n  \
        earmark features --summary --data ESC-10 -o esc10.csv"
    )]
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
    /// Write a model for other programs: ONNX, samples in, scores out
    #[command(
        after_help = "Examples:\n  earmark export runs/a --onnx -o model.onnx --check\n  \
        earmark export model.safetensors --onnx -o small.onnx --weights int8\n\n\
        The input `waveform` is float32 [batch, samples]: mono, -1 to 1, at the model's rate, clips of\n\
        any length. The outputs are `scores` [batch, classes] as `earmark predict` gives them, `logits`\n\
        and `embedding`. Decoding and resampling are left to the program that uses the file; classes,\n\
        rate and licence stand in its metadata."
    )]
    Export(Export),
    /// Hear a stream and say what is in it, live: a file that is played, raw samples from a pipe, a microphone
    #[command(
        after_help = "Examples:\n  earmark listen --model runs/a --input evening.flac\n  \
        earmark listen --model runs/a --input evening.flac --fast --json\n  \
        arecord -q -f S16_LE -r 44100 -t raw | earmark listen --model runs/a --input - --rate 44100\n\n\
        In a terminal: a moving picture of the sound, and the best labels with their scores. Where there is none, or NO_COLOR is\n\
        set: a line at each hop. Ctrl-C ends it and says how fast it was."
    )]
    Listen(Listen),
    /// Pack models and this program into a folder that scores recordings without network or installation
    #[command(after_help = "Examples:\n  earmark bundle runs/cv -o my-bundle\n  \
        earmark bundle runs/a runs/b@500 --weights 2,1 -o my-bundle\n\n\
        There: sh my-bundle/predict.sh DATA submission.csv")]
    Bundle(Bundle),
    /// Train the second level: a network that learns from what several runs of folds say of clips they did not learn from
    #[command(
        after_help = "Examples:\n  earmark stack runs/a runs/b runs/c --run runs/stack\n  \
        earmark stack runs/a runs/b --run runs/search --search 20\n  \
        earmark stack runs/a runs/b --recipe runs/search/best.toml --run runs/stack --resume\n\n\
        The run of fold K learns from the other folds and is judged on K. Then `earmark predict runs/stack --data DIR` asks the runs\n\
        and the second level, and `earmark predict runs/stack --out-of-fold` gives its scores of the clips themselves."
    )]
    Stack(Stack),
    /// Search for settings: many trainings of a recipe, compared by clips that are not judged
    #[command(
        after_help = "Examples:\n  earmark tune folder --data sounds --fold 1 --grid train.learning-rate=1e-4,1e-3\n  \
        earmark tune my.toml --data sounds --random 20 --range train.learning-rate=1e-4..1e-2:log\n\n\
        Each trial is a run in a folder of its own (trial-001, ...). trials.json is the journal, best.toml the recipe of the best one.\n\
        The fold that --fold keeps is seen by no trial: train best.toml with it once, and judge."
    )]
    Tune(Tune),
    /// Blend score tables, all of them or those that score best together
    #[command(
        after_help = "Examples:\n  earmark blend a.csv b.csv -o both.csv --mean geometric --weights 2,1\n  \
        earmark blend runs/a runs/b runs/stack --select -o oof.csv --chosen chosen.txt\n  \
        earmark blend a.csv b.csv --select --truth train.csv --fold-table folds.csv -o oof.csv"
    )]
    Blend(Blend),
    /// Make a model's scores chances and give each class its threshold, by scores of clips that it did not learn from
    #[command(after_help = "Examples:\n  earmark calibrate runs/cv --in-place\n  \
        earmark calibrate runs/all --from runs/cv -o tagger.safetensors\n  \
        earmark calibrate model.safetensors --scores oof.csv --truth train.csv -o calibrated.safetensors")]
    Calibrate(Calibrate),
    /// Write embeddings of recordings: the numbers that a model's last layers classify
    #[command(after_help = "Example: earmark embed mn04.safetensors --data my-sounds -o sounds.npy")]
    Embed(Embed),
    /// Find recordings that sound like one
    #[command(
        after_help = "Example: earmark neighbours bird.wav --in sounds.npy --model mn04.safetensors --top 10"
    )]
    Neighbours(Neighbours),
    /// Make a tagger of a labelled folder in seconds: a new last layer on a model that stays as it is
    #[command(
        after_help = "Examples:\n  earmark probe mn04.safetensors --data my-sounds -o tagger.safetensors\n  \
        earmark probe mn04.safetensors --data ESC-10 --folds all"
    )]
    Probe(Probe),
    /// Judge a score table against the truth
    #[command(after_help = "Example: earmark score --truth test.csv --scores scores.csv --json")]
    Score(Score),
    /// What is heard in recordings, and when
    #[command(after_help = "Examples:\n  earmark tag dog.ogg --model runs/a\n  \
        earmark tag archive --model runs/a -o tags.csv\n  \
        earmark tag night.flac --model mn04.safetensors --threshold 0.2 --merge 2 --classes Owl,Frog\n  \
        earmark tag archive --model runs/a --format audacity --out-dir labels\n\n\
        A window is scored as a clip of its samples would be. An event is a stretch of time over which the mean score of the windows\n\
        around it reaches the threshold. Ctrl-C, a kill or a power cut lose nothing that is in the journal beside --out: the same\n\
        command goes on there. Recordings that can't be heard are named at the end, and the exit status is then 2.")]
    Tag(Tag),
    /// The recipes inside the program
    #[command(after_help = "Example: earmark recipes list")]
    Recipes {
        #[command(subcommand)]
        what: Recipes,
    },
    /// Find labels that are likely wrong, or right
    #[command(after_help = "Example: earmark review worst runs/cv")]
    Review {
        #[command(subcommand)]
        what: Review,
    },
    /// Write a commented starting recipe for one's own folder of sounds
    #[command(after_help = "Example: earmark init my-sounds")]
    Init(Init),
    /// The laboratory journal: runs below a folder side by side
    #[command(
        after_help = "Examples:\n  earmark runs runs --sort accuracy\n  earmark runs --compare runs/noisy runs/curated"
    )]
    Runs(Runs),
    /// Write a run's report.html again
    #[command(
        after_help = "Examples:\n  earmark report runs/a --data ESC-10\n  earmark report runs/curated --compare runs/noisy"
    )]
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
