//! `earmark probe`

use crate::prelude::*;
use earmark::data::DataOptions;
use earmark::metrics::{CalibrationQuality, number};
use earmark::train::{self, ProbeClasses, ProbeResult, ProbedFold, ProbedFolds};
use std::collections::BTreeMap;

/// Train a linear classifier on a frozen model's embeddings (linear probe)
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark probe mn04.safetensors --data my-sounds -o tagger.safetensors\n  \
    earmark probe mn04.safetensors --data my-sounds --background field -o tagger.safetensors\n  \
    earmark probe mn04.safetensors --data ESC-10 --folds all\n\n\
    It takes seconds and writes a model file like any other, with calibrated scores and a threshold for each class. \
    Layer and strength are chosen by folds of the training clips; clips of one group are never apart.\n\n\
    Clips of a class named background, noise, silence or other belong to none of the classes. Where there are such \
    clips, or clips with several labels, classes are independent; else each clip has exactly one."
)]
pub struct Probe {
    /// The model whose embeddings are used: MODEL.safetensors, RUN or RUN@STEP
    pub model: String,
    /// A labelled data folder
    #[arg(long, env = "EARMARK_DATA")]
    pub data: PathBuf,
    /// Model file to write
    #[arg(long, short, required_unless_present = "folds")]
    pub out: Option<PathBuf>,
    /// Cross-validate over all folds; the model that is written is trained on all of them
    #[arg(long, value_name = "all", value_parser = ["all"])]
    pub folds: Option<String>,
    /// Fold table (file,fold) instead of the data's own folds
    #[arg(long, value_name = "TABLE")]
    pub fold_table: Option<PathBuf>,
    /// Subsets to train on; default: all except those for testing
    #[arg(long = "subset", aliases = ["part", "parts"], value_name = "SUBSET", value_delimiter = ',')]
    pub subsets: Vec<String>,
    #[command(flatten)]
    pub read: DataArgs,
    #[command(flatten)]
    pub damaged: DamagedArgs,
    /// A class of the data and similar classes of the model, whose weights are the starting point: "dog=Dog|Bark"
    #[arg(long, value_name = "CLASS=A|B")]
    pub like: Vec<String>,
    /// Strength of the regularization; default: the best of several, by cross-validation on the training clips
    #[arg(long)]
    pub strength: Option<f64>,
    /// Fit a sigmoid for each class: a recording may have several of them, or none
    #[arg(long)]
    pub independent: bool,
    /// Fit one softmax: each recording has exactly one of the classes
    #[arg(long, conflicts_with_all = ["independent", "background"])]
    pub exclusive: bool,
    /// Folder of recordings that belong to none of the classes, cut into pieces as long as the clips
    #[arg(long, value_name = "DIR")]
    pub background: Option<PathBuf>,
    /// Where there is background: copies of each clip to train on that are mixed with it at various levels; 0: none
    #[arg(long, value_name = "N", default_value_t = train::BACKGROUND_COPIES, conflicts_with = "exclusive")]
    pub background_copies: usize,
    /// Where each clip has one class: copies of each to train on that begin or end elsewhere; `fit` makes 3
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with_all = ["independent", "background"])]
    pub copies: usize,
    /// File for the out-of-fold scores before calibration, which `earmark calibrate` reads
    #[arg(long, alias = "scores", requires = "folds", value_name = "OOF.csv")]
    pub out_of_fold: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub compute: Compute,
}

/// Fits a linear classifier to a model's embeddings of a labelled folder.
pub fn run(args: Probe, console: &Console) -> anyhow::Result<Status> {
    let strengths = match args.strength {
        None => train::STRENGTHS.to_vec(),
        Some(s) if s > 0.0 && s.is_finite() => vec![s],
        Some(s) => bail!("--strength {s}: choose a positive number; 1 is usual"),
    };
    let job = train::ProbeJob {
        options: DataOptions {
            subsets: (!args.subsets.is_empty()).then_some(args.subsets),
            ..args.damaged.over(args.read.over(&DataOptions::default())?)
        },
        fold_table: args.fold_table,
        classes: match (args.independent, args.exclusive) {
            (true, _) => ProbeClasses::Independent,
            (_, true) => ProbeClasses::Exclusive,
            _ => ProbeClasses::Auto,
        },
        background: args.background,
        background_copies: args.background_copies,
        copies: args.copies,
        like: like(&args.like)?,
        strengths,
        cross_validate: args.folds.is_some(),
        out: args.out.clone(),
        device: args.compute.device,
        ..train::ProbeJob::new(args.model, args.data)
    };
    let done = console.run("nothing was written", |show, stop| train::probe(&job, show, stop))?;
    if let (Some(path), Some(folds)) = (&args.out_of_fold, &done.cross_validated) {
        output::write_scores(path, &folds.scores)?;
    }
    print_as(
        args.json,
        || as_json(&done, args.out.as_deref()),
        || summary(&done),
    )?;
    if let Some(path) = &args.out {
        let classes = human_amount(done.classes.len(), "class", "classes");
        console.note(format!("{}: {classes}", path.display()));
    }
    Ok(Status::of_skips(done.skipped.len() + done.damaged.len()))
}

fn as_json(done: &ProbeResult, out: Option<&Path>) -> serde_json::Value {
    let folds = done.cross_validated.as_ref();
    let lines = folds.map(|folds| folds.folds.as_slice()).unwrap_or_default();
    let mut all = json!({
        "clips": done.clips, "background": done.background, "classes": done.classes, "independent": done.independent,
        "layer": done.layer, "features": done.features, "strength": done.strength, "path": done.trials,
        "calibration": done.calibration, "folds": lines,
        "judged": folds.map(|folds| &folds.report), "warnings": done.warnings, "skipped": done.skipped,
        "damaged": done.damaged, "out": out,
    });
    if done.copies > 0 {
        all["copies"] = json!(done.copies);
    }
    all
}

/// `dog=Dog|Bark`, each class once.
fn like(given: &[String]) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let mut all = BTreeMap::new();
    for text in given {
        let Some((class, others)) = text.split_once('=') else {
            bail!("--like {text}: expected CLASS=A|B, a class of the data and similar classes of the model");
        };
        let others: Vec<String> = others.split('|').map(|other| other.trim().to_owned()).collect();
        if all.insert(class.trim().to_owned(), others).is_some() {
            bail!("--like {text}: {class} is given twice; separate similar classes with |");
        }
    }
    Ok(all)
}

fn summary(done: &ProbeResult) -> String {
    let background = match done.background {
        0 => String::new(),
        pieces => format!(
            ", {}",
            human_amount(pieces, "piece of background", "pieces of background")
        ),
    };
    let copies = match done.copies {
        0 => String::new(),
        copies => format!(", {}", human_amount(copies, "copy", "copies")),
    };
    let held_out = match done.copies > 0 && done.independent {
        true => "held-out clips and copies",
        false => "held-out clips",
    };
    let mut text = format!(
        "{}{background}{copies}, {}; {} ({}), strength {}\n",
        human_amount(done.clips, "clip", "clips"),
        human_amount(done.classes.len(), "class", "classes"),
        done.layer.describe(),
        human_amount(done.features, "feature", "features"),
        done.strength
    );
    if let Some(calibrated) = &done.calibration {
        let (before, after) = (&calibrated.before, &calibrated.after);
        let change = |of: fn(&CalibrationQuality) -> Option<f64>| {
            format!("{} to {}", number(of(before)), number(of(after)))
        };
        text += &format!(
            "calibrated on {held_out}: log loss {}, calibration error {}, F1 at the thresholds {}{}\n",
            change(|c| c.log_loss),
            change(|c| c.ece),
            change(|c| c.f1_micro),
            match calibrated.helps {
                true => "",
                false => "; no better, so that the model's scores stay as they are",
            }
        );
    }
    if let Some(folds) = &done.cross_validated {
        text += &format!("\n{}", fold_table(folds));
        let (lwlrap, map) = (number(folds.report.lwlrap), number(folds.report.mean_ap));
        text += &format!("\npooled: lwlrap {lwlrap}, mAP {map}\n");
    }
    text + &cautions(&done.warnings)
}

fn fold_table(all: &ProbedFolds) -> String {
    let row = |head: [String; 4], accuracy, neighbours| -> Vec<String> {
        head.into_iter()
            .chain([number(accuracy), number(neighbours)])
            .collect()
    };
    let folds = all.folds.iter().map(|f| {
        let layer = f.layer.describe().to_owned();
        let head = [
            f.fold.to_string(),
            f.clips.to_string(),
            layer,
            f.strength.to_string(),
        ];
        row(head, f.accuracy, f.neighbours)
    });
    let mean = |get: fn(&ProbedFold) -> Option<f64>| {
        let known: Vec<f64> = all.folds.iter().filter_map(get).collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    };
    let clips = all.folds.iter().map(|f| f.clips).sum::<usize>().to_string();
    let head = ["mean".to_owned(), clips, String::new(), String::new()];
    let rows = folds.chain([row(head, mean(|f| f.accuracy), mean(|f| f.neighbours))]);
    let heads = ["fold", "clips", "layer", "strength", "accuracy", "5 neighbours"];
    number_table(&heads, rows)
}
