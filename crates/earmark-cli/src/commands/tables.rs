//! Tables that several commands print.

use crate::output::number_table;
use earmark::metrics::number;
use earmark::models::{LayerRow, LayerTable, short_count};
use earmark::report::{Align, text_table};
use earmark::train::CrossValidationReport;

/// Metrics of the table of folds; the file has more.
const METRICS: [&str; 5] = ["lwlrap", "accuracy", "map@3", "mAP", "auc"];

/// A line per fold, then their mean and deviation, then all clips together.
pub fn fold_table(report: &CrossValidationReport) -> String {
    let pooled = serde_json::to_value(&report.pooled).unwrap_or_default();
    let row = |head: [String; 3], value: &dyn Fn(&str) -> Option<f64>| {
        let numbers = METRICS.map(|metric| number(value(metric)));
        [&head[..], &numbers].concat()
    };
    let folds = report.folds.iter().map(|f| {
        let head = [f.fold.to_string(), f.clips.to_string(), f.step.to_string()];
        row(head, &|metric| f.metrics.get(metric).copied().flatten())
    });
    let all = |name: &str| [name.to_owned(), report.pooled.clips.to_string(), String::new()];
    let mean = row(all("mean"), &|metric| report.metrics.get(metric).map(|s| s.mean));
    let deviation = row(all("deviation"), &|metric| report.metrics.get(metric)?.deviation);
    let pooled = row(all("pooled"), &|metric| pooled.get(metric)?.as_f64());
    let headers = [&["fold", "clips", "step"][..], &METRICS].concat();
    number_table(&headers, folds.chain([mean, deviation, pooled]))
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
