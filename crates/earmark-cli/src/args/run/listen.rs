//! Arguments of `earmark listen`.

use clap::{Args as ClapArgs, ValueEnum};
use std::num::NonZeroUsize;

/// How raw samples are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RawFormat {
    /// Signed 16 bits, little-endian
    S16,
    /// Float 32 bits, little-endian
    F32,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct Listen {
    /// MODEL.safetensors, RUN or RUN@STEP; several are blended, and so are the folds of a RUN of several
    #[arg(long, short, required = true, num_args = 1.., env = "EARMARK_MODEL", value_delimiter = ';')]
    pub model: Vec<String>,
    /// An audio file, which is played; - for raw samples on stdin; mic for the microphone (in builds with the feature `mic`)
    #[arg(long, short, default_value = "mic")]
    pub input: String,
    /// Raw samples on stdin: samples a second
    #[arg(long, value_name = "HZ", default_value_t = 44_100)]
    pub rate: u32,
    /// Raw samples on stdin: how each is written
    #[arg(long, value_enum, default_value_t = RawFormat::S16)]
    pub format: RawFormat,
    /// Raw samples on stdin: channels, one sample of each in turn
    #[arg(long, default_value_t = 1)]
    pub channels: u16,
    /// Seconds between judgements, at most 1
    #[arg(long, value_name = "SECONDS", default_value_t = 0.5)]
    pub hop: f64,
    /// Seconds that are judged at a time; default the length that the model was trained on
    #[arg(long, value_name = "SECONDS")]
    pub window: Option<f64>,
    /// Seconds in which old scores fade to a third; 0 shows each window by itself
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0)]
    pub smooth: f64,
    /// Labels to show
    #[arg(long, default_value = "3")]
    pub top: NonZeroUsize,
    /// How several models are blended: arithmetic or geometric
    #[arg(long, default_value = "geometric")]
    pub mean: String,
    /// Leave out the calibration that `earmark calibrate` has written into a model
    #[arg(long)]
    pub raw: bool,
    /// End after so much of the stream
    #[arg(long, value_name = "SECONDS")]
    pub seconds: Option<f64>,
    /// As fast as possible instead of in real time; not for the microphone
    #[arg(long)]
    pub fast: bool,
    /// A line of JSON at each hop, and a summary at the end
    #[arg(long)]
    pub json: bool,
}
