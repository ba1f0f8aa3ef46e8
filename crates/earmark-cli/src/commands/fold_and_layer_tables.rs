//! Tables that several commands print.

use crate::output::number_table;
use earmark::metrics::number;
use earmark::models::{LayerRow, LayerTable, short_count};
use earmark::report::{Align, FoldScoreRow, FoldScores, text_table};
use earmark::train::CrossValidationReport;

/// Metrics of the table of folds; the file has more.
const METRICS: [&str; 5] = ["lwlrap", "accuracy", "map@3", "mAP", "auc"];

/// A line per fold, then their mean and deviation, then all clips together.
pub fn fold_table(report: &CrossValidationReport) -> String {
    let pooled = serde_json::to_value(&report.pooled).unwrap_or_default();
    let values = |of: &dyn Fn(&str) -> Option<f64>| -> Vec<Option<f64>> {
        METRICS.iter().map(|metric| of(metric)).collect()
    };
    let folds = report.folds.iter().map(|f| FoldScoreRow {
        fold: f.fold,
        clips: f.clips as u64,
        step: f.step,
        values: values(&|metric| f.metrics.get(metric).copied().flatten()),
    });
    fold_score_table(&FoldScores {
        metrics: METRICS.map(str::to_owned).to_vec(),
        folds: folds.collect(),
        mean: values(&|metric| report.metrics.get(metric).map(|s| s.mean)),
        deviation: values(&|metric| report.metrics.get(metric)?.deviation),
        pooled: values(&|metric| pooled.get(metric)?.as_f64()),
    })
}

/// The same of the folds in a report.
pub fn fold_score_table(scores: &FoldScores) -> String {
    let names = scores.metrics.iter().map(String::as_str);
    let headers: Vec<&str> = ["fold", "clips", "step"].into_iter().chain(names).collect();
    let row = |head: [String; 3], values: &[Option<f64>]| -> Vec<String> {
        let values = values.iter().map(|value| number(*value));
        head.into_iter().chain(values).collect()
    };
    let folds = scores.folds.iter().map(|f| {
        let head = [f.fold.to_string(), f.clips.to_string(), f.step.to_string()];
        row(head, &f.values)
    });
    let clips: u64 = scores.folds.iter().map(|fold| fold.clips).sum();
    let all = [
        ("mean", &scores.mean),
        ("deviation", &scores.deviation),
        ("pooled", &scores.pooled),
    ];
    let all = all.map(|(name, values)| {
        let head = [name.to_owned(), clips.to_string(), String::new()];
        row(head, values)
    });
    number_table(&headers, folds.chain(all))
}

/// The layers of a network in the columns of the DCASE 2019 baseline's own table, with a line of totals.
pub fn network_table(summary: &LayerTable) -> String {
    let shape = |row: &LayerRow| match row.activation[..] {
        [n] => format!("({n},)"),
        _ => {
            let sizes: Vec<String> = row.activation.iter().map(usize::to_string).collect();
            format!("({})", sizes.join(", "))
        }
    };
    let layers = summary.rows.iter().enumerate().map(|(i, row)| {
        // The input is not a layer.
        let number = |n| if i == 0 { "-".to_owned() } else { short_count(n) };
        let [weights, multiplies] = [row.weights, row.multiplies].map(number);
        vec![row.name.clone(), shape(row), weights, multiplies]
    });
    let [weights, multiplies] = [summary.weights(), summary.multiplies()].map(short_count);
    let total = vec!["Total".into(), String::new(), weights, multiplies];
    let rows: Vec<Vec<String>> = layers.chain([total]).collect();
    let headers = ["Layer", "Activation shape", "# Weights", "# Multiplies"];
    let (left, right) = (Align::Left, Align::Right);
    let table = text_table(&headers, &rows, &[left, left, right, right]);
    format!("{}\n\n{}", summary.title, table.trim_end())
}
