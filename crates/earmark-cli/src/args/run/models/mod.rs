//! Arguments of `earmark models`.

mod average;
mod get;
mod import;
mod info;

pub use average::Average;
pub use get::GetModel;
pub use import::ImportModel;
pub use info::ModelInfo;

use clap::Subcommand;

#[derive(Subcommand)]
pub enum Models {
    /// List published models and installed ones
    #[command(after_help = "Example: earmark models list")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Download a published model from its authors and install it
    #[command(after_help = "Example:\n  earmark models get efficientat-mn04-as\n\n\
        Models are kept in the folder EARMARK_MODELS, or else in the user's data folder, and can then be used by name:\n  \
        earmark predict efficientat-mn04-as --files *.wav -o scores.csv\n\n\
        Run the command again to resume an interrupted download. Where there is no network, the message says which file to \
        download elsewhere and how to import it.")]
    Get(GetModel),
    /// Describe a model file, a run or a recipe: metadata, layers, parameters
    #[command(after_help = "Examples:\n  earmark models info runs/a@500\n  \
        earmark models info dcase2019-baseline/1-noisy --recipe --class-count 80")]
    Info(ModelInfo),
    /// Convert a published PyTorch checkpoint to a model file
    #[command(
        after_help = "Example:\n  earmark models import mn04_as_mAP_432.pt --as efficientat-mn04 -o mn04.safetensors\n\n\
        No code in the checkpoint is executed: its tensors are read, and each is checked by name and shape."
    )]
    Import(ImportModel),
    /// Average the weights of several models: the last checkpoints of a run, or runs with the same start
    #[command(
        after_help = "Examples:\n  earmark models average runs/a --last 5 -o averaged.safetensors\n  \
        earmark models average runs/a@800 runs/a@900 runs/a@1000 -o averaged.safetensors"
    )]
    Average(Average),
}
