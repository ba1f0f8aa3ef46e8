//! Arguments of `earmark tag`.

use clap::{Args as ClapArgs, ValueEnum};
use earmark::inference::tag;
use std::path::PathBuf;

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TagFormat {
    /// For people: the best classes with bars, then the events
    Table,
    /// Start (s),End (s),Class,Confidence,File
    Csv,
    /// The columns of BirdNET-Analyzer: Start (s),End (s),Scientific name,Common name,Confidence,File
    Birdnet,
    /// An array with what was heard in each recording
    Json,
    /// The same, a line a recording
    Ndjson,
    /// A label track of one recording for Audacity
    Audacity,
    /// A selection table for Raven
    Raven,
    /// Apache Parquet: file, start_seconds, end_seconds, class, score
    Parquet,
}

impl From<TagFormat> for tag::Format {
    fn from(format: TagFormat) -> Self {
        match format {
            TagFormat::Table => Self::Table,
            TagFormat::Csv => Self::Csv,
            TagFormat::Birdnet => Self::Birdnet,
            TagFormat::Json => Self::Json,
            TagFormat::Ndjson => Self::Ndjson,
            TagFormat::Audacity => Self::Audacity,
            TagFormat::Raven => Self::Raven,
            TagFormat::Parquet => Self::Parquet,
        }
    }
}

/// Score of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EventScore {
    /// The best moment's
    Max,
    /// The mean over the event
    Mean,
}

impl From<EventScore> for tag::Summary {
    fn from(score: EventScore) -> Self {
        match score {
            EventScore::Max => Self::Max,
            EventScore::Mean => Self::Mean,
        }
    }
}

#[derive(Clone, Debug, ClapArgs)]
pub struct Tag {
    /// Recordings: files, folders (all audio in them, at any depth) or quoted patterns such as 'in/**/*.flac'
    #[arg(required = true)]
    pub inputs: Vec<PathBuf>,
    /// A model: MODEL.safetensors, RUN or RUN@STEP; several are blended. Default: the only one in $EARMARK_MODELS or the user's
    /// data folder
    #[arg(long, short, env = "EARMARK_MODEL", num_args = 1)]
    pub model: Vec<String>,
    /// How several models are blended: arithmetic or geometric
    #[arg(long, default_value = "geometric")]
    pub mean: String,

    /// Seconds heard at a time; default: what the model was trained on, or 2 where it takes any length
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
    /// Seconds that neighbouring windows share, instead of --hop
    #[arg(long, value_name = "SECONDS", help_heading = "Windows")]
    pub overlap: Option<f64>,
    /// Scores of every window instead of events
    #[arg(long, help_heading = "Windows")]
    pub windows: bool,

    /// Score from which on a class is heard; default: the model's own for each class, or 0.3
    #[arg(long, value_name = "SCORE", help_heading = "Events")]
    pub threshold: Option<f32>,
    /// An event goes on while its score is above this share of the threshold
    #[arg(long, value_name = "SHARE", default_value_t = 0.8, help_heading = "Events")]
    pub release: f32,
    /// Events of a class that are no further apart are one
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0, help_heading = "Events")]
    pub merge: f64,
    /// Shorter events are left out
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0, help_heading = "Events")]
    pub min_duration: f64,
    /// Score of an event, and of a class in the whole recording
    #[arg(long, value_enum, default_value_t = EventScore::Max, help_heading = "Events")]
    pub score: EventScore,
    /// Only these classes, with commas between them
    #[arg(long, value_name = "A,B", help_heading = "Events")]
    pub classes: Vec<String>,
    /// Only the K best classes of each recording, or of each window; default: the 5 best are listed, events are of all
    #[arg(long, value_name = "K", help_heading = "Events")]
    pub top_k: Option<usize>,

    /// What is written; default: what the name of --out tells, a table on the screen
    #[arg(long, value_enum, help_heading = "Output")]
    pub format: Option<TagFormat>,
    /// File to write; - is stdout, the default. Until it is done, results are in FILE.journal
    #[arg(
        long,
        short,
        value_name = "FILE",
        help_heading = "Output",
        conflicts_with = "out_dir"
    )]
    pub out: Option<PathBuf>,
    /// Folder to write a file for each recording to
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub out_dir: Option<PathBuf>,
    /// Begin anew where an interrupted run with the same --out or --out-dir would be gone on with
    #[arg(long, help_heading = "Output")]
    pub fresh: bool,
    /// Keep the journal when all is done: the same command then hears only recordings that are new or have changed
    #[arg(long, help_heading = "Output")]
    pub keep_journal: bool,
    /// Recordings heard at a time; 0 is one a thread
    #[arg(long, default_value_t = 0, env = "EARMARK_TAG_WORKERS", value_parser = crate::args::threads)]
    pub workers: usize,
}
