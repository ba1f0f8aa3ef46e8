//! The results of the folds of a cross-validation run.

use super::frame::{Page, lead};
use super::run_types::{FoldScoreRow, FoldScores};
use super::table::{TableCell, table};
use earmark_core::human::{human_count, score};
use maud::{Markup, html};

/// Scores shown in the header.
const HEADLINES: usize = 4;

/// The pooled scores, each with its mean and deviation over the folds.
pub(super) fn headlines(page: &mut Page, folds: &FoldScores) {
    let value = |values: &[Option<f64>], metric: usize| values.get(metric).copied().flatten();
    for (metric, name) in folds.metrics.iter().enumerate().take(HEADLINES) {
        let spread = match (value(&folds.mean, metric), value(&folds.deviation, metric)) {
            (Some(mean), Some(deviation)) => format!("mean {} ± {}", score(mean), score(deviation)),
            (Some(mean), None) => format!("mean {}", score(mean)),
            _ => String::new(),
        };
        let pooled = value(&folds.pooled, metric).unwrap_or(f64::NAN);
        page.number(name, &score(pooled), &spread);
    }
}

/// A row per fold, then mean and deviation over them, then all clips together.
pub(super) fn fold_table(scores: &FoldScores) -> Markup {
    let names = scores.metrics.iter().map(String::as_str);
    let headers: Vec<&str> = ["fold", "clips", "step"].into_iter().chain(names).collect();
    let width = scores.metrics.len();
    let fold = |fold: &FoldScoreRow| {
        let (name, step) = (fold.fold.to_string(), TableCell::count(fold.step));
        row(&name, fold.clips, step, values_of(&fold.values, width))
    };
    let folds = scores.folds.iter();
    let clips: u64 = folds.clone().map(|fold| fold.clips).sum();
    let summaries = [
        ("mean", &scores.mean),
        ("deviation", &scores.deviation),
        ("pooled", &scores.pooled),
    ];
    let summary = |(name, values): (&str, &Vec<Option<f64>>)| {
        let no_step = TableCell::number("", f64::NAN);
        row(name, clips, no_step, values_of(values, width))
    };
    let rows: Vec<_> = folds.map(fold).chain(summaries.map(summary)).collect();
    let text = format!(
        "Each clip is scored by the model that was not trained on its fold. The pooled results are of all {} clips together; they \
         compare scores of different models with each other, which the mean over folds does not.",
        human_count(clips)
    );
    html! {
        @if !scores.folds.is_empty() { (lead(&text)) (table(&headers, &rows)) }
    }
}

fn row(name: &str, clips: u64, step: TableCell, values: impl Iterator<Item = TableCell>) -> Vec<TableCell> {
    let head = [TableCell::text(name), TableCell::count(clips), step];
    head.into_iter().chain(values).collect()
}

/// A cell for each of `width` values; those that are missing are dashes.
fn values_of(values: &[Option<f64>], width: usize) -> impl Iterator<Item = TableCell> {
    (0..width).map(move |metric| {
        let value = values.get(metric).copied().flatten().unwrap_or(f64::NAN);
        TableCell::number(score(value), value)
    })
}
