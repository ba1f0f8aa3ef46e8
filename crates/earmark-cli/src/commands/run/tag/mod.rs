//! `earmark tag`

mod destination;
mod report;

use crate::args::threads;
use crate::prelude::*;
use destination::{Destination, Output};
use earmark::data::DamagedFiles;
use earmark::inference::ThresholdConfig;
use earmark::inference::tag::{self, EventScore, Format, OutputTarget, TagEvent, TagJob, Tagger, WindowHop};
use earmark::metrics::BlendMean;
use report::{describe, summarize};
use std::fs::OpenOptions;
use std::io::{BufWriter, Write};

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

/// Headings of the arguments.
const WINDOWS: &str = "Windows";
const EVENTS: &str = "Events";
const OUTPUT: &str = "Output";

/// Detect sounds in recordings, with start and end times
#[derive(Args)]
#[command(after_help = "Examples:\n  earmark tag dog.ogg --model runs/a\n  \
    earmark tag archive --model runs/a -o tags.csv\n  \
    earmark tag night.flac --model mn04.safetensors --threshold 0.2 --merge 2 --classes Owl,Frog\n  \
    earmark tag archive --model runs/a --threshold model --threshold Dog=0.5 -o tags.csv --json\n  \
    earmark tag archive --model runs/a --format audacity --out-dir labels\n\n\
    Each window is scored like a clip of its length. An event is a time span in which the mean score of the windows around \
    each moment reaches the threshold.\n\n\
    Ctrl-C, a kill or a power cut lose nothing that is in the resume log next to --out: run the same command again to resume. \
    Recordings that cannot be read, or of which a part is missing, are listed at the end, and the exit code is then 2.")]
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

    /// Seconds scored at a time; default: the length of the segments that the model was trained on, or 2 if it was trained on whole
    /// clips
    #[arg(long, value_name = "SECONDS", help_heading = WINDOWS)]
    pub window: Option<f64>,
    /// Seconds from one window to the next; default: half a window
    #[arg(long, value_name = "SECONDS", help_heading = WINDOWS, conflicts_with = "overlap")]
    pub hop: Option<f64>,
    /// Seconds by which neighbouring windows overlap, instead of --hop
    #[arg(long, value_name = "SECONDS", help_heading = WINDOWS)]
    pub overlap: Option<f64>,
    /// Write the scores of every window instead of events
    #[arg(long, help_heading = WINDOWS)]
    pub windows: bool,

    /// Minimum score for a class to count as detected: a number for all classes, CLASS=NUMBER for one, a file of both (CSV with the
    /// columns class,threshold, or JSON), or model for the model's own; can be given several times; default: the model's own, or 0.3
    #[arg(long, value_name = "SCORE|CLASS=SCORE|FILE", help_heading = EVENTS)]
    pub threshold: Vec<String>,
    /// An event lasts while its score stays above this share of the threshold
    #[arg(long, value_name = "SHARE", default_value_t = 0.8, help_heading = EVENTS)]
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
    /// Only these classes, separated by commas; double quotes around a name say where it ends
    #[arg(long, value_name = "A,B", help_heading = EVENTS)]
    pub classes: Vec<String>,
    /// Only the K best classes of each recording or window; default: 5 in lists, all in events
    #[arg(long, value_name = "K", help_heading = EVENTS)]
    pub top_k: Option<usize>,

    /// Output format; default: by the ending of --out, or a table on the screen
    #[arg(long, value_parser = choice(FORMATS), help_heading = OUTPUT)]
    pub format: Option<Format>,
    /// File to write; - is stdout, the default. Until it is complete, results are in the resume log FILE.journal
    #[arg(long, short, value_name = "FILE", help_heading = OUTPUT, conflicts_with = "out_dir")]
    pub out: Option<PathBuf>,
    /// Folder to write one file per recording to
    #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
    pub out_dir: Option<PathBuf>,
    #[command(flatten)]
    pub damaged: DamagedArgs,
    /// Start over instead of resuming an interrupted run with the same output
    #[arg(long, help_heading = OUTPUT)]
    pub fresh: bool,
    /// Keep the resume log at the end, so that the same command later processes only new or changed recordings
    #[arg(long, help_heading = OUTPUT)]
    pub keep_journal: bool,
    /// Print a summary as JSON: inputs, skipped recordings, windows, thresholds
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
    /// Number of recordings processed at a time (0 = one per thread)
    #[arg(long, value_name = "N", default_value_t = 0, env = "EARMARK_TAG_WORKERS", value_parser = threads, help_heading = "Compute")]
    pub workers: usize,
    #[command(flatten)]
    pub compute: Compute,
}

/// Detects sounds in recordings.
pub fn run(args: &Tag, console: &Console) -> anyhow::Result<Status> {
    let output = Output::of(args)?;
    let inputs = tag::inputs::find(&args.inputs)?;
    let tagger = Tagger::new(&request(args)?)?;
    describe(&tagger, &inputs, console);
    let stop = console.stop_flag()?;
    let show = |event: TagEvent| match event {
        TagEvent::Progress {
            files,
            of,
            bytes,
            of_bytes,
        } => console.tagging(files, of, bytes, of_bytes),
        // All of them are listed at the end.
        TagEvent::Skipped { .. } => {}
        TagEvent::Note(text) => console.note(text),
        TagEvent::Warning(text) => console.warning(text),
    };
    let job = TagJob {
        tagger: &tagger,
        threads: args.compute.threads.threads,
        workers: args.workers,
        observer: &show,
        stop: &stop,
    };
    let target = OutputTarget {
        format: output.format,
        fresh: args.fresh,
        keep_log: args.keep_journal,
    };
    let result = match output.to {
        Destination::Stdout => {
            let mut stdout = BufWriter::new(std::io::stdout().lock());
            let result = tag::to_stream(&job, &inputs, output.format, &mut stdout)?;
            stdout.flush().context("stdout")?;
            result
        }
        Destination::Device(path) => {
            let device = OpenOptions::new().write(true).open(path);
            let mut device = device.with_context(|| path.display().to_string())?;
            tag::to_stream(&job, &inputs, output.format, &mut device)?
        }
        Destination::File(path) => tag::to_file(&job, &inputs, target, path)?,
        Destination::Folder(path) => tag::to_folder(&job, &inputs, target, path)?,
    };
    console.clear();
    summarize(&result, &inputs, &tagger, &output, console)
}

fn request(args: &Tag) -> anyhow::Result<tag::TagConfig> {
    let mut models = args.model.clone();
    if models.is_empty() {
        let path = tag::default_model::default_model()?;
        models.push(path.to_string_lossy().into_owned());
    }
    Ok(tag::TagConfig {
        models,
        mean: args.mean,
        device: args.compute.device.clone(),
        window_seconds: args.window,
        hop: match (args.hop, args.overlap) {
            (Some(hop), _) => WindowHop::Hop(hop),
            (None, Some(overlap)) => WindowHop::Overlap(overlap),
            (None, None) => WindowHop::Default,
        },
        classes: args.classes.clone(),
        thresholds: ThresholdConfig::parse(&args.threshold)?,
        release: args.release,
        merge_seconds: args.merge,
        min_seconds: args.min_duration,
        event_score: args.score,
        top: args.top_k,
        windows: args.windows,
        damaged: args.damaged.unwrap_or(DamagedFiles::Salvage),
    })
}
