//! Arguments of `earmark listen`.

use crate::args::shared::{Choice, Compute, choice};
use clap::Args as ClapArgs;
use earmark::inference::stream::PcmSample;
use earmark::metrics::BlendMean;
use std::num::NonZeroUsize;

const ENCODINGS: &[Choice<PcmSample>] = &[
    ("s16", "Signed 16-bit integers, little-endian", PcmSample::S16),
    ("f32", "32-bit floats, little-endian", PcmSample::F32),
];

#[derive(ClapArgs)]
pub struct Listen {
    /// Model: MODEL.safetensors, RUN or RUN@STEP; several, and the folds of a cross-validation RUN, are blended
    #[arg(long, short, required = true, num_args = 1.., env = "EARMARK_MODEL", value_delimiter = ';')]
    pub model: Vec<String>,
    /// An audio file to play, - for raw samples on stdin, or mic for the microphone (in builds with the feature `mic`)
    #[arg(long, short, default_value = "mic")]
    pub input: String,
    /// Seconds between scores, at most 1
    #[arg(long, value_name = "SECONDS", default_value_t = 0.5)]
    pub hop: f64,
    /// Seconds scored at a time; default: the length the model was trained on
    #[arg(long, value_name = "SECONDS")]
    pub window: Option<f64>,
    /// Time constant of smoothing over past scores (0 = none)
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0)]
    pub smooth: f64,
    /// Number of labels to show
    #[arg(long, alias = "top", value_name = "K", default_value = "3")]
    pub top_k: NonZeroUsize,
    /// How to average several models: arithmetic or geometric
    #[arg(long, default_value = "geometric")]
    pub mean: BlendMean,
    /// Ignore the models' calibration
    #[arg(long)]
    pub raw: bool,
    /// Stop after this many seconds of the stream
    #[arg(long, value_name = "SECONDS")]
    pub seconds: Option<f64>,
    /// Play a file as fast as possible instead of in real time
    #[arg(long)]
    pub fast: bool,
    /// Print a line of JSON per hop and a summary at the end
    #[arg(long)]
    pub json: bool,

    /// Sample rate
    #[arg(
        long,
        value_name = "HZ",
        default_value_t = 44_100,
        help_heading = "Raw samples on stdin"
    )]
    pub rate: u32,
    /// Encoding of a sample
    #[arg(long, value_parser = choice(ENCODINGS), default_value = "s16", help_heading = "Raw samples on stdin")]
    pub encoding: PcmSample,
    /// Number of interleaved channels
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        help_heading = "Raw samples on stdin"
    )]
    pub channels: u16,
    #[command(flatten)]
    pub compute: Compute,
}
