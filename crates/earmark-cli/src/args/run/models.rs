//! Arguments of `earmark models`.

use clap::{Args as ClapArgs, Subcommand};
use std::num::NonZeroUsize;
use std::path::PathBuf;

#[derive(Clone, Debug, Subcommand)]
pub enum Models {
    /// Published models, and those that are installed
    #[command(after_help = "Example: earmark models list")]
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Fetch a published model from its authors and install it
    #[command(after_help = "Example:\n  earmark models get efficientat-mn04-as\n\n\
        Models lie in $EARMARK_MODELS, else in the user's data folder, and are then known by their names:\n  \
        earmark predict efficientat-mn04-as --files *.wav -o scores.csv\n\n\
        An interrupted transfer is gone on from by the next call. Where there is no network, the message says which file to\n\
        fetch by hand and how to import it.")]
    Get(ModelGet),
    /// What a model file, a run or a recipe is made of
    #[command(
        after_help = "Examples:\n  earmark models info runs/a@500\n  earmark models info dcase2019-baseline/1-noisy --recipe --classes 80"
    )]
    Info {
        /// MODEL.safetensors, RUN, RUN@STEP, an installed model's name, or a recipe with --recipe
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
    /// Make a model file of a published PyTorch checkpoint
    #[command(
        after_help = "Example:\n  earmark models import mn04_as_mAP_432.pt --as efficientat-mn04 -o mn04.safetensors\n\n\
        Nothing in the checkpoint is run: its tensors are read, and each is checked by name and shape."
    )]
    Import(ModelImport),
    /// The mean of several models' weights as one model: the last checkpoints of a run, or runs from one start
    #[command(
        after_help = "Examples:\n  earmark models average runs/a --last 5 -o averaged.safetensors\n  \
        earmark models average runs/a@800 runs/a@900 runs/a@1000 -o averaged.safetensors"
    )]
    Average(Average),
}

#[derive(Clone, Debug, ClapArgs)]
pub struct ModelGet {
    /// A name of `earmark models list`
    pub name: String,
    /// Fetch it from here instead, such as from a mirror; the checksum must be the same
    #[arg(long)]
    pub url: Option<String>,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct ModelImport {
    /// The checkpoint, .pt or .pth, as it was published; for mobilenet-v2-imagenet also .safetensors
    pub file: PathBuf,
    /// Which network it is: efficientat-mn04 (or another size), panns-cnn14, ..., or mobilenet-v2-imagenet, a body to start trainings from
    #[arg(long = "as", value_name = "NAME")]
    pub architecture: String,
    /// Model file to write; by default NAME.safetensors in the models folder
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// Table of class names, where they are not AudioSet's: `index,name` lines
    #[arg(long)]
    pub labels: Option<PathBuf>,
    /// Where the weights come from, to be kept in the model file
    #[arg(long)]
    pub source: Option<String>,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct Average {
    /// Models: MODEL.safetensors, RUN or RUN@STEP; with --last, one RUN
    #[arg(required = true)]
    pub models: Vec<String>,
    /// The last so many checkpoints of the run
    #[arg(long, value_name = "COUNT")]
    pub last: Option<NonZeroUsize>,
    /// The model file to write
    #[arg(long, short)]
    pub out: PathBuf,
}
