//! `earmark index detect`

use crate::args::EventArgs;
use crate::commands::run::event_output::{EventOutputArgs, EventSink};
use crate::prelude::*;
use earmark::index::archive::{ArchiveIndex, WindowClassifier};
use earmark::inference::tag::{IndexEvents, TagConfig};

/// What `--threshold` does here: classifiers bring no thresholds.
const THRESHOLD: &str = "Minimum score for a class to count as detected: a number for all classes, CLASS=NUMBER for \
                         one, or a file of both (CSV with the columns class,threshold, or JSON); can be given several \
                         times; default: 0.5";

/// Detect classes in an indexed archive, with start and end times, by classifiers that `index learn` trained
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark index detect owls owl -o tags.csv\n  \
    earmark index detect owls owl --threshold 0.8 --merge 2 -o tags.json --json\n\n\
    No recording is read: the embeddings of all windows are. The output is that of `earmark tag`. Thresholds that are not \
    given are 0.5.",
    mut_arg("threshold", |argument| argument.help(THRESHOLD))
)]
pub struct DetectInIndex {
    /// The index
    pub index: PathBuf,
    /// The classes
    #[arg(required = true)]
    pub class: Vec<String>,
    #[command(flatten)]
    pub events: EventArgs,
    #[command(flatten)]
    pub output: EventOutputArgs,
    #[command(flatten)]
    pub threads: Threads,
}

/// Detects classes in an index.
pub fn run(args: &DetectInIndex, console: &Console) -> anyhow::Result<Status> {
    let target = args.output.target()?;
    let index = ArchiveIndex::open(&args.index)?;
    let classifiers = args
        .class
        .iter()
        .map(|class| WindowClassifier::read(&index, class));
    let classifiers = classifiers.collect::<Result<Vec<_>, _>>()?;
    let events = IndexEvents::new(&index, &classifiers, &args.events.over(TagConfig::default())?)?;
    let amount = human_amount(events.classes().len(), "class", "classes");
    console.note(format!("{amount}, {}", events.thresholds().describe()));
    let facts = json!({
        "index": args.index.to_string_lossy(),
        "classes": events.classes(),
        "thresholds": events.thresholds(),
        "thresholds_from": events.thresholds().source(),
    });
    target.write(
        |format, to| match to {
            EventSink::File(file) => events.save(format, file),
            EventSink::Stdout(out, scratch) => events.write(format, out, scratch),
        },
        facts,
    )
}
