//! `earmark probe`

use crate::Status;
use crate::args::{Global, Probe};
use crate::console::{Console, out, out_json};
use crate::output;
use anyhow::bail;
use earmark::data::DataOptions;
use earmark::metrics::number;
use earmark::report::{Align, human_amount, text_table};
use earmark::train::ProbeResult;
use serde_json::json;
use std::collections::BTreeMap;

/// Fits the last layer of a network to a labelled folder.
pub fn run(args: Probe, global: &Global, console: &Console) -> anyhow::Result<Status> {
    let strengths = match args.strength {
        None => earmark::train::STRENGTHS.to_vec(),
        Some(s) if s > 0.0 && s.is_finite() => vec![s],
        Some(s) => bail!("--strength {s}: choose a positive number; 1 is usual"),
    };
    let job = earmark::train::ProbeJob {
        model: args.model,
        data: args.data,
        options: DataOptions {
            subsets: (!args.parts.is_empty()).then_some(args.parts),
            ..DataOptions::default()
        },
        fold_table: args.fold_table,
        like: like(&args.like)?,
        strengths,
        judge: args.folds.is_some(),
        out: args.out.clone(),
        device: global.device.clone(),
    };
    let stop = console.stop_flag()?;
    let done = match earmark::train::probe(&job, &|e| console.show(e), &stop) {
        Err(e) if e.is_interrupt() => None,
        done => done?,
    };
    let Some(done) = done else {
        console.note("interrupted; nothing was written");
        return Ok(Status::Interrupted);
    };
    if let (Some(path), Some((_, scores))) = (&args.scores, &done.judged) {
        output::table(path, scores)?;
    }
    if args.json {
        out_json(&json!({
            "clips": done.clips, "features": done.features, "classes": done.classes, "strength": done.strength,
            "folds": done.folds, "judged": done.judged.as_ref().map(|j| &j.0), "skipped": done.skipped, "out": args.out,
        }))?;
    } else {
        out(told(&done).trim_end())?;
    }
    if let Some(path) = &args.out {
        console.note(format!(
            "{}: {}",
            path.display(),
            human_amount(done.classes.len(), "class", "classes")
        ));
    }
    Ok(Status::of_skips(done.skipped.len()))
}

/// `dog=Dog|Bark`, each once.
fn like(given: &[String]) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let mut all = BTreeMap::new();
    for text in given {
        let Some((class, others)) = text.split_once('=') else {
            bail!(
                "--like {text}: expected CLASS=A|B, a class of the data and those of the model that it is like"
            );
        };
        let others: Vec<String> = others.split('|').map(|o| o.trim().to_owned()).collect();
        if all.insert(class.trim().to_owned(), others).is_some() {
            bail!("--like {text}: {class} stands twice; separate what it is like by |");
        }
    }
    Ok(all)
}

fn told(done: &ProbeResult) -> String {
    let mut text = format!(
        "{}, {}, {}; strength {}\n",
        human_amount(done.clips, "clip", "clips"),
        human_amount(done.features, "feature", "features"),
        human_amount(done.classes.len(), "class", "classes"),
        done.strength
    );
    if let Some((report, _)) = &done.judged {
        let mut rows: Vec<Vec<String>> = done
            .folds
            .iter()
            .map(|f| {
                let head = [f.fold.to_string(), f.clips.to_string(), f.strength.to_string()];
                head.into_iter()
                    .chain([number(f.accuracy), number(f.neighbours)])
                    .collect()
            })
            .collect();
        let of = |get: fn(&earmark::train::ProbedFold) -> Option<f64>| {
            let known: Vec<f64> = done.folds.iter().filter_map(get).collect();
            (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
        };
        let mean = [number(of(|f| f.accuracy)), number(of(|f| f.neighbours))];
        let head = ["mean".to_owned(), report.clips.to_string(), String::new()];
        rows.push(head.into_iter().chain(mean).collect());
        let columns = [
            Align::Left,
            Align::Right,
            Align::Right,
            Align::Right,
            Align::Right,
        ];
        text += &text_table(
            &["fold", "clips", "strength", "accuracy", "5 neighbours"],
            &rows,
            &columns,
        );
        text += &format!(
            "\npooled: lwlrap {}, mAP {}\n",
            number(report.lwlrap),
            number(report.mean_ap)
        );
    }
    text
}
