//! Arguments of `earmark models info`.

use clap::Args as ClapArgs;

#[derive(ClapArgs)]
pub struct ModelInfo {
    /// MODEL.safetensors, RUN, RUN@STEP, name of an installed model, or a recipe with --recipe
    pub model: String,
    /// Describe a recipe
    #[arg(long)]
    pub recipe: bool,
    /// Number of classes, for a recipe
    #[arg(long, alias = "classes", value_name = "N", default_value_t = 80)]
    pub class_count: usize,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
