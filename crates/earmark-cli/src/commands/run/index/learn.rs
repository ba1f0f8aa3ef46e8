//! `earmark index learn`

use super::window_names::say_torn;
use crate::prelude::*;
use earmark::index::archive::{ArchiveIndex, WindowSelection, read_labels};
use earmark::train::{LearnJob, Learned, ProposedWindow, learn_classes};
use std::num::NonZeroUsize;

const SELECTIONS: &[Choice<WindowSelection>] = &[
    (
        "margin",
        "Those that the classifier is least sure of",
        WindowSelection::Margin,
    ),
    (
        "diverse",
        "Of those, the ones least similar to what is labelled and to each other",
        WindowSelection::Diverse,
    ),
    ("random", "Drawn", WindowSelection::Random { seed: 0 }),
];

/// Train a classifier on the labelled windows of an index, and propose which windows to label next
#[derive(Args)]
#[command(after_help = "Examples:\n  earmark index learn owls owl\n  \
    earmark index learn owls owl --select diverse --count 50 --json\n  \
    earmark index learn calls crow jay magpie --exclusive\n\n\
    The classifier is kept in the index, for `earmark index detect`. Windows that are proposed do not overlap, and none \
    of them has a label of one of the classes.")]
pub struct LearnClasses {
    /// The index
    pub index: PathBuf,
    /// The classes; several are trained one by one, and windows proposed for all of them
    #[arg(required = true)]
    pub class: Vec<String>,
    /// How to choose the windows to label next
    #[arg(long, value_name = "HOW", value_parser = choice(SELECTIONS), default_value = "margin")]
    pub select: WindowSelection,
    /// Number of windows to propose
    #[arg(long, value_name = "N", default_value = "20")]
    pub count: NonZeroUsize,
    /// A window has at most one of the classes: a yes for one is a no for the others
    #[arg(long)]
    pub exclusive: bool,
    /// Strength of regularisation: scikit-learn's 1 / C
    #[arg(long, value_name = "NUMBER", default_value_t = 1.0)]
    pub strength: f64,
    /// Seed of --select random
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Print JSON: what was trained on, and the proposed windows with their probabilities
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub threads: Threads,
}

/// Trains classifiers.
pub fn run(args: &LearnClasses, console: &Console) -> anyhow::Result<Status> {
    let index = ArchiveIndex::open(&args.index)?;
    let mut classes: Vec<String> = Vec::new();
    for class in &args.class {
        if classes.contains(class) {
            bail!("{class}: is named twice; name each class once");
        }
        classes.push(class.clone());
    }
    let select = match args.select {
        WindowSelection::Random { .. } => WindowSelection::Random { seed: args.seed },
        other => other,
    };
    let job = LearnJob {
        classes,
        exclusive: args.exclusive,
        strength: args.strength,
        select,
        count: args.count.get(),
    };
    // Before a refusal, which may be for want of this label.
    say_torn(read_labels(&args.index)?.torn.as_ref(), console);
    let learned = learn_classes(&index, &job)?;
    for classifier in &learned.classifiers {
        classifier.save(&index)?;
        console.note(format!(
            "{}: trained on {} with it and {} without it",
            classifier.class,
            human_amount(classifier.yes, "window", "windows"),
            classifier.no
        ));
    }
    if learned.classifiers.is_empty() {
        console.note("nothing was trained yet: each class needs a window with it and one without it");
    }
    if learned.stale > 0 {
        let labels = human_amount(learned.stale, "label", "labels");
        console.warning(format!(
            "{labels} of recordings that have changed or are not in the index do not count; label these again"
        ));
    }
    print_as(args.json, || facts(&learned), || table(&learned))?;
    Ok(Status::Done)
}

fn facts(learned: &Learned) -> serde_json::Value {
    let trained = learned.classifiers.iter().map(|of| {
        json!({
            "class": of.class,
            "yes": of.yes,
            "no": of.no,
            "strength": of.strength,
        })
    });
    json!({
        "trained": trained.collect::<Vec<_>>(),
        "proposed": learned.proposed,
        "stale_labels": learned.stale,
        "torn_label": learned.torn,
    })
}

fn table(learned: &Learned) -> String {
    let row = |proposed: &ProposedWindow| {
        let scores = proposed.scores.iter();
        let scores: Vec<String> = scores
            .map(|(class, score)| format!("{class} {score:.3}"))
            .collect();
        vec![
            proposed.window.file.clone(),
            format!("{:.2} s", proposed.window.start_seconds),
            format!("{:.2} s", proposed.window.end_seconds),
            scores.join(", "),
        ]
    };
    let heads = ["label next", "from", "to", "probability"];
    number_table(&heads, learned.proposed.iter().map(row))
}
