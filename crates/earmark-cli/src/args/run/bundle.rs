//! Arguments of `earmark bundle`.

use clap::Args as ClapArgs;
use earmark::metrics::BlendMean;
use std::path::PathBuf;

#[derive(ClapArgs)]
pub struct Bundle {
    /// Models: MODEL.safetensors, RUN or RUN@STEP; a cross-validation RUN counts as one model per fold
    #[arg(required = true)]
    pub models: Vec<String>,
    /// The folder to write
    #[arg(long, short)]
    pub out: PathBuf,
    /// How to average several models: arithmetic or geometric
    #[arg(long, default_value = "geometric")]
    pub mean: BlendMean,
    /// Weights of the models in the mean, one per model
    #[arg(long, value_delimiter = ',')]
    pub weights: Vec<f64>,
    /// The program to include, such as a static build; default: the one that is running
    #[arg(long, value_name = "FILE")]
    pub program: Option<PathBuf>,
}
