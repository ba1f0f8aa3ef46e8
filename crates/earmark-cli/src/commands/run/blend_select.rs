//! `earmark blend --select`

use crate::Status;
use crate::args::{Blend, Global};
use crate::console::{Console, done, out_json};
use crate::output;
use anyhow::{Context, bail};
use earmark::data::FoldTable;
use earmark::inference::Event;
use earmark::metrics::{
    Aligned, BlendMean, BlendSelector, Report, ReportOptions, ScoreTable, TruthTable, UnknownLabels, blend,
    number,
};
use earmark::report::human_amount;
use earmark::runs::journal::history::METRICS;
use earmark::train::OutOfFold;
use serde_json::json;
use std::collections::HashMap;
use std::path::Path;

/// What is chosen from: tables in the order of the first, with truth and folds.
struct Choice {
    tables: Vec<ScoreTable>,
    truth: Option<Vec<bool>>,
    folds: Option<Vec<u32>>,
}

/// Chooses, blends and says what the choice is worth.
pub fn run(args: &Blend, mean: BlendMean, global: &Global, console: &Console) -> anyhow::Result<Status> {
    let known = || METRICS.map(|m| m.name()).join(", ");
    let Some(metric) = METRICS.into_iter().find(|m| m.name() == args.by) else {
        bail!("--by {}: is no metric; choose one of {}", args.by, known());
    };
    let Some(choice) = open(args, global, console)? else {
        console.note("interrupted; nothing was written");
        return Ok(Status::Interrupted);
    };
    let truth = match choice.truth {
        Some(truth) => truth,
        None => bail!("--select: needs the labels; give a run of folds among the inputs, or --truth"),
    };
    let judge = |aligned: &Aligned| match metric.name() {
        // The whole report is slow, and this one is asked for hundreds of times.
        "lwlrap" => Ok(aligned.lwlrap()?.overall()),
        "accuracy" => Ok(aligned.accuracy()),
        _ => Ok(metric.of(&Report::of(aligned, &ReportOptions::default())?)),
    };
    let selector = BlendSelector::new(&choice.tables, truth, mean)?;
    let Some(selection) = selector.select(&judge)? else {
        bail!(
            "--select: no blend has a {}; the labels are of other clips or classes",
            metric.name()
        );
    };
    let nested = match &choice.folds {
        Some(folds) => Some(selector.nested(folds, &judge)?),
        None => None,
    };
    let weights: Vec<f64> = selection.weights.iter().map(|w| *w as f64).collect();
    let blended = blend(&choice.tables, mean, Some(&weights))?;
    output::table(&args.out, &blended)?;
    let names: Vec<String> = args.tables.iter().map(|t| t.display().to_string()).collect();
    if let Some(path) = &args.chosen {
        output::write(path, |w| {
            for (name, weight) in names.iter().zip(&selection.weights) {
                (0..*weight).try_for_each(|_| writeln!(w, "{name}"))?;
            }
            Ok(())
        })?;
    }
    if args.json {
        let weights: serde_json::Map<_, _> = names
            .iter()
            .cloned()
            .zip(selection.weights.iter().map(|w| json!(w)))
            .collect();
        out_json(&json!({
            "metric": metric.name(), "weights": weights, "score": selection.score, "exhaustive": selection.exhaustive,
            "nested": nested.as_ref().map(|n| json!({ "score": n.score, "chosen": n.chosen })),
        }))?;
        return Ok(Status::Done);
    }
    for (name, weight) in names.iter().zip(&selection.weights).filter(|(_, w)| **w > 0) {
        let often = if *weight > 1 {
            format!(" x {weight}")
        } else {
            String::new()
        };
        done(&args.out, format!("{name}{often}"), console)?;
    }
    let (name, score) = (metric.name(), selection.score);
    let honest = match nested {
        Some(n) => format!(
            "{name} {} by nested folds, each blended as the others chose",
            number(n.score)
        ),
        None => "no honest estimate: give --fold-table, or a run of folds among the inputs".to_owned(),
    };
    let text = format!(
        "{} of {}: {name} {score:.4} on the clips that chose them (optimistic), {honest}: {}",
        selection.weights.iter().filter(|w| **w > 0).count(),
        human_amount(names.len(), "input", "inputs"),
        args.out.display()
    );
    done(&args.out, text, console)?;
    Ok(Status::Done)
}

/// Reads tables and runs; `None` when interrupted.
fn open(args: &Blend, global: &Global, console: &Console) -> anyhow::Result<Option<Choice>> {
    let stop = console.stop_flag()?;
    let mut tables = Vec::new();
    let mut first: Option<OutOfFold> = None;
    for path in &args.tables {
        if !path.is_dir() {
            tables.push(ScoreTable::read(path)?);
            continue;
        }
        let show = |e: Event| console.show(e);
        let found =
            match earmark::train::out_of_fold(path, args.data.as_deref(), &global.device, &show, &stop) {
                Err(e) if e.is_interrupt() => None,
                found => found?,
            };
        let Some(found) = found else { return Ok(None) };
        tables.push(by_file(&found.scores)?);
        if let Some(first) = &first {
            refuse_other_folds(path, first, &found)?;
        }
        first.get_or_insert(found);
    }
    let (files, classes) = (tables[0].files().to_vec(), tables[0].classes().to_vec());
    let truth = match (&args.truth, &first) {
        (Some(path), _) => Some(truth_of(path, &tables[0])?),
        (None, Some(run)) => Some(labels_of(run, &files, &classes)?),
        (None, None) => None,
    };
    let folds = match (&args.fold_table, &first) {
        (Some(path), _) => Some(folds_of(&FoldTable::read(path)?, &files, path)?),
        (None, Some(run)) => {
            let table = FoldTable {
                folds: run
                    .scores
                    .files()
                    .iter()
                    .cloned()
                    .zip(run.folds.iter().copied())
                    .collect(),
            };
            Some(folds_of(&table, &files, &args.tables[0])?)
        }
        (None, None) => None,
    };
    Ok(Some(Choice { tables, truth, folds }))
}

/// The rows by file name, as `predict --out-of-fold` writes them, and not fold after fold.
fn by_file(table: &ScoreTable) -> anyhow::Result<ScoreTable> {
    let mut rows: Vec<(&str, &[f32])> = table.rows().collect();
    rows.sort_unstable_by_key(|(file, _)| *file);
    let files = rows.iter().map(|(file, _)| (*file).to_owned()).collect();
    let values = rows.iter().flat_map(|(_, row)| row.iter().copied()).collect();
    Ok(ScoreTable::new(files, table.classes().to_vec(), values)?)
}

/// Runs whose folds differ have each learnt from clips that another one judges.
fn refuse_other_folds(path: &Path, first: &OutOfFold, other: &OutOfFold) -> anyhow::Result<()> {
    let of = |run: &OutOfFold| -> HashMap<String, u32> {
        run.scores
            .files()
            .iter()
            .cloned()
            .zip(run.folds.iter().copied())
            .collect()
    };
    let (first, other) = (of(first), of(other));
    if let Some(file) = other
        .iter()
        .find(|(file, fold)| first.get(*file).is_some_and(|f| f != *fold))
    {
        bail!(
            "{}: its folds are not those of the other runs ({} is in fold {} here); blend runs that were trained with the same folds",
            path.display(),
            file.0,
            file.1
        );
    }
    Ok(())
}

/// Truth in the order of a table's rows, from a file.
fn truth_of(path: &Path, table: &ScoreTable) -> anyhow::Result<Vec<bool>> {
    let truth = TruthTable::read(path)?;
    let aligned = Aligned::new(table, &truth, UnknownLabels::Refuse)?;
    let rows: HashMap<&str, &[bool]> = aligned
        .files()
        .iter()
        .map(String::as_str)
        .zip(aligned.rows().map(|(_, marks)| marks))
        .collect();
    let mut marks = Vec::new();
    for file in table.files() {
        let row = rows
            .get(file.as_str())
            .with_context(|| format!("{}: has no labels of {file}", path.display()))?;
        marks.extend_from_slice(row);
    }
    Ok(marks)
}

/// The same from a run of folds.
fn labels_of(run: &OutOfFold, files: &[String], classes: &[String]) -> anyhow::Result<Vec<bool>> {
    if classes != run.scores.classes() {
        bail!(
            "--select: the first input's classes are not those of the run of folds; name the run first, or give --truth"
        );
    }
    let rows: HashMap<&str, Vec<f32>> = run
        .items
        .iter()
        .map(|item| (item.file.as_str(), item.multi_hot(classes.len())))
        .collect();
    let mut marks = Vec::new();
    for file in files {
        let row = rows.get(file.as_str()).with_context(|| {
            format!("{file}: is no clip of the run of folds; give --truth and --fold-table")
        })?;
        marks.extend(row.iter().map(|v| *v > 0.0));
    }
    Ok(marks)
}

/// The fold of each file.
fn folds_of(table: &FoldTable, files: &[String], place: &Path) -> anyhow::Result<Vec<u32>> {
    files
        .iter()
        .map(|file| {
            let fold = table.folds.get(file).copied();
            fold.with_context(|| format!("{}: has no fold of {file}", place.display()))
        })
        .collect()
}
