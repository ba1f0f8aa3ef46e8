//! `earmark review precision`

use super::reviewed_items::ReviewedSource;
use crate::prelude::*;
use earmark::metrics::probit;
use earmark::report::{Align, text_table};
use earmark::review::{
    ClassPrecision, FEWEST_REVIEWED, MissingReview, PrecisionPoint, ReviewState, precision_by_class,
    read_decisions, settle,
};
use earmark::train::{CalibrateTo, StoreThresholdsJob, store_thresholds};
use std::collections::BTreeMap;

/// Classes that a message names at most.
const NAMED: usize = 5;

/// Thresholds that the table for people has.
const SHOWN: [f32; 5] = [0.1, 0.3, 0.5, 0.7, 0.9];

/// Estimate precision against threshold from a review, with intervals, and choose thresholds by it
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark review precision tags.csv --data /mnt/archive\n  \
    earmark review precision tags.csv --at 0.9 --json\n  \
    earmark review precision tags.csv --at 0.9 --model birds.safetensors -o birds-90.safetensors\n\n\
    The sample is what `earmark review serve --order stratified` shows first, with the same --seed: items that were \
    decided because they looked wrong would make precision look worse than it is, so they don't count. Review with \
    that order until each range of scores has items; the more, the narrower the intervals. A threshold needs at least \
    10 reviewed items above it, and as many as its interval asks for: 35 that are all right for a precision of 0.9."
)]
pub struct ReviewPrecision {
    #[command(flatten)]
    pub source: ReviewedSource,
    /// Only the decisions of this reviewer
    #[arg(long, value_name = "NAME")]
    pub reviewer: Option<String>,
    /// Precision to choose thresholds for: the lower end of the interval reaches it, with 10 reviewed items or more
    #[arg(long, value_name = "PRECISION", default_value_t = 0.9)]
    pub at: f64,
    /// Probability of the intervals
    #[arg(long, default_value_t = 0.95)]
    pub confidence: f64,
    /// Model to store the chosen thresholds in: the one whose scores were reviewed (file, RUN, or cross-validation run)
    #[arg(long, short, num_args = 1)]
    pub model: Vec<String>,
    /// Model file to write; a folder for several models
    #[arg(long, short, requires = "model", value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Store the thresholds in the model itself
    #[arg(long, requires = "model", conflicts_with = "out")]
    pub in_place: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Estimates precision.
pub fn run(args: ReviewPrecision, console: &Console) -> anyhow::Result<Status> {
    let to = match (&args.out, args.in_place, args.model.is_empty()) {
        (Some(out), _, _) => Some(CalibrateTo::Path(out.clone())),
        (None, true, _) => Some(CalibrateTo::InPlace),
        (None, false, true) => None,
        (None, false, false) => bail!("--model: name the file to write with -o, or use --in-place"),
    };
    if !(0.0..=1.0).contains(&args.at) {
        bail!("--at {}: give a precision from 0 to 1", args.at);
    }
    let z = Some(args.confidence).filter(|confidence| *confidence < 1.0 && *confidence > 0.0);
    let Some(z) = z.and_then(|confidence| probit(0.5 + confidence / 2.0)) else {
        bail!(
            "--confidence {}: give a probability above 0 and below 1",
            args.confidence
        );
    };
    let items = args.source.read(console)?;
    let log = args.source.log();
    let (decisions, torn_bytes) = read_decisions(&log)?;
    let log = log.display();
    if torn_bytes > 0 {
        console.warning(format!(
            "{log}: the last line is cut off ({torn_bytes} bytes) and left out"
        ));
    }
    let state = ReviewState::replay(decisions).map_err(|problem| anyhow::anyhow!("{log}: {problem}"))?;
    let settled = settle(&state, args.reviewer.as_deref())?;
    let found = precision_by_class(&items.set, &settled, args.source.seed, z, args.at);
    let mut stored = Vec::new();
    if let Some(to) = to {
        stored = store(&args, to, &found, items.of_raw_scores)?;
    }
    let paths: Vec<String> = stored
        .iter()
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    print_as(
        args.json,
        || {
            json!({
                "source": items.title,
                "classes": found,
                "at": args.at,
                "confidence": args.confidence,
                "stored": paths,
            })
        },
        || table(&found),
    )?;
    if found
        .iter()
        .all(|class| class.points.iter().all(|point| point.sampled == 0))
    {
        console.note("nothing of the sample is decided; review with --order stratified and the same --seed");
    } else if let Some(lacking) = lacking(&found, args.at) {
        console.note(lacking);
    }
    for path in &stored {
        console.note(format!("wrote {}", path.display()));
    }
    Ok(Status::of_skips(items.skipped))
}

fn store(
    args: &ReviewPrecision,
    to: CalibrateTo,
    found: &[ClassPrecision],
    of_raw_scores: bool,
) -> anyhow::Result<Vec<PathBuf>> {
    let chosen = found.iter();
    let chosen = chosen.filter_map(|class| Some((class.class.clone(), class.chosen?)));
    let thresholds: BTreeMap<String, f32> = chosen.collect();
    if thresholds.is_empty() {
        bail!(
            "--at {}: too little is reviewed to choose a threshold; {}; review more with --order stratified, or ask for \
             less",
            args.at,
            missing_of(found, "; ")
        );
    }
    let sampled = found.iter().filter_map(|class| class.points.first());
    Ok(store_thresholds(&StoreThresholdsJob {
        models: args.model.clone(),
        to,
        thresholds,
        examples: sampled.map(|point| point.sampled).sum(),
        of_raw_scores,
    })?)
}

/// What the classes without a threshold lack, where there are such.
fn lacking(found: &[ClassPrecision], goal: f64) -> Option<String> {
    let without = found.iter().filter(|class| class.chosen.is_none()).count();
    let classes = human_amount(without, "class has", "classes have");
    (without > 0).then(|| {
        format!(
            "{classes} no threshold for a precision of {goal} (at least {FEWEST_REVIEWED} reviewed items, and an \
             interval above it): {}",
            missing_of(found, "; ")
        )
    })
}

/// What each class without a threshold lacks.
fn missing_of(found: &[ClassPrecision], separator: &str) -> String {
    let without: Vec<&ClassPrecision> = found.iter().filter(|class| class.chosen.is_none()).collect();
    let named = without.iter().take(NAMED).map(|class| {
        let name = one_line(&class.class);
        match class.missing {
            None => format!("{name} is right too seldom in what is reviewed"),
            Some(missing) => format!("{name} {}", needs(missing)),
        }
    });
    let mut named: Vec<String> = named.collect();
    if without.len() > NAMED {
        named.push(format!("and {} more classes", without.len() - NAMED));
    }
    named.join(separator)
}

fn needs(missing: MissingReview) -> String {
    let more = human_amount(missing.more, "more item", "more items");
    let left = match missing.unreviewed {
        0 => "where all are reviewed: tag more recordings".to_owned(),
        left => format!("of which {left} are there"),
    };
    format!(
        "needs about {more} that are right from {:.2} on, {left}",
        missing.threshold
    )
}

fn table(found: &[ClassPrecision]) -> String {
    let mut headers: Vec<String> = vec!["class".into()];
    headers.extend(SHOWN.iter().map(|threshold| format!("at {threshold}")));
    headers.push("threshold".into());
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let row = |class: &ClassPrecision| -> Vec<String> {
        let shown = SHOWN.iter().map(|threshold| {
            let point = class.points.iter().find(|point| point.threshold == *threshold);
            point.map_or_else(|| "-".to_owned(), cell)
        });
        let chosen = class
            .chosen
            .map_or_else(|| "-".to_owned(), |chosen| format!("{chosen:.2}"));
        let first = std::iter::once(one_line(&class.class).into_owned());
        first.chain(shown).chain([chosen]).collect()
    };
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    let mut alignments = vec![Align::Right; headers.len()];
    alignments[0] = Align::Left;
    text_table(&headers, &rows, &alignments)
}

/// `0.83 (0.71..0.91), 24`: the estimate, its interval, and the size of the sample.
fn cell(point: &PrecisionPoint) -> String {
    match (point.precision, point.low, point.high) {
        (Some(precision), Some(low), Some(high)) => {
            format!("{precision:.2} ({low:.2}..{high:.2}), {}", point.sampled)
        }
        _ => "-".into(),
    }
}
