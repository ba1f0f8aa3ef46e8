//! What counts as an event, and the formats of results: of `tag` and of `events`.

use super::{Choice, choice};
use clap::Args;
use earmark::inference::ThresholdConfig;
use earmark::inference::tag::{EventScore, Format, TagConfig};

/// Formats of results.
pub const TAG_FORMATS: &[Choice<Format>] = &[
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
        "Apache Parquet: file,start_seconds,end_seconds,class,score",
        Format::Parquet,
    ),
    (
        "aoef",
        "JSON of the Python package soundevent: a prediction set",
        Format::Aoef,
    ),
];

const EVENT_SCORES: &[Choice<EventScore>] = &[
    ("max", "The highest score in the event", EventScore::Max),
    ("mean", "The mean score over the event", EventScore::Mean),
];

/// Heading of the arguments.
const EVENTS: &str = "Events";

/// The default of `--release`.
const RELEASE: f32 = 0.8;

/// What counts as an event.
#[derive(Args)]
pub struct EventArgs {
    /// Minimum score for a class to count as detected: a number for all classes, CLASS=NUMBER for one, a file of both
    /// (CSV with the columns class,threshold, or JSON), or model for the model's own; can be given several times;
    /// default: the model's own, or 0.3
    #[arg(long, value_name = "SCORE|CLASS=SCORE|FILE", help_heading = EVENTS)]
    pub threshold: Vec<String>,
    /// An event lasts while its score stays above this share of the threshold
    #[arg(long, value_name = "SHARE", default_value_t = RELEASE, help_heading = EVENTS)]
    pub release: f32,
    /// Merge events of a class that are at most this far apart
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0, help_heading = EVENTS)]
    pub merge: f64,
    /// Drop events shorter than this
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0, help_heading = EVENTS)]
    pub min_duration: f64,
    /// Score of an event, and of a class in the whole recording
    #[arg(long, value_parser = choice(EVENT_SCORES), default_value = "max", help_heading = EVENTS)]
    pub score: EventScore,
    /// Only these classes, separated by commas; double quotes around a name say where it ends; of a species, the
    /// scientific or the common name is enough
    #[arg(long, value_name = "A,B", help_heading = EVENTS)]
    pub classes: Vec<String>,
    /// Only the K best classes of each recording or window; default: 5 in lists, all in events
    #[arg(long, value_name = "K", help_heading = EVENTS)]
    pub top_k: Option<usize>,
}

impl EventArgs {
    /// The first of the flags that is given and changes events, but no score of a window.
    pub fn first_given(&self) -> Option<&'static str> {
        let given = [
            ("--threshold", !self.threshold.is_empty()),
            ("--release", self.release != RELEASE),
            ("--merge", self.merge != 0.0),
            ("--min-duration", self.min_duration != 0.0),
        ];
        given
            .into_iter()
            .find_map(|(flag, is_given)| is_given.then_some(flag))
    }

    /// Settings with what is said here.
    pub fn over(&self, settings: TagConfig) -> anyhow::Result<TagConfig> {
        Ok(TagConfig {
            classes: self.classes.clone(),
            thresholds: ThresholdConfig::parse(&self.threshold)?,
            release: self.release,
            merge_seconds: self.merge,
            min_seconds: self.min_duration,
            event_score: self.score,
            top: self.top_k,
            ..settings
        })
    }
}
