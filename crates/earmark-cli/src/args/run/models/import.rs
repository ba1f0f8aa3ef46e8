//! Arguments of `earmark models import`.

use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(ClapArgs)]
pub struct ImportModel {
    /// The published checkpoint, .pt or .pth; for mobilenet-v2-imagenet also .safetensors
    pub file: PathBuf,
    /// Its network: efficientat-mn04 (or another size), panns-cnn14, ..., or mobilenet-v2-imagenet, a backbone to start trainings from
    #[arg(long = "as", value_name = "NAME")]
    pub architecture: String,
    /// Model file to write; default: NAME.safetensors in the models folder
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// Table of class names (`index,name` lines), if they are not AudioSet's
    #[arg(long, value_name = "TABLE")]
    pub labels: Option<PathBuf>,
    /// Where the weights come from, to be recorded in the model file
    #[arg(long)]
    pub source: Option<String>,
}
