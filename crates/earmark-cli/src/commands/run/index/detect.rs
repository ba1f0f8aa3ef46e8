//! `earmark index detect`

use crate::args::{EventArgs, TAG_FORMATS};
use crate::prelude::*;
use earmark::index::archive::{ArchiveIndex, WindowClassifier};
use earmark::inference::tag::{Format, IndexEvents, TagConfig};
use std::io::{BufWriter, IsTerminal, Write};

/// Detect classes in an indexed archive, with start and end times, by classifiers that `index learn` trained
#[derive(Args)]
#[command(after_help = "Examples:\n  earmark index detect owls owl -o tags.csv\n  \
    earmark index detect owls owl --threshold 0.8 --merge 2 -o tags.json --json\n\n\
    No recording is read: the embeddings of all windows are. The output is that of `earmark tag`. Thresholds that are not \
    given are 0.5.")]
pub struct DetectInIndex {
    /// The index
    pub index: PathBuf,
    /// The classes
    #[arg(required = true)]
    pub class: Vec<String>,
    #[command(flatten)]
    pub events: EventArgs,
    /// Output format; default: by the ending of --out, or a table on the screen
    #[arg(long, value_parser = choice(TAG_FORMATS))]
    pub format: Option<Format>,
    /// File to write; - is stdout, the default
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Print a summary as JSON: recordings, events, thresholds
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub threads: Threads,
}

/// Detects classes in an index.
pub fn run(args: &DetectInIndex, console: &Console) -> anyhow::Result<Status> {
    let file = args.out.as_deref().filter(|path| !output::is_stdout(path));
    let format = format(args, file)?;
    if let Some(file) = file {
        output::check(file)?;
    }
    let index = ArchiveIndex::open(&args.index)?;
    let classifiers = args
        .class
        .iter()
        .map(|class| WindowClassifier::read(&index, class));
    let classifiers = classifiers.collect::<Result<Vec<_>, _>>()?;
    let events = IndexEvents::new(&index, &classifiers, &args.events.over(TagConfig::default())?)?;
    let amount = human_amount(events.classes().len(), "class", "classes");
    console.note(format!("{amount}, {}", events.thresholds().describe()));
    let Some(file) = file else {
        let mut stdout = BufWriter::new(std::io::stdout().lock());
        events.write(format, &mut stdout, &std::env::temp_dir())?;
        stdout.flush().context(output::NO_STDOUT)?;
        return Ok(Status::Done);
    };
    let summary = events.save(format, file)?;
    print_as(
        args.json,
        || {
            json!({
                "index": args.index.to_string_lossy(),
                "classes": events.classes(),
                "thresholds": events.thresholds(),
                "recordings": summary.recordings,
                "seconds": summary.seconds,
                "events": summary.events,
                "out": file.to_string_lossy(),
            })
        },
        || {
            let found = human_amount(summary.events, "event", "events");
            let recordings = human_amount(summary.recordings, "recording", "recordings");
            let time = human_duration(summary.seconds);
            format!("{found} in {recordings} ({time}): {}", shown(file))
        },
    )?;
    Ok(Status::Done)
}

/// The format of the output, if it can go to `file`, or to stdout without one.
fn format(args: &DetectInIndex, file: Option<&Path>) -> anyhow::Result<Format> {
    if let Some(file) = file {
        let of_name = || {
            Format::of_name(file).with_context(|| {
                format!(
                    "{}: its ending names no known format; end it in .csv, .json, .ndjson, .parquet or \
                     .selections.txt (Raven), or give --format",
                    file.display()
                )
            })
        };
        return args.format.map_or_else(of_name, Ok);
    }
    if args.json {
        bail!(
            "--json: prints a summary, and the events themselves would go to stdout; name a file with -o FILE"
        );
    }
    let format = args.format.unwrap_or(Format::Table);
    if format == Format::Parquet && std::io::stdout().is_terminal() {
        bail!("--format parquet: cannot be printed to a terminal; give -o FILE.parquet");
    }
    Ok(format)
}
