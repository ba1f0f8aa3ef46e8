//! `earmark predict`

use crate::Status;
use crate::args::{Format, Global, Predict};
use crate::console::{Console, done};
use crate::output;
use anyhow::{Context, bail};
use earmark::inference::{Event, Observer, PipelineError, Prediction};
use earmark::metrics::{BlendMean, ScoreTable, top_k};
use earmark::report::human_amount;
use serde_json::{Map, json};
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Writes scores of recordings.
pub fn run(args: Predict, global: &Global, console: &Console) -> anyhow::Result<Status> {
    let mean: BlendMean = args.mean.parse().context("--mean")?;
    let data = match args.data {
        // A flag says more than the environment.
        Some(data) if !args.files.is_empty() => {
            if std::env::var_os("EARMARK_DATA").is_none_or(|set| set != *data) {
                bail!("--files: these and --data are two things to predict; give one of them");
            }
            None
        }
        data => data,
    };
    if data.is_none() && args.files.is_empty() && !args.out_of_fold {
        bail!("nothing to predict: give a folder with --data DIR, or audio files with --files FILE...");
    }
    if args.tiles && matches!(args.format, Format::Kaggle2018 | Format::Kaggle2019) {
        bail!(
            "--format: a submission has a row for each clip and none for its tiles; choose csv or json, or leave out --tiles"
        );
    }
    if let ([_, other, ..], true) = (args.models.as_slice(), args.out_of_fold) {
        bail!("--out-of-fold: {other} is a second run; give one run of several folds");
    }
    let job = earmark::inference::Predict {
        models: args.models,
        data,
        part: args.part,
        files: args.files,
        layout: args
            .layout
            .as_deref()
            .map(crate::commands::data::layout)
            .transpose()?,
        mean,
        raw: args.raw,
        weights: (!args.weights.is_empty()).then_some(args.weights),
        device: global.device.clone(),
    };
    output::check(&args.out)?;
    let stop = console.stop_flag()?;
    if args.tiles {
        return super::predict_tiles::run(&job, args.out_of_fold, &args.out, args.format, console, &stop);
    }
    let show = |e: Event| console.show(e);
    let prediction = if args.out_of_fold {
        out_of_fold(&job, &show, &stop)
    } else {
        earmark::inference::predict(&job, &show, &stop)
    };
    let prediction = match prediction {
        Err(e) if e.is_interrupt() => None,
        p => p?,
    };
    let Some(prediction) = prediction else {
        console.note("interrupted; nothing was written");
        return Ok(Status::Interrupted);
    };
    write(&args.out, args.format, &prediction)?;
    let n = prediction.scores.files().len();
    let text = format!(
        "{} scored for {}: {}",
        human_amount(n, "recording", "recordings"),
        human_amount(prediction.scores.classes().len(), "class", "classes"),
        args.out.display()
    );
    done(&args.out, text, console)?;
    if prediction.learnt > 0 {
        let remedy = if prediction.kept {
            "to judge it by clips that it kept, use `earmark eval`, or --out-of-fold with a set of folds"
        } else {
            "to judge it, take recordings that it has not heard"
        };
        console.note(format!(
            "the model has learnt from {} of these recordings; {remedy}",
            prediction.learnt
        ));
    }
    match prediction.skipped.len() {
        0 => {}
        bad if args.out_of_fold => console.note(format!("{bad} could not be read and have no row")),
        bad if bad == n => console.note("none of them could be read; all scores are 0"),
        bad => console.note(format!(
            "{bad} could not be read; their rows hold the mean of the other rows"
        )),
    }
    Ok(Status::of_skips(
        prediction.skipped.len() + prediction.unnamed.len(),
    ))
}

/// The scores of each clip by the fold that did not see it, sorted by file.
fn out_of_fold(
    job: &earmark::inference::Predict,
    show: Observer,
    stop: &AtomicBool,
) -> Result<Option<Prediction>, PipelineError> {
    let set = Path::new(&job.models[0]);
    let Some(found) = earmark::train::out_of_fold(set, job.data.as_deref(), &job.device, show, stop)? else {
        return Ok(None);
    };
    let mut rows: Vec<(&str, &[f32])> = found.scores.rows().collect();
    rows.sort_unstable_by_key(|(file, _)| *file);
    let files = rows.iter().map(|(file, _)| (*file).to_owned()).collect();
    let values = rows.iter().flat_map(|(_, row)| row.iter().copied()).collect();
    Ok(Some(Prediction {
        scores: ScoreTable::new(files, found.scores.classes().to_vec(), values)?,
        skipped: found.skipped,
        unnamed: Vec::new(),
        learnt: 0,
        kept: false,
        single_label: found.single_label,
    }))
}

/// File name without its folder.
fn base(file: &str) -> String {
    Path::new(file)
        .file_name()
        .map_or(file.to_owned(), |n| n.to_string_lossy().into_owned())
}

/// File names without their folders, which must still tell the files apart.
fn bases(files: &[String]) -> anyhow::Result<Vec<String>> {
    let mut first = HashMap::new();
    for file in files {
        if let Some(other) = first.insert(base(file), file) {
            bail!(
                "`{other}` and `{file}` have the same name but for their folders, which this format leaves out; choose --format csv"
            );
        }
    }
    Ok(files.iter().map(|f| base(f)).collect())
}

fn write(path: &Path, format: Format, p: &Prediction) -> anyhow::Result<()> {
    let s = &p.scores;
    if let Some(class) = s
        .classes()
        .iter()
        .find(|c| format == Format::Kaggle2018 && c.contains(char::is_whitespace))
    {
        bail!(
            "--format kaggle2018 separates classes by spaces, and the class `{class}` has one; choose --format csv"
        );
    }
    match format {
        Format::Csv => output::table(path, s)?,
        Format::Kaggle2019 => {
            let s = ScoreTable::new(bases(s.files())?, s.classes().to_vec(), s.values().to_vec())?;
            output::table(path, &s)?;
        }
        Format::Kaggle2018 => {
            let files = bases(s.files())?;
            output::write(path, |w| {
                let mut csv = csv::Writer::from_writer(w);
                csv.write_record(["fname", "label"])?;
                for (file, (_, row)) in files.iter().zip(s.rows()) {
                    // The submission separates its three labels by spaces; its class names have none.
                    let best: Vec<&str> = top_k(row, 3)
                        .into_iter()
                        .map(|c| s.classes()[c].as_str())
                        .collect();
                    csv.write_record([file, &best.join(" ")])?;
                }
                csv.flush()
            })?;
        }
        Format::Json => output::write(path, |w| {
            let rows: Vec<_> = s
                .rows()
                .map(|(file, row)| {
                    let scores: Map<_, _> = s
                        .classes()
                        .iter()
                        .zip(row)
                        .map(|(c, v)| (c.clone(), json!(v)))
                        .collect();
                    let reason = p.skipped.iter().find(|(f, _)| f == file).map(|(_, r)| r);
                    match reason {
                        Some(reason) => json!({ "file": file, "error": reason, "scores": scores }),
                        None => json!({ "file": file, "scores": scores }),
                    }
                })
                .collect();
            serde_json::to_writer_pretty(&mut *w, &rows)?;
            w.write_all(b"\n")
        })?,
    }
    Ok(())
}
