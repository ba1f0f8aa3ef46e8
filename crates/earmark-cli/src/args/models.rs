//! Arguments of `earmark models`.

use clap::Subcommand;

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
