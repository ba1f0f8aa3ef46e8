//! `earmark calibrate`

use super::calibrate_events::{self, EventThresholdArgs};
use crate::commands::truth::{refuse_folder, refuse_unread, truth_source};
use crate::prelude::*;
use earmark::metrics::{CalibrationLine, CalibrationMethod, CalibrationQuality, CalibrationRule};
use earmark::report::{ReliabilityCurve, reliability_chart};
use earmark::train::{self, CalibrateBy, CalibrateTo, CalibrationResult, DataLabels};

const METHODS: &[Choice<CalibrationMethod>] = &[
    (
        "platt",
        "A slope and an offset for the logits of each class",
        CalibrationMethod::Platt,
    ),
    ("temperature", "A slope alone", CalibrationMethod::Temperature),
];

/// Calibrate scores to probabilities and choose per-class thresholds on held-out clips
#[derive(Args)]
#[command(after_help = "Examples:\n  earmark calibrate runs/cv --in-place\n  \
    earmark calibrate runs/all --from runs/cv -o tagger.safetensors\n  \
    earmark calibrate model.safetensors --scores oof.csv --truth train.csv -o calibrated.safetensors\n  \
    earmark calibrate model.safetensors --scores oof.csv --data my-sounds -o calibrated.safetensors\n  \
    earmark calibrate model.safetensors --scores windows.csv --events truth.csv -o tagger.safetensors")]
pub struct Calibrate {
    /// Models: MODEL.safetensors, RUN or RUN@STEP; a cross-validation RUN counts as one model per fold
    #[arg(required = true)]
    pub models: Vec<String>,
    /// Cross-validation run whose out-of-fold scores are used; default: the model, if it is one
    #[arg(long, value_name = "RUN", conflicts_with_all = ["scores", "truth"])]
    pub from: Option<PathBuf>,
    /// The data folder of that run; default: where it was in training. With --scores, a data folder whose labels are the truth
    #[arg(long, env = "EARMARK_DATA")]
    pub data: Option<PathBuf>,
    /// Instead of a run: raw scores of clips that the models were not trained on (fname, then one column per class)
    #[arg(long)]
    pub scores: Option<PathBuf>,
    /// True labels of those clips: fname,labels; or fname,label; or one 0/1 column per class
    #[arg(long, requires = "scores")]
    pub truth: Option<PathBuf>,
    /// Only clips of this subset of the data folder; default: all subsets with a scored clip
    #[arg(
        long,
        alias = "part",
        requires = "scores",
        requires = "data",
        conflicts_with = "truth"
    )]
    pub subset: Option<String>,
    /// Fold table (file,fold) of the data folder: each fold is calibrated by the others for the numbers that are printed
    #[arg(
        long,
        value_name = "TABLE",
        requires = "scores",
        requires = "data",
        conflicts_with = "truth"
    )]
    pub fold_table: Option<PathBuf>,
    #[command(flatten)]
    pub read: DataArgs,
    #[command(flatten)]
    pub events: EventThresholdArgs,
    /// Calibrated model to write; for several models, a folder
    #[arg(long, short, required_unless_present = "in_place")]
    pub out: Option<PathBuf>,
    /// Write the calibration into the models themselves
    #[arg(long, conflicts_with = "out")]
    pub in_place: bool,
    /// What is fitted; single-label models always get one temperature for all classes
    #[arg(long, value_parser = choice(METHODS), default_value = "platt")]
    pub method: CalibrationMethod,
    /// A class with fewer positive or fewer negative clips than this keeps its scores; with --events, one with fewer
    /// true events (or segments) has the threshold that is best for all together
    #[arg(long, default_value_t = 5, value_name = "N")]
    pub min_examples: usize,
    /// Reliability diagram to write as SVG, before and after
    #[arg(long, value_name = "FILE.svg")]
    pub diagram: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub compute: Compute,
}

/// Calibrates models.
pub fn run(mut args: Calibrate, console: &Console) -> anyhow::Result<Status> {
    let to = match (args.out.take(), args.in_place) {
        (None, true) => CalibrateTo::InPlace,
        (Some(path), false) if output::is_stdout(&path) => {
            bail!("-o -: a model cannot be written to stdout; name a file")
        }
        (Some(path), false) => CalibrateTo::Path(path),
        _ => bail!("no output: give -o FILE for new files, or --in-place"),
    };
    if let Some(truth) = args.events.events.take() {
        return by_events(args, truth, to, console);
    }
    let labels = DataLabels {
        subset: args.subset,
        fold_table: args.fold_table,
        ..DataLabels::default()
    };
    let by = match args.scores {
        Some(scores) => CalibrateBy::Tables {
            scores,
            truth: truth_source(args.truth.as_deref(), args.data.as_deref(), &args.read, labels)?,
        },
        None => {
            refuse_unread(&args.read)?;
            CalibrateBy::Folds {
                run: args.from,
                data: args.data,
            }
        }
    };
    let job = train::CalibrateJob {
        models: args.models,
        by,
        to,
        method: args.method,
        min_examples: args.min_examples,
        device: args.compute.device,
    };
    let done = console.run("nothing was written", |show, stop| {
        train::calibrate(&job, show, stop)
    })?;
    if let Some(path) = &args.diagram {
        let curves = [("before", &done.before), ("after", &done.after)].map(reliability);
        let chart = reliability_chart(&curves);
        output::write(path, |w| w.write_all(chart.file().as_bytes()))?;
    }
    let result = || {
        json!({
            "clips": done.calibration.clips, "classes": done.classes, "calibration": done.calibration,
            "before": done.before, "after": done.after, "written": done.written, "skipped": done.skipped,
            "warnings": done.warnings,
        })
    };
    print_as(args.json, result, || summary(&done))?;
    for path in &done.written {
        console.note(format!("{}: calibrated", path.display()));
    }
    Ok(Status::of_skips(done.skipped.len()))
}

/// Chooses thresholds by true events.
fn by_events(args: Calibrate, truth: PathBuf, to: CalibrateTo, console: &Console) -> anyhow::Result<Status> {
    refuse_folder(args.data.as_deref(), &args.read)?;
    let job = train::EventThresholdJob {
        models: args.models,
        scores: args
            .scores
            .context("--events: give the scores of `tag --windows` with --scores")?,
        truth,
        to,
        goal: args.events.goal(),
        options: args.events.options(),
        min_events: args.min_examples,
    };
    calibrate_events::run(&job, args.json, console)
}

/// A curve of the diagram.
fn reliability((name, scores): (&str, &CalibrationQuality)) -> ReliabilityCurve {
    let bins = scores.reliability.bins.iter();
    ReliabilityCurve {
        name: name.into(),
        points: bins
            .filter_map(|bin| Some((bin.score?, bin.share?, bin.count)))
            .collect(),
    }
}

/// What was fitted, how well the scores fit before and after, and why they may not be those of the models.
fn summary(done: &CalibrationResult) -> String {
    let fitted = match &done.calibration.rule {
        CalibrationRule::Softmax { slope } => format!("temperature {:.3}", 1.0 / slope),
        CalibrationRule::Classes { lines } => {
            let fitted = lines.iter().filter(|l| **l != CalibrationLine::IDENTITY).count();
            let all = human_amount(lines.len(), "class", "classes");
            format!("{fitted} of {all} fitted")
        }
    };
    let measured: [Measured<CalibrationQuality>; 4] = [
        ("log loss", |c| c.log_loss),
        ("calibration error (ECE)", |c| c.ece),
        ("F1, all decisions", |c| c.f1_micro),
        ("F1, mean of classes", |c| c.f1_macro),
    ];
    format!(
        "{}, {fitted}\n\n{}\nAfter: each clip is calibrated on the clips of the other folds only. F1 before: with thresholds of 0.5.\n{}",
        human_amount(done.calibration.clips, "clip", "clips"),
        before_and_after([&done.before, &done.after], &measured),
        cautions(&done.warnings)
    )
}
