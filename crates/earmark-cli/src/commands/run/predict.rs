//! `earmark predict`

use super::predict_segments;
use crate::args::{Predict, ScoreFormat};
use crate::commands::data::source::layout;
use crate::commands::scores::{by_class, sorted_by_file};
use crate::console::Console;
use crate::output::{self, print_written};
use crate::status::Status;
use anyhow::bail;
use earmark::inference::{self, Event, Prediction};
use earmark::metrics::{ScoreTable, top_k};
use earmark::train;
use earmark_core::human::human_amount;
use serde_json::json;
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Writes the scores of recordings.
pub fn run(args: Predict, console: &Console) -> anyhow::Result<Status> {
    refuse_contradictions(&args)?;
    let job = inference::PredictJob {
        models: args.models,
        // Files that a command line names have priority over the data folder of the environment.
        data: args.source.data.filter(|_| args.source.files.is_empty()),
        subset: args.source.subset,
        files: args.source.files,
        layout: args.layout.as_deref().map(layout).transpose()?,
        mean: args.mean,
        raw: args.raw,
        weights: (!args.weights.is_empty()).then_some(args.weights),
        device: args.compute.device,
    };
    output::check(&args.out)?;
    let stop = console.stop_flag()?;
    if args.segments {
        let out = (args.out.as_path(), args.format);
        return predict_segments::run(&job, args.out_of_fold, out, console, &stop);
    }
    let prediction = if args.out_of_fold {
        out_of_fold(&job, console, &stop)?
    } else {
        let prediction = inference::predict(&job, &|e| console.show(e), &stop);
        console.finished(prediction, "nothing was written")?
    };
    write(&args.out, args.format, &prediction)?;
    let text = format!(
        "{} scored for {}: {}",
        human_amount(prediction.scores.files().len(), "recording", "recordings"),
        human_amount(prediction.scores.classes().len(), "class", "classes"),
        args.out.display()
    );
    print_written(&args.out, text, console)?;
    add_notes(&prediction, args.out_of_fold, console);
    Ok(Status::of_skips(
        prediction.skipped.len() + prediction.unnamed.len(),
    ))
}

fn refuse_contradictions(args: &Predict) -> anyhow::Result<()> {
    let source = &args.source;
    let given = |data: &Path| std::env::var_os("EARMARK_DATA").is_none_or(|set| set != *data);
    if !source.files.is_empty() && source.data.as_deref().is_some_and(given) {
        bail!("--files: cannot be combined with --data; give one of them");
    }
    if source.data.is_none() && source.files.is_empty() && !args.out_of_fold {
        bail!("nothing to predict: give a folder with --data DIR, or audio files with --files FILE...");
    }
    if args.segments && matches!(args.format, ScoreFormat::Kaggle2018 | ScoreFormat::Kaggle2019) {
        bail!(
            "--format: a submission has one row per clip, none per segment; choose csv or json, or leave out --segments"
        );
    }
    if let ([_, other, ..], true) = (args.models.as_slice(), args.out_of_fold) {
        bail!("--out-of-fold: takes one cross-validation run, and {other} is a second one");
    }
    Ok(())
}

/// The scores of each clip by the model that did not see it, sorted by file.
fn out_of_fold(
    job: &inference::PredictJob,
    console: &Console,
    stop: &AtomicBool,
) -> anyhow::Result<Prediction> {
    let run = Path::new(&job.models[0]);
    let show = |e: Event| console.show(e);
    let found = train::out_of_fold(run, job.data.as_deref(), &job.device, &show, stop);
    let found = console.finished(found, "nothing was written")?;
    Ok(Prediction {
        scores: sorted_by_file(&found.scores)?,
        skipped: found.skipped,
        unnamed: Vec::new(),
        trained_on: 0,
        has_held_out: false,
        single_label: found.single_label,
    })
}

/// What must be known about the scores.
fn add_notes(prediction: &Prediction, out_of_fold: bool, console: &Console) {
    if prediction.trained_on > 0 {
        let remedy = if prediction.has_held_out {
            "evaluate it on its held-out clips with `earmark eval`, or with --out-of-fold for a cross-validation run"
        } else {
            "evaluate it on recordings it has not seen"
        };
        console.note(format!(
            "the model was trained on {} of these recordings; {remedy}",
            prediction.trained_on
        ));
    }
    match prediction.skipped.len() {
        0 => {}
        n if out_of_fold => console.note(format!("{n} could not be read and have no row")),
        n if n == prediction.scores.files().len() => {
            console.note("none of them could be read; all scores are 0");
        }
        n => console.note(format!(
            "{n} could not be read; their rows contain the mean of the other rows"
        )),
    }
}

/// File names without their folders, which must still be different.
fn base_names(files: &[String]) -> anyhow::Result<Vec<String>> {
    let mut seen = HashMap::new();
    let mut names = Vec::new();
    for file in files {
        let name = Path::new(file).file_name();
        let name = name.map_or(file.to_owned(), |n| n.to_string_lossy().into_owned());
        if let Some(other) = seen.insert(name.clone(), file) {
            bail!(
                "`{other}` and `{file}` differ only in their folders, which this format leaves out; choose --format csv"
            );
        }
        names.push(name);
    }
    Ok(names)
}

fn write(path: &Path, format: ScoreFormat, prediction: &Prediction) -> anyhow::Result<()> {
    let scores = &prediction.scores;
    match format {
        ScoreFormat::Csv => output::write_scores(path, scores),
        ScoreFormat::Kaggle2019 => {
            let names = base_names(scores.files())?;
            let table = ScoreTable::new(names, scores.classes().to_vec(), scores.values().to_vec())?;
            output::write_scores(path, &table)
        }
        ScoreFormat::Kaggle2018 => write_best_three(path, scores),
        ScoreFormat::Json => {
            let row = |(file, row): (&str, &[f32])| {
                let mut value = json!({ "file": file, "scores": by_class(scores.classes(), row) });
                if let Some((_, reason)) = prediction.skipped.iter().find(|(f, _)| f == file) {
                    value["error"] = reason.as_str().into();
                }
                value
            };
            output::write_json(path, &scores.rows().map(row).collect::<Vec<_>>())
        }
    }
}

/// `fname,label`: the submission separates its three labels by spaces.
fn write_best_three(path: &Path, scores: &ScoreTable) -> anyhow::Result<()> {
    let classes = scores.classes();
    if let Some(class) = classes.iter().find(|class| class.contains(char::is_whitespace)) {
        bail!(
            "--format kaggle2018 separates classes by spaces, and the class `{class}` contains one; choose --format csv"
        );
    }
    let names = base_names(scores.files())?;
    let rows = names.into_iter().zip(scores.rows()).map(|(name, (_, row))| {
        let best: Vec<&str> = top_k(row, 3).into_iter().map(|c| classes[c].as_str()).collect();
        [name, best.join(" ")]
    });
    let header = ["fname", "label"].map(str::to_owned);
    output::write_csv(path, std::iter::once(header).chain(rows))
}
