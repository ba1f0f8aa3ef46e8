//! `earmark tag`

use crate::args::threads;
use crate::prelude::*;
use earmark::inference::tag::{
    self, EventScore, Format, InputFiles, OutputTarget, TagEvent, TagJob, TagSummary, Tagger, WindowHop,
};
use earmark::metrics::BlendMean;
use std::fs::OpenOptions;
use std::io::{BufWriter, IsTerminal, Write};

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
    earmark tag archive --model runs/a --format audacity --out-dir labels\n\n\
    Each window is scored like a clip of its length. An event is a time span in which the mean score of the windows around \
    each moment reaches the threshold.\n\n\
    Ctrl-C, a kill or a power cut lose nothing that is in the resume log next to --out: run the same command again to resume. \
    Recordings that cannot be read are listed at the end, and the exit code is then 2.")]
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
    #[arg(long, value_name = "SECONDS", help_heading = WINDOWS)]
    pub window: Option<f64>,
    /// Seconds from one window to the next; default: the model's own, or half of --window
    #[arg(long, value_name = "SECONDS", help_heading = WINDOWS, conflicts_with = "overlap")]
    pub hop: Option<f64>,
    /// Seconds by which neighbouring windows overlap, instead of --hop
    #[arg(long, value_name = "SECONDS", help_heading = WINDOWS)]
    pub overlap: Option<f64>,
    /// Write the scores of every window instead of events
    #[arg(long, help_heading = WINDOWS)]
    pub windows: bool,

    /// Minimum score for a class to count as detected; default: the model's own threshold for each class, or 0.3
    #[arg(long, value_name = "SCORE", help_heading = EVENTS)]
    pub threshold: Option<f32>,
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
    /// Only these classes, separated by commas
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
    /// Start over instead of resuming an interrupted run with the same output
    #[arg(long, help_heading = OUTPUT)]
    pub fresh: bool,
    /// Keep the resume log at the end, so that the same command later processes only new or changed recordings
    #[arg(long, help_heading = OUTPUT)]
    pub keep_journal: bool,
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
    summarize(&result, &inputs, &output, console)
}

/// Where results go, and in which format.
struct Output<'a> {
    to: Destination<'a>,
    format: Format,
}

enum Destination<'a> {
    Stdout,
    /// A pipe or device, which cannot be replaced and has no resume log.
    Device(&'a Path),
    File(&'a Path),
    Folder(&'a Path),
}

impl<'a> Output<'a> {
    fn of(args: &'a Tag) -> anyhow::Result<Self> {
        let to = match (&args.out, &args.out_dir) {
            (_, Some(folder)) => Destination::Folder(folder),
            (None, None) => Destination::Stdout,
            (Some(path), None) if output::is_stdout(path) => Destination::Stdout,
            (Some(path), None) if !path.exists() || path.is_file() || path.is_dir() => {
                Destination::File(path)
            }
            (Some(path), None) => Destination::Device(path),
        };
        let format = match (args.format, &to) {
            (Some(format), _) => format,
            (None, Destination::Stdout | Destination::Device(_)) => Format::Table,
            (None, Destination::File(path)) => Format::of_name(path).with_context(|| {
                format!(
                    "{}: its ending names no known format; end it in .csv, .json, .ndjson, .parquet or .selections.txt (Raven), or give --format",
                    path.display()
                )
            })?,
            (None, Destination::Folder(_)) => bail!("--out-dir: give the format with --format"),
        };
        let streamed = matches!(to, Destination::Stdout | Destination::Device(_));
        if streamed && (args.fresh || args.keep_journal) {
            bail!("--fresh, --keep-journal: only files have a resume log; give -o FILE or --out-dir DIR");
        }
        let on_screen = matches!(to, Destination::Stdout) && std::io::stdout().is_terminal();
        if on_screen && format == Format::Parquet {
            bail!("--format parquet: cannot be printed to a terminal; give -o FILE.parquet");
        }
        Ok(Self { to, format })
    }
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
        threshold: args.threshold,
        release: args.release,
        merge_seconds: args.merge,
        min_seconds: args.min_duration,
        event_score: args.score,
        top: args.top_k,
        windows: args.windows,
    })
}

/// Notes the model, its windows, and files that are ignored.
fn describe(tagger: &Tagger, inputs: &InputFiles, console: &Console) {
    let (window, hop) = tagger.window_seconds();
    let [window, hop] = [window, hop].map(human_duration);
    let paths = tagger.ensemble().paths();
    let models: Vec<String> = paths.map(|p| p.display().to_string()).collect();
    let classes = human_amount(tagger.classes().len(), "class", "classes");
    let models = models.join(", ");
    console.note(format!("{models}: {classes}, windows of {window} every {hop}"));
    if let (n @ 1.., Some(first)) = &inputs.not_audio {
        let (files, first) = (human_amount(*n, "file", "files"), first.display());
        console.note(format!(
            "ignored {files} without an audio file name, such as {first}"
        ));
    }
}

/// Names what was skipped and sums up the rest.
fn summarize(
    result: &TagSummary,
    inputs: &InputFiles,
    output: &Output,
    console: &Console,
) -> anyhow::Result<Status> {
    for (file, reason) in &result.skipped {
        console.skipped(file, reason);
    }
    let path = match output.to {
        Destination::File(path) | Destination::Folder(path) => Some(path),
        Destination::Stdout | Destination::Device(_) => None,
    };
    let recordings = |count| human_amount(count, "recording", "recordings");
    if !result.complete {
        let kept = path.map_or("", |_| "; run the same command again to resume");
        let (done, all) = (result.tagged, inputs.files.len());
        bail!(Stopped(format!(
            "interrupted: {done} of {all} recordings processed{kept}"
        )));
    }
    if let Some(path) = path {
        let events = match result.events {
            1 => "1 event".to_owned(),
            n => format!("{} events", human_count(n as u64)),
        };
        let (tagged, time) = (recordings(result.tagged), human_duration(result.seconds));
        let text = format!("{tagged} processed ({time}), {events}: {}", path.display());
        print_written(path, text, console)?;
    }
    if !result.skipped.is_empty() {
        let skipped = recordings(result.skipped.len());
        console.note(format!("{skipped} skipped, for the reasons above"));
    }
    Ok(Status::of_skips(result.skipped.len()))
}
