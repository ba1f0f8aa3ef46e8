//! `earmark probe`

use crate::prelude::*;
use earmark::data::DataOptions;
use earmark::metrics::number;
use earmark::train::{self, ProbeResult, ProbedFold};
use std::collections::BTreeMap;

/// Train a linear classifier on a frozen model's embeddings (linear probe)
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark probe mn04.safetensors --data my-sounds -o tagger.safetensors\n  \
    earmark probe mn04.safetensors --data ESC-10 --folds all\n\n\
    It takes seconds and writes a model file like any other."
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
    /// Subsets to train on; default: all
    #[arg(long = "subset", aliases = ["part", "parts"], value_name = "SUBSET", value_delimiter = ',')]
    pub subsets: Vec<String>,
    /// A class of the data and similar classes of the model, whose weights are the starting point: "dog=Dog|Bark"
    #[arg(long, value_name = "CLASS=A|B")]
    pub like: Vec<String>,
    /// Strength of the regularization; default: the best of several, by cross-validation on the training clips
    #[arg(long)]
    pub strength: Option<f64>,
    /// File for the out-of-fold scores, which `earmark calibrate` reads
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
        model: args.model,
        data: args.data,
        options: DataOptions {
            subsets: (!args.subsets.is_empty()).then_some(args.subsets),
            ..DataOptions::default()
        },
        fold_table: args.fold_table,
        like: like(&args.like)?,
        strengths,
        cross_validate: args.folds.is_some(),
        out: args.out.clone(),
        device: args.compute.device,
    };
    let done = console.run("nothing was written", |show, stop| train::probe(&job, show, stop))?;
    if let (Some(path), Some((_, scores))) = (&args.out_of_fold, &done.cross_validated) {
        output::write_scores(path, scores)?;
    }
    let result = || {
        json!({
            "clips": done.clips, "features": done.features, "classes": done.classes, "strength": done.strength,
            "folds": done.folds, "judged": done.cross_validated.as_ref().map(|(report, _)| report), "skipped": done.skipped, "out": args.out,
        })
    };
    print_as(args.json, result, || summary(&done))?;
    if let Some(path) = &args.out {
        let classes = human_amount(done.classes.len(), "class", "classes");
        console.note(format!("{}: {classes}", path.display()));
    }
    Ok(Status::of_skips(done.skipped.len()))
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
    let mut text = format!(
        "{}, {}, {}; strength {}\n",
        human_amount(done.clips, "clip", "clips"),
        human_amount(done.features, "feature", "features"),
        human_amount(done.classes.len(), "class", "classes"),
        done.strength
    );
    let Some((report, _)) = &done.cross_validated else {
        return text;
    };
    let row = |head: [String; 3], accuracy, neighbours| -> Vec<String> {
        head.into_iter()
            .chain([number(accuracy), number(neighbours)])
            .collect()
    };
    let folds = done.folds.iter().map(|f| {
        let head = [f.fold.to_string(), f.clips.to_string(), f.strength.to_string()];
        row(head, f.accuracy, f.neighbours)
    });
    let mean = |get: fn(&ProbedFold) -> Option<f64>| {
        let known: Vec<f64> = done.folds.iter().filter_map(get).collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    };
    let head = ["mean".to_owned(), report.clips.to_string(), String::new()];
    let rows = folds.chain([row(head, mean(|f| f.accuracy), mean(|f| f.neighbours))]);
    text += &number_table(&["fold", "clips", "strength", "accuracy", "5 neighbours"], rows);
    let (lwlrap, map) = (number(report.lwlrap), number(report.mean_ap));
    text + &format!("\npooled: lwlrap {lwlrap}, mAP {map}\n")
}
