//! Arguments of `earmark tag`.

use crate::args::shared::{Choice, Compute, choice, threads};
use clap::Args as ClapArgs;
use earmark::inference::tag::{EventScore, Format};
use earmark::metrics::BlendMean;
use std::path::PathBuf;

const FORMATS: &[Choice<Format>] = &[
    (
        "table",
        "For reading: the best classes with bars, then the events",
        Format::Table,
    ),
    ("csv", "Start (s),End (s),Class,Confidence,File", Format::Csv),
    (
        "birdnet",
        "The columns of BirdNET-Analyzer: Start (s),End (s),Scientific name,Common name,Confidence,File",
        Format::Birdnet,
    ),
    ("json", "An array with one entry per recording", Format::Json),
    ("ndjson", "The same as one line per recording", Format::Ndjson),
    (
        "audacity",
        "A label track of one recording for Audacity",
        Format::Audacity,
    ),
    ("raven", "A selection table for Raven", Format::Raven),
    (
        "parquet",
        "Apache Parquet: file, start_seconds, end_seconds, class, score",
        Format::Parquet,
    ),
];

const EVENT_SCORES: &[Choice<EventScore>] = &[
    ("max", "The highest score in the event", EventScore::Max),
    ("mean", "The mean score over the event", EventScore::Mean),
];

#[derive(ClapArgs)]
pub struct Tag {
    /// Recordings: files, folders (all audio in them, recursively) or quoted patterns such as 'in/**/*.flac'
    #[arg(required = true)]
    pub inputs: Vec<PathBuf>,
    /// Model: MODEL.safetensors, RUN or RUN@STEP; several are blended; default: the only model in the folder EARMARK_MODELS or in
    /// the user's data folder
    #[arg(long, short, env = "EARMARK_MODEL", num_args = 1)]
    pub model: Vec<String>,
    /// How to average several models: arithmetic or geometric
    #[arg(long, default_value = "geometric")]
    pub mean: BlendMean,

    /// Seconds scored at a time; default: the length the model was trained on, or 2 if it takes any length
    #[arg(long, value_name = "SECONDS", help_heading = "Windows")]
    pub window: Option<f64>,
    /// Seconds from one window to the next; default: the model's own, or half of --window
    #[arg(
        long,
        value_name = "SECONDS",
        help_heading = "Windows",
        conflicts_with = "overlap"
    )]
    pub hop: Option<f64>,
    /// Seconds by which neighbouring windows overlap, instead of --hop
    #[arg(long, value_name = "SECONDS", help_heading = "Windows")]
    pub overlap: Option<f64>,
    /// Write the scores of every window instead of events
    #[arg(long, help_heading = "Windows")]
    pub windows: bool,

    /// Minimum score for a class to count as detected; default: the model's own threshold for each class, or 0.3
    #[arg(long, value_name = "SCORE", help_heading = "Events")]
    pub threshold: Option<f32>,
    /// An event lasts while its score stays above this share of the threshold
    #[arg(long, value_name = "SHARE", default_value_t = 0.8, help_heading = "Events")]
    pub release: f32,
    /// Merge events of a class that are at most this far apart
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0, help_heading = "Events")]
    pub merge: f64,
    /// Drop events shorter than this
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0, help_heading = "Events")]
    pub min_duration: f64,
    /// Score of an event, and of a class in the whole recording
    #[arg(long, value_parser = choice(EVENT_SCORES), default_value = "max", help_heading = "Events")]
    pub score: EventScore,
    /// Only these classes, separated by commas
    #[arg(long, value_name = "A,B", help_heading = "Events")]
    pub classes: Vec<String>,
    /// Only the K best classes of each recording or window; default: 5 in lists, all in events
    #[arg(long, value_name = "K", help_heading = "Events")]
    pub top_k: Option<usize>,

    /// Output format; default: by the ending of --out, or a table on the screen
    #[arg(long, value_parser = choice(FORMATS), help_heading = "Output")]
    pub format: Option<Format>,
    /// File to write; - is stdout, the default. Until it is complete, results are in the resume log FILE.journal
    #[arg(
        long,
        short,
        value_name = "FILE",
        help_heading = "Output",
        conflicts_with = "out_dir"
    )]
    pub out: Option<PathBuf>,
    /// Folder to write one file per recording to
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub out_dir: Option<PathBuf>,
    /// Start over instead of resuming an interrupted run with the same output
    #[arg(long, help_heading = "Output")]
    pub fresh: bool,
    /// Keep the resume log at the end, so that the same command later processes only new or changed recordings
    #[arg(long, help_heading = "Output")]
    pub keep_journal: bool,
    /// Number of recordings processed at a time (0 = one per thread)
    #[arg(long, value_name = "N", default_value_t = 0, env = "EARMARK_TAG_WORKERS", value_parser = threads, help_heading = "Compute")]
    pub workers: usize,
    #[command(flatten)]
    pub compute: Compute,
}
