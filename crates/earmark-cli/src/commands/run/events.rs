//! `earmark events`

use crate::args::{EventArgs, TAG_FORMATS};
use crate::prelude::*;
use earmark::inference::tag::{Format, ScoreFile, TagConfig};
use std::io::{BufWriter, IsTerminal, Write};

/// Turn window scores into events with other thresholds and rules, without rescoring
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark events scores.csv -o tags.csv --threshold 0.4 --threshold Dog=0.2\n  \
    earmark events scores.parquet -o tags.json --model runs/a --merge 2 --classes Owl,Frog\n  \
    earmark events scores.csv --format raven -o night.selections.txt --json\n\n\
    The scores are those of `tag --windows -o scores.csv` (or scores.parquet), with all classes. The output is byte for \
    byte that of `tag` with the same flags. Without --model, thresholds that are not given are 0.3. Recordings that \
    could not be read have no scores, and are not in the output."
)]
pub struct Events {
    /// Window scores that `tag --windows` wrote: CSV or Parquet
    pub scores: PathBuf,
    /// Model that made the scores, for its own thresholds: MODEL.safetensors, RUN or RUN@STEP; several as they were
    /// given to `tag`
    #[arg(long, short, num_args = 1)]
    pub model: Vec<String>,
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
}

/// Makes events of scores.
pub fn run(args: &Events, console: &Console) -> anyhow::Result<Status> {
    let file = args.out.as_deref().filter(|path| !output::is_stdout(path));
    let format = format(args, file)?;
    if args.model.is_empty() && args.events.threshold.iter().any(|word| word.trim() == "model") {
        bail!("--threshold model: whose thresholds? give the model that the scores are of with --model");
    }
    let settings = args.events.over(TagConfig {
        models: args.model.clone(),
        ..TagConfig::default()
    })?;
    let scores = ScoreFile::open(&args.scores, &settings)?;
    let (classes, thresholds) = (scores.classes().to_vec(), scores.thresholds().clone());
    let amount = human_amount(classes.len(), "class", "classes");
    console.note(format!(
        "{}: {amount}, {}",
        args.scores.display(),
        thresholds.describe()
    ));
    let Some(file) = file else {
        let mut stdout = BufWriter::new(std::io::stdout().lock());
        scores.write(format, &mut stdout, &std::env::temp_dir())?;
        stdout.flush().context(output::NO_STDOUT)?;
        return Ok(Status::Done);
    };
    let summary = scores.save(format, file)?;
    print_as(
        args.json,
        || {
            json!({
                "scores": args.scores.to_string_lossy(),
                "classes": classes,
                "thresholds": thresholds,
                "thresholds_from": thresholds.source(),
                "recordings": summary.recordings,
                "seconds": summary.seconds,
                "events": summary.events,
                "out": file.to_string_lossy(),
            })
        },
        || {
            let events = match summary.events {
                1 => "1 event".to_owned(),
                n => format!("{} events", human_count(n as u64)),
            };
            let recordings = human_amount(summary.recordings, "recording", "recordings");
            let time = human_duration(summary.seconds);
            format!("{events} in {recordings} ({time}): {}", shown(file))
        },
    )?;
    Ok(Status::Done)
}

/// The format of the output, if it can go to `file`, or to stdout without one.
fn format(args: &Events, file: Option<&Path>) -> anyhow::Result<Format> {
    let Some(file) = file else {
        if args.json {
            bail!(
                "--json: prints a summary, and the events themselves would go to stdout; name a file with -o FILE"
            );
        }
        let format = args.format.unwrap_or(Format::Table);
        if format == Format::Parquet && std::io::stdout().is_terminal() {
            bail!("--format parquet: cannot be printed to a terminal; give -o FILE.parquet");
        }
        return Ok(format);
    };
    let place = |path: &Path| path.canonicalize().ok();
    if place(file).is_some_and(|out| Some(out) == place(&args.scores)) {
        bail!(
            "{}: holds the scores themselves; name another file with -o",
            file.display()
        );
    }
    let of_name = || {
        Format::of_name(file).with_context(|| {
            format!(
                "{}: its ending names no known format; end it in .csv, .json, .ndjson, .parquet or .selections.txt \
                 (Raven), or give --format",
                file.display()
            )
        })
    };
    args.format.map_or_else(of_name, Ok)
}
