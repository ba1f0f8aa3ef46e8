//! Arguments of `earmark bundle`.

use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(Clone, Debug, ClapArgs)]
pub struct Bundle {
    /// Models: MODEL.safetensors, RUN or RUN@STEP; a RUN of several folds is as many models
    #[arg(required = true)]
    pub models: Vec<String>,
    /// The folder to make
    #[arg(long, short)]
    pub out: PathBuf,
    /// How several models are blended: arithmetic or geometric
    #[arg(long, default_value = "geometric")]
    pub mean: String,
    /// A weight a model
    #[arg(long, value_delimiter = ',')]
    pub weights: Vec<f64>,
    /// The program to put in, such as a static one; default the one that is running
    #[arg(long, value_name = "FILE")]
    pub program: Option<PathBuf>,
}
