//! `earmark review apply`

use crate::prelude::*;
use earmark::review::{
    ReviewAgreement, ReviewKey, ReviewState, SettledReview, agreement, read_decisions, settle,
};
use std::collections::BTreeMap;

/// Columns of labels with times.
const HEADER: [&str; 4] = ["file", "start", "end", "label"];

/// Make corrections of clips, or labels with times of events, from the decisions of a review
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark review apply runs/cv/decisions.jsonl -o corrections.json\n  \
    earmark review apply tags.csv.decisions.jsonl -o labels.csv --rejected-as background\n  \
    earmark review apply runs/cv/decisions.jsonl -o corrections.json --reviewer anna --subset curated\n\n\
    Of several reviewers, only what all who decided agree on is applied; the rest is named, and the exit code is then 2. \
    Corrections are used as data.corrections, labels with times with --layout events."
)]
pub struct ReviewApply {
    /// Log of the decisions, as `earmark review serve` writes it
    pub decisions: PathBuf,
    /// File to write: corrections as NAME.json, or labels with times as NAME.csv; - is stdout
    #[arg(long, short, value_name = "FILE")]
    pub out: PathBuf,
    /// Only the decisions of this reviewer
    #[arg(long, value_name = "NAME")]
    pub reviewer: Option<String>,
    /// Of clips, those of this subset
    #[arg(long)]
    pub subset: Option<String>,
    /// Of clips, also those whose labels were found right
    #[arg(long)]
    pub confirmed: bool,
    /// Of events, a label for those that were rejected; without it they have no row
    #[arg(long, value_name = "LABEL")]
    pub rejected_as: Option<String>,
    /// Print a summary as JSON
    #[arg(long)]
    pub json: bool,
}

/// Applies decisions.
pub fn run(args: &ReviewApply, console: &Console) -> anyhow::Result<Status> {
    if args.json && output::is_stdout(&args.out) {
        bail!("--json: the summary and the result can't both be on stdout; name a file with -o");
    }
    let (decisions, torn_bytes) = read_decisions(&args.decisions)?;
    let log = args.decisions.display();
    if torn_bytes > 0 {
        console.warning(format!(
            "{log}: the last line is cut off ({torn_bytes} bytes) and left out: a decision that had not been answered"
        ));
    }
    let state = ReviewState::replay(decisions).map_err(|problem| anyhow::anyhow!("{log}: {problem}"))?;
    let settled = settle(&state, args.reviewer.as_deref())?;
    let of_events = settled.is_of_events();
    let Some(of_events) = of_events else {
        bail!("{log}: nothing is decided; decide something with `earmark review serve`");
    };
    refuse_other_kind(args, of_events)?;
    refuse_other_file(&args.out, of_events)?;
    let written = match of_events {
        true => write_events(args, &settled)?,
        false => {
            let entries = settled.corrections(args.subset.as_deref(), args.confirmed)?;
            output::write_json(&args.out, &entries)?;
            entries.len()
        }
    };
    let pairs = agreements(&state, args.reviewer.is_none());
    for key in &settled.disputed {
        console.skipped(
            &name_of(key),
            "the reviewers do not agree; choose one of them with --reviewer",
        );
    }
    show(args, &settled, (written, of_events), &pairs, console)?;
    Ok(Status::of_skips(settled.disputed.len()))
}

/// Refuses options that mean nothing for what was reviewed.
fn refuse_other_kind(args: &ReviewApply, of_events: bool) -> anyhow::Result<()> {
    match of_events {
        true if args.subset.is_some() || args.confirmed => {
            bail!(
                "--subset, --confirmed: are for reviews of clips, and this one is of events; leave them out"
            )
        }
        false if args.rejected_as.is_some() => {
            bail!("--rejected-as: is for reviews of events, and this one is of clips; leave it out")
        }
        _ if args
            .rejected_as
            .as_ref()
            .is_some_and(|label| label.trim().is_empty()) =>
        {
            bail!(
                "--rejected-as: is empty, and an event needs a label; name one, such as background, or leave it out"
            )
        }
        _ => Ok(()),
    }
}

/// Refuses a file whose ending is that of another kind, or that holds something else now.
fn refuse_other_file(out: &Path, of_events: bool) -> anyhow::Result<()> {
    if !output::is_replaced(out) {
        return Ok(());
    }
    let (ending, what) = match of_events {
        true => ("csv", "labels with times are written as CSV"),
        false => ("json", "corrections are written as JSON"),
    };
    let found = out.extension().and_then(|found| found.to_str());
    if found.is_none_or(|found| !found.eq_ignore_ascii_case(ending)) {
        bail!("-o {}: {what}; end the name in .{ending}", out.display());
    }
    let Ok(before) = std::fs::read(out) else {
        return Ok(()); // There is none.
    };
    let is_ours = match of_events {
        true => before.split(|byte| *byte == b'\n').next() == Some(HEADER.join(",").as_bytes()),
        false => serde_json::from_slice::<BTreeMap<String, String>>(&before).is_ok(),
    };
    if !is_ours && !before.trim_ascii().is_empty() {
        let shown = out.display();
        bail!("-o {shown}: there is something else in this file, which would be lost; name another file");
    }
    Ok(())
}

fn write_events(args: &ReviewApply, settled: &SettledReview) -> anyhow::Result<usize> {
    let rows = settled.timed_labels(args.rejected_as.as_deref());
    let header = HEADER.map(str::to_owned);
    let cells = rows.iter().map(|row| {
        let [start, end] = [row.start, row.end].map(|seconds| seconds.to_string());
        [row.file.clone(), start, end, row.label.clone()]
    });
    output::write_csv(&args.out, std::iter::once(header).chain(cells))?;
    Ok(rows.len())
}

/// The agreement of each two reviewers.
fn agreements(state: &ReviewState, are_wanted: bool) -> Vec<ReviewAgreement> {
    let names: Vec<&str> = state.reviewers().filter(|_| are_wanted).collect();
    let pairs = names.iter().enumerate();
    let pairs = pairs.flat_map(|(k, first)| names[k + 1..].iter().map(move |second| (*first, *second)));
    pairs
        .map(|(first, second)| agreement(state, first, second))
        .collect()
}

fn name_of(key: &ReviewKey) -> String {
    match &key.event {
        None => key.file.clone(),
        Some(event) => {
            let start = event.start_us as f64 / 1e6;
            format!("{}, {} at {start:.2} s", key.file, event.class)
        }
    }
}

fn show(
    args: &ReviewApply,
    settled: &SettledReview,
    (written, of_events): (usize, bool),
    pairs: &[ReviewAgreement],
    console: &Console,
) -> anyhow::Result<()> {
    if args.json {
        return print_json(&json!({
            "out": args.out.to_string_lossy(),
            "kind": if of_events { "events" } else { "clips" },
            "written": written,
            "decided": settled.items.len(),
            "rejected_events": settled.rejected_events(),
            "skipped": settled.skipped.len(),
            "disputed": settled.disputed.iter().map(name_of).collect::<Vec<_>>(),
            "agreement": pairs,
            "renamed": settled.new_names,
        }));
    }
    let path = args.out.display();
    let what = match of_events {
        true => human_amount(written, "label with its time", "labels with times"),
        false => human_amount(written, "correction", "corrections"),
    };
    let decided = human_amount(settled.items.len(), "decided item", "decided items");
    print_written(&args.out, format!("{path}: {what}, of {decided}"), console)?;
    if of_events && args.rejected_as.is_none() && settled.rejected_events() > 0 {
        let rejected = human_amount(
            settled.rejected_events(),
            "rejected event has",
            "rejected events have",
        );
        console.note(format!("{rejected} no row; --rejected-as LABEL gives them one"));
    }
    if !settled.skipped.is_empty() {
        let skipped = human_amount(settled.skipped.len(), "item was", "items were");
        console.note(format!("{skipped} skipped and not decided"));
    }
    for pair in pairs {
        let [first, second] = &pair.reviewers;
        let kappa = pair
            .kappa
            .map_or(String::new(), |kappa| format!(", kappa {kappa:.2}"));
        let both = human_amount(pair.both, "item", "items");
        console.note(format!(
            "{first} and {second} agree on {} of {both} that both decided{kappa}",
            pair.same
        ));
    }
    if !of_events && !settled.new_names.is_empty() {
        let names = settled.new_names.iter();
        let names: Vec<String> = names.map(|(old, new)| format!("{old:?} = {new:?}")).collect();
        console.note(format!(
            "classes have new names, which corrections can't give; set data.classes.rename = {{ {} }}",
            names.join(", ")
        ));
    }
    Ok(())
}
