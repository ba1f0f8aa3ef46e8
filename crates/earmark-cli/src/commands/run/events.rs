//! `earmark events`

use super::event_output::{EventOutputArgs, EventSink};
use crate::args::EventArgs;
use crate::prelude::*;
use earmark::inference::tag::{ScoreFile, TagConfig};

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
    #[command(flatten)]
    pub output: EventOutputArgs,
}

/// Makes events of scores.
pub fn run(args: &Events, console: &Console) -> anyhow::Result<Status> {
    let target = args.output.target()?;
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
    let facts = json!({
        "scores": args.scores.to_string_lossy(),
        "classes": classes,
        "thresholds": thresholds,
        "thresholds_from": thresholds.source(),
    });
    target.write(
        |format, to| match to {
            EventSink::File(file) => scores.save(format, file),
            EventSink::Stdout(out, scratch) => scores.write(format, out, scratch),
        },
        facts,
    )
}
