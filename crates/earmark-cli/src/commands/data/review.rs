//! `earmark review`

use crate::args::finite;
use crate::commands::out_of_fold_scores::out_of_fold;
use crate::commands::truth::{refuse_unread, show_truth, truth_source};
use crate::kinds_of_results::REVIEW_COLUMNS;
use crate::prelude::*;
use earmark::metrics::ScoreTable;
use earmark::report::{Align, text_table};
use earmark::train::DataLabels;
use earmark::train::label_review::{ReviewMeasure, ReviewedClip, of_folds, of_tables};
use earmark_core::labels::LabelRule;
use earmark_core::text::spreadsheet_text;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

/// Find wrong labels and ones that can be trusted; listen to detections, correct them
#[derive(Subcommand)]
#[command(after_help = "Example: earmark review worst runs/cv")]
pub enum Review {
    Worst(WorstClips),
    Best(BestClips),
    #[cfg(feature = "serve")]
    Serve(super::review_serve::ReviewServe),
    Apply(super::review_apply::ReviewApply),
    Precision(super::review_precision::ReviewPrecision),
}

const MEASURES: &[Choice<ReviewMeasure>] = &[
    ("lwlrap", "The clip's own lwlrap", ReviewMeasure::Lwlrap),
    (
        "self-confidence",
        "The lowest score of its labels",
        ReviewMeasure::SelfConfidence,
    ),
    (
        "margin",
        "That score minus the highest score of another class, scaled to 0..1",
        ReviewMeasure::Margin,
    ),
];

/// What a correction does.
#[derive(Clone, Copy)]
pub enum Action {
    Relabel,
    Remove,
}

const ACTIONS: &[Choice<Action>] = &[
    (
        "relabel",
        "Replace the clip's labels by its highest-scoring classes, as many as it has labels",
        Action::Relabel,
    ),
    ("remove", "Leave the clip out", Action::Remove),
];

/// Where labels and scores come from, and what is listed how.
#[derive(Args)]
pub struct ReviewSource {
    /// A cross-validation run, made by `earmark train --folds`
    #[arg(conflicts_with_all = ["scores", "truth"])]
    pub run: Option<PathBuf>,
    /// The data folder of the run; default: where it was in training. With --scores, a data folder whose labels are reviewed
    #[arg(long, env = "EARMARK_DATA")]
    pub data: Option<PathBuf>,
    /// Instead of a run: scores of models not trained on the clips (fname, then one column per class)
    #[arg(long)]
    pub scores: Option<PathBuf>,
    /// The labels to review: fname,labels; or fname,label; or one 0/1 column per class
    #[arg(long, requires = "scores")]
    pub truth: Option<PathBuf>,
    #[command(flatten)]
    pub read: DataArgs,
    /// Measure to sort by
    #[arg(long, alias = "by", value_name = "MEASURE", value_parser = choice(MEASURES), default_value = "lwlrap")]
    pub sort: ReviewMeasure,
    /// Only clips of this subset of the data (curated, ...)
    #[arg(long, alias = "part", conflicts_with = "truth")]
    pub subset: Option<String>,
    /// Table to write as CSV; - is stdout
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// Print JSON
    #[arg(long, conflicts_with = "out")]
    pub json: bool,
    #[command(flatten)]
    pub compute: Compute,
}

/// List the clips whose labels disagree most with the scores of models not trained on them
#[derive(Args)]
#[command(after_help = "Examples:\n  earmark review worst runs/cv --top-k 50\n  \
    earmark review worst runs/cv --subset curated --below 0.2 --corrections corrections.json\n  \
    earmark review worst --scores oof.csv --truth train.csv --sort margin -o worst.csv\n  \
    earmark review worst --scores oof.csv --data my-sounds\n\n\
    Corrections are JSON: a file name and either \"remove\" or the right labels. Listen to the clips before you use them.")]
pub struct WorstClips {
    #[command(flatten)]
    pub source: ReviewSource,
    /// Number of clips to list, the lowest first
    #[arg(long, alias = "top", value_name = "K", default_value = "20")]
    pub top_k: NonZeroUsize,
    /// Only clips below this value
    #[arg(long, value_name = "VALUE", value_parser = finite)]
    pub below: Option<f64>,
    /// File for corrections as JSON, in the format of argus-2019
    #[arg(long, value_name = "FILE")]
    pub corrections: Option<PathBuf>,
    /// What the corrections do
    #[arg(long, value_parser = choice(ACTIONS), default_value = "relabel")]
    pub action: Action,
}

/// List the clips whose labels agree best with such scores: noisy labels to trust
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark review best --scores noisy.csv --truth train_noisy.csv --above 0.9 --corrections new.json\n  \
    earmark review best runs/cv --top-k 50\n\n\
    The scores come from models that were not trained on the clips:\n  \
    earmark predict runs/curated --data FSDKaggle2019 --subset noisy -o noisy.csv\n\n\
    Corrections that repeat the clips' own labels move them to another subset:\n  \
    data.corrections = [{ file = \"new.json\", subset = \"noisy\", corrected-subset = \"adopted\" }]"
)]
pub struct BestClips {
    #[command(flatten)]
    pub source: ReviewSource,
    /// Number of clips to list, the highest first; default: 20, or all with --above
    #[arg(long, alias = "top", value_name = "K")]
    pub top_k: Option<NonZeroUsize>,
    /// Only clips of this value or more
    #[arg(long, value_name = "VALUE", value_parser = finite)]
    pub above: Option<f64>,
    /// File for the clips and their own labels as JSON, in the format of argus-2019's corrections
    #[arg(long, value_name = "FILE")]
    pub corrections: Option<PathBuf>,
}

/// Reviews labels.
pub fn run(what: Review, console: &Console) -> anyhow::Result<Status> {
    match what {
        Review::Worst(args) => worst(&args, console),
        Review::Best(args) => best(&args, console),
        #[cfg(feature = "serve")]
        Review::Serve(args) => super::review_serve::run(args, console),
        Review::Apply(args) => super::review_apply::run(&args, console),
        Review::Precision(args) => super::review_precision::run(args, console),
    }
}

/// Clips whose labels disagree most with the scores of models not trained on them.
fn worst(args: &WorstClips, console: &Console) -> anyhow::Result<Status> {
    let (mut clips, skipped) = clips(&args.source, console)?;
    let all = clips.len();
    let value = |clip: &ReviewedClip| args.source.sort.of(&clip.quality);
    clips.retain(|clip| args.below.is_none_or(|limit| value(clip) < limit));
    clips.truncate(args.top_k.get());
    if let Some(path) = &args.corrections {
        let count = write_corrections(path, &clips, |clip| correction(clip, args.action))?;
        let (path, count) = (path.display(), human_amount(count, "correction", "corrections"));
        console.note(format!(
            "{path}: {count}; check them before you use them (data.corrections)"
        ));
    }
    show(&clips, all, "is below the limit", &args.source, console)?;
    Ok(Status::of_skips(skipped))
}

/// Clips whose labels agree best with such scores.
fn best(args: &BestClips, console: &Console) -> anyhow::Result<Status> {
    /// Listed where no limit is given.
    const LISTED: usize = 20;
    let (mut clips, skipped) = clips(&args.source, console)?;
    let all = clips.len();
    let value = |clip: &ReviewedClip| args.source.sort.of(&clip.quality);
    clips.reverse();
    clips.retain(|clip| args.above.is_none_or(|limit| value(clip) >= limit));
    clips.truncate(match (args.top_k, args.above) {
        (Some(k), _) => k.get(),
        (None, Some(_)) => usize::MAX,
        (None, None) => LISTED,
    });
    if let Some(path) = &args.corrections {
        let count = write_corrections(path, &clips, |clip| Ok(Some(joined(&clip.labels))))?;
        let (path, count) = (path.display(), human_amount(count, "clip", "clips"));
        console.note(format!(
            "{path}: {count} with their own labels; data.corrections with a corrected-subset moves them to a subset of their own"
        ));
    }
    show(&clips, all, "reaches the limit", &args.source, console)?;
    Ok(Status::of_skips(skipped))
}

/// All clips, those that agree least first, and how many could not be read.
fn clips(source: &ReviewSource, console: &Console) -> anyhow::Result<(Vec<ReviewedClip>, usize)> {
    let (mut clips, skipped) = match (&source.run, &source.scores) {
        (Some(run), None) => {
            refuse_unread(&source.read)?;
            let found = out_of_fold(run, source.data.as_deref(), &source.compute.device, console)?;
            (of_folds(&found, source.sort)?, found.skipped.len())
        }
        (None, Some(scores)) => of_scores(source, scores, console)?,
        _ => bail!("nothing to review: give a cross-validation run, or --scores with --truth or --data"),
    };
    if let Some(subset) = &source.subset {
        let known: BTreeSet<String> = clips.iter().filter_map(|clip| clip.subset.clone()).collect();
        clips.retain(|clip| clip.subset.as_ref() == Some(subset));
        if clips.is_empty() {
            let known = match known.is_empty() {
                true => "none of them is in a subset; leave it out".to_owned(),
                false => format!("they are in {}", Vec::from_iter(known).join(", ")),
            };
            bail!("--subset {subset}: none of the scored clips is in this subset; {known}");
        }
    }
    Ok((clips, skipped))
}

/// The clips of a score table, and how many files are left out.
fn of_scores(
    source: &ReviewSource,
    scores: &Path,
    console: &Console,
) -> anyhow::Result<(Vec<ReviewedClip>, usize)> {
    let labels = DataLabels {
        subset: source.subset.clone(),
        ..DataLabels::default()
    };
    let truth = truth_source(
        source.truth.as_deref(),
        source.data.as_deref(),
        &source.read,
        labels,
    )?;
    let scores = ScoreTable::read(scores)?;
    let found = truth.read(scores.files())?;
    show_truth(&found, console);
    let left_out = found.missing.len() + found.extra.len();
    Ok((of_tables(&scores, &found, source.sort)?, left_out))
}

/// The clips as a CSV file, as JSON or as a table.
fn show(
    clips: &[ReviewedClip],
    all: usize,
    missed: &str,
    source: &ReviewSource,
    console: &Console,
) -> anyhow::Result<()> {
    if let Some(path) = &source.out {
        write_table(path, clips)?;
        let count = human_amount(clips.len(), "clip", "clips");
        print_written(path, format!("{count} of {all}: {}", path.display()), console)?;
    } else if source.json || !clips.is_empty() {
        print_as(source.json, || clips, || table(clips))?;
    }
    if clips.is_empty() {
        console.note(format!("none of {} {missed}", human_amount(all, "clip", "clips")));
    }
    Ok(())
}

/// Its best classes and their scores in one cell.
fn best_classes(clip: &ReviewedClip, separator: &str) -> String {
    let best = clip.best.iter();
    let words: Vec<String> = best.map(|(class, score)| format!("{class} {score:.2}")).collect();
    words.join(separator)
}

fn table(clips: &[ReviewedClip]) -> String {
    let headers = ["file", "labels", "scores", "lwlrap", "self-confidence", "margin"];
    let row = |clip: &ReviewedClip| {
        let a = &clip.quality;
        let numbers = [a.lwlrap, a.self_confidence, a.margin].map(|v| format!("{v:.4}"));
        let words = [
            clip.file.clone(),
            clip.labels.join(", "),
            best_classes(clip, ", "),
        ];
        words.into_iter().chain(numbers).collect()
    };
    let rows: Vec<Vec<String>> = clips.iter().map(row).collect();
    let (left, right) = (Align::Left, Align::Right);
    text_table(&headers, &rows, &[left, left, left, right, right, right])
}

fn write_table(path: &Path, clips: &[ReviewedClip]) -> anyhow::Result<()> {
    let row = |clip: &ReviewedClip| {
        let a = &clip.quality;
        let words = [
            clip.file.clone(),
            clip.subset.clone().unwrap_or_default(),
            clip.fold.map_or(String::new(), |fold| fold.to_string()),
            joined(&clip.labels),
            joined(&clip.suggested),
            best_classes(clip, ","),
        ]
        // The list is for people, who open it in a spreadsheet.
        .map(|cell| spreadsheet_text(&cell).into_owned());
        let numbers = [a.lwlrap, a.self_confidence, a.margin].map(|v| v.to_string());
        words.into_iter().chain(numbers).collect()
    };
    let header = Vec::from(REVIEW_COLUMNS.map(str::to_owned));
    output::write_csv(path, std::iter::once(header).chain(clips.iter().map(row)))
}

/// Writes corrections in argus-2019's format, `{"a.wav": "remove", "b.wav": "Bark,Meow"}`; returns how many there are.
fn write_corrections(
    path: &Path,
    clips: &[ReviewedClip],
    correct: impl Fn(&ReviewedClip) -> anyhow::Result<Option<String>>,
) -> anyhow::Result<usize> {
    let first = clips.first();
    if first.is_some_and(|first| clips.iter().any(|clip| clip.subset != first.subset)) {
        bail!(
            "--corrections: these clips are from several subsets, and a file corrects one; choose it with --subset"
        );
    }
    let mut entries: BTreeMap<&str, String> = BTreeMap::new();
    for clip in clips {
        entries.extend(correct(clip)?.map(|labels| (clip.file.as_str(), labels)));
    }
    output::write_json(path, &entries)?;
    Ok(entries.len())
}

/// The correction of a clip; `None` where its labels would not change.
fn correction(clip: &ReviewedClip, action: Action) -> anyhow::Result<Option<String>> {
    let same = |a: &[String], b: &[String]| a.iter().all(|class| b.contains(class));
    let confirmed = same(&clip.suggested, &clip.labels) && same(&clip.labels, &clip.suggested);
    match action {
        Action::Remove => Ok(Some("remove".to_owned())),
        Action::Relabel if confirmed => Ok(None),
        Action::Relabel => Ok(Some(joined(&clip.suggested))),
    }
}

/// Classes as corrections and columns of labels write them: one with a comma is between quotes.
fn joined(classes: &[String]) -> String {
    LabelRule::several().write(classes)
}
