//! `earmark probe`

use crate::args::Probe;
use crate::console::Console;
use crate::output::{self, number_table, print, print_json};
use crate::status::Status;
use anyhow::bail;
use earmark::data::DataOptions;
use earmark::metrics::number;
use earmark::train::{self, ProbeResult, ProbedFold};
use earmark_core::human::human_amount;
use serde_json::json;
use std::collections::BTreeMap;

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
        judge: args.folds.is_some(),
        out: args.out.clone(),
        device: args.compute.device,
    };
    let stop = console.stop_flag()?;
    let done = train::probe(&job, &|e| console.show(e), &stop);
    let done = console.finished(done, "nothing was written")?;
    if let (Some(path), Some((_, scores))) = (&args.out_of_fold, &done.judged) {
        output::write_scores(path, scores)?;
    }
    if args.json {
        print_json(&json!({
            "clips": done.clips, "features": done.features, "classes": done.classes, "strength": done.strength,
            "folds": done.folds, "judged": done.judged.as_ref().map(|j| &j.0), "skipped": done.skipped, "out": args.out,
        }))?;
    } else {
        print(summary(&done).trim_end())?;
    }
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
    let Some((report, _)) = &done.judged else {
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
    let rows: Vec<Vec<String>> = folds
        .chain([row(head, mean(|f| f.accuracy), mean(|f| f.neighbours))])
        .collect();
    text += &number_table(&["fold", "clips", "strength", "accuracy", "5 neighbours"], &rows);
    text += &format!(
        "\npooled: lwlrap {}, mAP {}\n",
        number(report.lwlrap),
        number(report.mean_ap)
    );
    text
}
