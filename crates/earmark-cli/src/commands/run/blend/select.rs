//! `earmark blend --select`

use super::{Blend, with_names};
use crate::commands::out_of_fold_scores::{out_of_fold, sorted_by_file};
use crate::prelude::*;
use earmark::data::FoldTable;
use earmark::metrics::{
    Aligned, BlendSelection, BlendSelector, NestedSelection, Report, ReportOptions, ScoreTable, TruthTable,
    UnknownLabels, blend, number,
};
use earmark::runs::experiment_log::METRICS;
use earmark::train::OutOfFold;
use serde_json::Map;
use std::collections::{BTreeMap, HashMap};

/// What is chosen from: tables in the order of the first, with truth and folds.
struct Candidates {
    tables: Vec<ScoreTable>,
    truth: Vec<bool>,
    folds: Option<Vec<u32>>,
}

/// Chooses, blends and prints what the choice is worth.
pub fn run(args: &Blend, console: &Console) -> anyhow::Result<Status> {
    let Some(metric) = METRICS.into_iter().find(|m| m.name() == args.metric) else {
        let known = METRICS.map(|m| m.name()).join(", ");
        bail!("--metric {}: unknown metric; choose one of {known}", args.metric);
    };
    let candidates = candidates(args, console)?;
    let evaluate = |aligned: &Aligned| match metric.name() {
        // The whole report is slow, and this value is needed hundreds of times.
        "lwlrap" => Ok(aligned.lwlrap()?.overall()),
        "accuracy" => Ok(aligned.accuracy()),
        _ => Ok(metric.of(&Report::of(aligned, &ReportOptions::default())?)),
    };
    let selector = BlendSelector::new(&candidates.tables, candidates.truth, args.mean)
        .map_err(|e| with_names(&e, &args.tables))?;
    let name = metric.name();
    let Some(selection) = selector.select(&evaluate)? else {
        bail!("--select: no blend has a {name}; the labels are for other clips or classes");
    };
    let folds = candidates.folds.as_ref();
    let nested = folds.map(|folds| selector.nested(folds, &evaluate)).transpose()?;
    let weights: Vec<f64> = selection.weights.iter().map(|w| *w as f64).collect();
    let blended = blend(&candidates.tables, args.mean, Some(&weights))?;
    output::write_scores(&args.out, &blended)?;
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
        let weights = names.into_iter().zip(selection.weights.iter().map(|w| json!(w)));
        print_json(&json!({
            "metric": name, "weights": weights.collect::<Map<_, _>>(), "score": selection.score,
            "exhaustive": selection.exhaustive,
            "nested": nested.as_ref().map(|n| json!({ "score": n.score, "chosen": n.chosen })),
        }))?;
    } else {
        summarize(args, name, &selection, nested.as_ref(), console)?;
    }
    Ok(Status::Done)
}

fn summarize(
    args: &Blend,
    metric: &str,
    selection: &BlendSelection,
    nested: Option<&NestedSelection>,
    console: &Console,
) -> anyhow::Result<()> {
    let weighted = args.tables.iter().zip(&selection.weights);
    let chosen = weighted.filter(|(_, w)| **w > 0);
    for (table, weight) in chosen.clone() {
        let times = match weight {
            1 => String::new(),
            _ => format!(" x {weight}"),
        };
        print_written(&args.out, format!("{}{times}", table.display()), console)?;
    }
    let unbiased = match nested {
        Some(nested) => format!(
            "{metric} {} by nested cross-validation, each fold blended as the others chose",
            number(nested.score)
        ),
        None => {
            "no unbiased estimate: give --fold-table, or a cross-validation run among the inputs".to_owned()
        }
    };
    let (count, all) = (chosen.count(), human_amount(args.tables.len(), "input", "inputs"));
    let (score, out) = (selection.score, args.out.display());
    let text = format!(
        "{count} of {all}: {metric} {score:.4} on the clips that chose them (optimistic), {unbiased}: {out}"
    );
    print_written(&args.out, text, console)
}

/// Reads tables and runs.
fn candidates(args: &Blend, console: &Console) -> anyhow::Result<Candidates> {
    let mut tables = Vec::new();
    let mut first: Option<OutOfFold> = None;
    for path in &args.tables {
        if !path.is_dir() {
            tables.push(ScoreTable::read(path)?);
            continue;
        }
        let found = out_of_fold(path, args.data.as_deref(), &args.compute.device, console)?;
        tables.push(sorted_by_file(&found.scores)?);
        if let Some(first) = &first {
            refuse_other_folds(path, first, &found)?;
        }
        first.get_or_insert(found);
    }
    let files = tables[0].files();
    let truth = match (&args.truth, &first) {
        (Some(path), _) => truth_of_file(path, &tables[0])?,
        (None, Some(run)) => truth_of_run(run, &tables[0])?,
        (None, None) => {
            bail!("--select: needs the true labels; give a cross-validation run among the inputs, or --truth")
        }
    };
    let folds = match (&args.fold_table, &first) {
        (Some(path), _) => Some(folds_of(&FoldTable::read(path)?.folds, files, path)?),
        (None, Some(run)) => Some(folds_of(&run_folds(run), files, &args.tables[0])?),
        (None, None) => None,
    };
    Ok(Candidates { tables, truth, folds })
}

/// The fold of each clip of a run.
fn run_folds(run: &OutOfFold) -> BTreeMap<String, u32> {
    let files = run.scores.files().iter().cloned();
    files.zip(run.folds.iter().copied()).collect()
}

/// Refuses runs whose folds differ: each was trained on test clips of the other.
fn refuse_other_folds(path: &Path, first: &OutOfFold, other: &OutOfFold) -> anyhow::Result<()> {
    let (first, other) = (run_folds(first), run_folds(other));
    let differs = |(file, fold): &(&String, &u32)| first.get(*file).is_some_and(|f| f != *fold);
    if let Some((file, fold)) = other.iter().find(differs) {
        bail!(
            "{}: its folds differ from those of the other runs ({file} is in fold {fold} here); blend runs that were trained with the same folds",
            path.display()
        );
    }
    Ok(())
}

/// Truth from a file, in the order of a table's rows.
fn truth_of_file(path: &Path, table: &ScoreTable) -> anyhow::Result<Vec<bool>> {
    let truth = TruthTable::read(path)?;
    let aligned = Aligned::new(table, &truth, UnknownLabels::Refuse)?;
    let files = aligned.files().iter().map(String::as_str);
    let rows: HashMap<&str, &[bool]> = files.zip(aligned.rows().map(|(_, marks)| marks)).collect();
    let mut marks = Vec::new();
    for file in table.files() {
        let row = rows.get(file.as_str());
        let row = row.with_context(|| {
            format!(
                "{}: has no labels for {file}; add them to the table, or leave the clip out of the scores",
                path.display()
            )
        })?;
        marks.extend_from_slice(row);
    }
    Ok(marks)
}

/// Truth from a cross-validation run, in the order of a table's rows.
fn truth_of_run(run: &OutOfFold, table: &ScoreTable) -> anyhow::Result<Vec<bool>> {
    if table.classes() != run.scores.classes() {
        bail!(
            "--select: the classes of the first input differ from those of the cross-validation run; name the run first, or give --truth"
        );
    }
    let count = table.classes().len();
    let labels = run
        .items
        .iter()
        .map(|item| (item.file.as_str(), item.multi_hot(count)));
    let rows: HashMap<&str, Vec<f32>> = labels.collect();
    let mut marks = Vec::new();
    for file in table.files() {
        let row = rows.get(file.as_str()).with_context(|| {
            format!("{file}: is not a clip of the cross-validation run; give --truth and --fold-table")
        })?;
        marks.extend(row.iter().map(|v| *v > 0.0));
    }
    Ok(marks)
}

/// The fold of each file.
fn folds_of(folds: &BTreeMap<String, u32>, files: &[String], place: &Path) -> anyhow::Result<Vec<u32>> {
    let fold = |file: &String| {
        let fold = folds.get(file).copied();
        fold.with_context(|| {
            format!(
                "{}: has no fold for {file}; give a table of all clips with --fold-table",
                place.display()
            )
        })
    };
    files.iter().map(fold).collect()
}
