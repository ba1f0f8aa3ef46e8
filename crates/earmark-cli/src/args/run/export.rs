//! Arguments of `earmark export`.

use clap::{Args as ClapArgs, ValueEnum};
use std::path::PathBuf;

/// How weights are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StoredWeights {
    /// As they were trained
    Float32,
    /// A byte each, with a factor for each output channel: a quarter of the size; scores change a little
    Int8,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct Export {
    /// MODEL.safetensors, RUN or RUN@STEP
    pub model: String,
    /// As ONNX (operator set 17), the one format there is
    #[arg(long, required = true)]
    pub onnx: bool,
    /// File to write; - is stdout
    #[arg(long, short)]
    pub out: PathBuf,
    /// How the network's weights are stored
    #[arg(long, value_enum, default_value_t = StoredWeights::Float32)]
    pub weights: StoredWeights,
    /// Leave out the calibration that the model may hold
    #[arg(long)]
    pub raw: bool,
    /// Before writing, score a made-up clip by the exported graph (by plain loops: no runtime is needed, but some seconds) and by the
    /// model, and refuse a float32 export whose scores differ by more than 1e-4
    #[arg(long)]
    pub check: bool,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}
