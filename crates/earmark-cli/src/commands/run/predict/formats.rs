//! The formats of `earmark predict --format`: csv, kaggle2019, kaggle2018 (the best three labels) and json.

use crate::kinds_of_results::BEST_THREE_COLUMNS;
use crate::prelude::*;
use clap::ValueEnum;
use earmark::engine::ModelFile;
use earmark::inference::Prediction;
use earmark::inference::model::model_files;
use earmark::metrics::{ScoreTable, top_k};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Format of predictions.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScoreFormat {
    /// fname, then one column per class
    Csv,
    /// The same with file names without folders: the submission format of FSDKaggle2019
    Kaggle2019,
    /// fname,label with the three best classes: the submission format of FSDKaggle2018
    Kaggle2018,
    /// A JSON array
    Json,
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

/// Writes the scores in a format.
pub fn write(path: &Path, format: ScoreFormat, prediction: &Prediction) -> anyhow::Result<()> {
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
            let skipped = prediction.skipped.iter();
            let reasons: HashMap<&str, &str> =
                skipped.map(|(file, why)| (file.as_str(), why.as_str())).collect();
            let row = |(file, row): (&str, &[f32])| {
                let mut value = json!({ "file": file, "scores": by_class(scores.classes(), row) });
                if let Some(reason) = reasons.get(file) {
                    value["error"] = (*reason).into();
                }
                if let Some(note) = prediction.remarks.note(file) {
                    value["note"] = note.into();
                }
                value
            };
            output::write_json_rows(path, scores.rows().map(row))
        }
    }
}

/// Refuses a format for models with a class whose name it can't hold, before anything is scored.
pub fn refuse_models(format: ScoreFormat, models: &[String]) -> anyhow::Result<()> {
    if format != ScoreFormat::Kaggle2018 {
        return Ok(());
    }
    for path in model_files(models)? {
        refuse_classes(format, &ModelFile::read_metadata(&path)?.classes)?;
    }
    Ok(())
}

fn refuse_classes(format: ScoreFormat, classes: &[String]) -> anyhow::Result<()> {
    let spaced = classes.iter().find(|class| class.contains(char::is_whitespace));
    match (format, spaced) {
        (ScoreFormat::Kaggle2018, Some(class)) => bail!(
            "--format kaggle2018 separates classes by spaces, and the class `{class}` contains one; choose --format csv"
        ),
        _ => Ok(()),
    }
}

/// `fname,label`: the submission separates its three labels by spaces.
fn write_best_three(path: &Path, scores: &ScoreTable) -> anyhow::Result<()> {
    let classes = scores.classes();
    refuse_classes(ScoreFormat::Kaggle2018, classes)?;
    let names = base_names(scores.files())?;
    let rows = names.into_iter().zip(scores.rows()).map(|(name, (_, row))| {
        let best: Vec<&str> = top_k(row, 3).into_iter().map(|c| classes[c].as_str()).collect();
        [name, best.join(" ")]
    });
    let header = BEST_THREE_COLUMNS.map(str::to_owned);
    output::write_csv(path, std::iter::once(header).chain(rows))
}

/// The scores of a row by class.
pub fn by_class(classes: &[String], row: &[f32]) -> Map<String, Value> {
    let pairs = classes.iter().cloned().zip(row);
    pairs.map(|(class, score)| (class, json!(score))).collect()
}
