//! Arguments of `earmark export`.

use crate::args::shared::{Choice, choice};
use clap::Args as ClapArgs;
use earmark::inference::export::WeightPrecision;
use std::path::PathBuf;

const PRECISIONS: &[Choice<WeightPrecision>] = &[
    ("float32", "As trained", WeightPrecision::Float32),
    (
        "int8",
        "One byte per weight and a factor per output channel: a quarter of the size, slightly different scores",
        WeightPrecision::Int8,
    ),
];

#[derive(ClapArgs)]
pub struct Export {
    /// MODEL.safetensors, RUN or RUN@STEP
    pub model: String,
    /// Write ONNX (operator set 17), the only format so far
    #[arg(long, required = true)]
    pub onnx: bool,
    /// File to write; - is stdout
    #[arg(long, short)]
    pub out: PathBuf,
    /// Precision of the stored weights
    #[arg(long, alias = "weights", value_parser = choice(PRECISIONS), default_value = "float32")]
    pub precision: WeightPrecision,
    /// Ignore the model's calibration
    #[arg(long)]
    pub raw: bool,
    /// Before writing, score a synthetic clip with the exported graph and with the model, and refuse a float32 export whose scores
    /// differ by more than 1e-4 (takes some seconds, needs no runtime)
    #[arg(long)]
    pub check: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
