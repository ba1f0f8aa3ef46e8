//! `earmark tag`

mod destination;
mod report;
mod shard;

use crate::args::{EventArgs, ShardArgs, TAG_FORMATS, TimeAndPlaceArgs, threads};
use crate::prelude::*;
use destination::{Destination, Output};
use earmark::data::DamagedFiles;
use earmark::inference::tag::{self, Format, OutputTarget, TagEvent, TagJob, Tagger, WindowHop};
use earmark::inference::time_and_place::times_and_places;
use earmark::metrics::BlendMean;
use report::{describe, describe_time_and_place, summarize};
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};

/// Headings of the arguments.
const WINDOWS: &str = "Windows";
const OUTPUT: &str = "Output";

/// Detect sounds in recordings, with start and end times
#[derive(Args)]
#[command(after_help = "Examples:\n  earmark tag dog.ogg --model runs/a\n  \
    earmark tag archive --model runs/a -o tags.csv\n  \
    earmark tag night.flac --model mn04.safetensors --threshold 0.2 --merge 2 --classes Owl,Frog\n  \
    earmark tag archive --model runs/a --threshold model --threshold Dog=0.5 -o tags.csv --json\n  \
    earmark tag archive --model runs/a --format audacity --out-dir labels\n  \
    earmark tag archive --model runs/a -o tags.csv --shard auto\n  \
    earmark tag --from recordings.csv --model runs/a -o tags.parquet\n  \
    earmark tag s3://lab/night --model runs/a -o s3://lab/tags.csv\n  \
    earmark tag archive --model runs/a -o tags.csv --time-zone +02:00 --sites sites.csv\n\n\
    Each window is scored like a clip of its length. An event is a time span in which the mean score of the windows \
    around each moment reaches the threshold.\n\n\
    Ctrl-C, a kill or a power cut lose nothing that is in the resume log next to --out: run the same command again to \
    resume. Recordings that cannot be read, or of which a part is missing, are listed at the end, and the exit code is \
    then 2.")]
pub struct Tag {
    /// Recordings: files, folders (all audio in them, recursively), quoted patterns such as 'in/**/*.flac', or addresses
    /// such as s3://bucket/in
    #[arg(required_unless_present = "from")]
    pub inputs: Vec<PathBuf>,
    /// Table (CSV or Parquet) that names recordings: paths, relative to its folder, or addresses in a column file or url
    #[arg(long, value_name = "TABLE", num_args = 1)]
    pub from: Vec<PathBuf>,
    /// Model: MODEL.safetensors, RUN or RUN@STEP; several are blended; default: the only model in the folder
    /// EARMARK_MODELS or in the user's data folder
    #[arg(long, short, env = "EARMARK_MODEL", num_args = 1)]
    pub model: Vec<String>,
    /// How to average several models: arithmetic or geometric
    #[arg(long, default_value = "geometric")]
    pub mean: BlendMean,

    /// Seconds scored at a time; default: the length of the segments that the model was trained on, or 2 if it was
    /// trained on whole clips
    #[arg(long, value_name = "SECONDS", help_heading = WINDOWS)]
    pub window: Option<f64>,
    /// Seconds from one window to the next; default: half a window
    #[arg(long, value_name = "SECONDS", help_heading = WINDOWS, conflicts_with = "overlap")]
    pub hop: Option<f64>,
    /// Seconds by which neighbouring windows overlap, instead of --hop
    #[arg(long, value_name = "SECONDS", help_heading = WINDOWS)]
    pub overlap: Option<f64>,
    /// Write the scores of every window instead of events, whatever the threshold; `earmark events` makes events of
    /// those in csv and parquet
    #[arg(long, help_heading = WINDOWS)]
    pub windows: bool,

    #[command(flatten)]
    pub events: EventArgs,

    /// Output format; default: by the ending of --out, or a table on the screen
    #[arg(long, value_parser = choice(TAG_FORMATS), help_heading = OUTPUT)]
    pub format: Option<Format>,
    /// File to write; - is stdout, the default. Until it is complete, results are in the resume log FILE.journal
    #[arg(long, short, value_name = "FILE", help_heading = OUTPUT, conflicts_with = "out_dir")]
    pub out: Option<PathBuf>,
    /// Folder to write one file per recording to
    #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
    pub out_dir: Option<PathBuf>,
    #[command(flatten)]
    pub known: TimeAndPlaceArgs,
    #[command(flatten)]
    pub damaged: DamagedArgs,
    #[command(flatten)]
    pub shard: ShardArgs,
    /// Start over instead of resuming an interrupted run with the same output
    #[arg(long, help_heading = OUTPUT)]
    pub fresh: bool,
    /// Keep the resume log at the end, so that the same command later processes only new or changed recordings
    #[arg(long, help_heading = OUTPUT)]
    pub keep_journal: bool,
    /// Print a summary as JSON: inputs, skipped recordings, windows, thresholds of events
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
    /// Number of recordings processed at a time (0 = one per thread)
    #[arg(long, value_name = "N", default_value_t = 0, env = "EARMARK_TAG_WORKERS")]
    #[arg(value_parser = threads, help_heading = "Compute")]
    pub workers: usize,
    #[command(flatten)]
    pub compute: Compute,
    #[command(flatten)]
    pub precision: PrecisionArg,
}

/// Detects sounds in recordings.
pub fn run(args: &Tag, console: &Console) -> anyhow::Result<Status> {
    let output = Output::of(args)?;
    let inputs = tag::inputs::find_with(&args.inputs, &args.from)?;
    let known = args.known.config()?;
    let tagger = Tagger::new(&request(args)?)?;
    describe(&tagger, &inputs, console);
    if let Some(flag) = args.events.first_given().filter(|_| args.windows) {
        console.note(format!(
            "{flag} changes no score of a window; give it to `earmark events`, which makes events of them"
        ));
    }
    let known = known.map(|config| times_and_places(&inputs.files, &config));
    if let Some(known) = &known {
        describe_time_and_place(known, &inputs, console);
    }
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
        times_and_places: known.as_ref(),
    };
    if output.shard.is_some() {
        return shard::run(args, &job, &inputs, &output, console);
    }
    let target = target(args, &output);
    let result = match output.to {
        Destination::Stdout => {
            let mut stdout = BufWriter::new(std::io::stdout().lock());
            let result = tag::to_stream(&job, &inputs, output.format, &mut stdout)?;
            stdout.flush().context(output::NO_STDOUT)?;
            result
        }
        Destination::Device(path) => tag::to_stream(&job, &inputs, output.format, &mut device(path)?)?,
        Destination::File(path) => tag::to_file(&job, &inputs, target, path)?,
        Destination::Folder(path) => tag::to_folder(&job, &inputs, target, path)?,
    };
    console.clear();
    summarize(&result, &inputs, &job, &output, console)
}

/// A pipe or device, to be written to.
fn device(path: &Path) -> anyhow::Result<File> {
    OpenOptions::new().write(true).open(path).with_context(|| {
        format!(
            "{}: cannot be written to; check the path and its permissions",
            path.display()
        )
    })
}

/// How results are written to files.
fn target(args: &Tag, output: &Output) -> OutputTarget {
    OutputTarget {
        format: output.format,
        fresh: args.fresh,
        keep_log: args.keep_journal,
    }
}

fn request(args: &Tag) -> anyhow::Result<tag::TagConfig> {
    let mut models = args.model.clone();
    if models.is_empty() {
        let path = tag::default_model::default_model()?;
        models.push(path.to_string_lossy().into_owned());
    }
    args.events.over(tag::TagConfig {
        models,
        mean: args.mean,
        device: args.compute.device.clone(),
        precision: args.precision.precision,
        window_seconds: args.window,
        hop: match (args.hop, args.overlap) {
            (Some(hop), _) => WindowHop::Hop(hop),
            (None, Some(overlap)) => WindowHop::Overlap(overlap),
            (None, None) => WindowHop::Default,
        },
        windows: args.windows,
        damaged: args.damaged.unwrap_or(DamagedFiles::Salvage),
        ..tag::TagConfig::default()
    })
}
